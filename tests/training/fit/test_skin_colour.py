"""The skin's own regression: it is followed, in the share asked for, and nothing else of the face moves with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.fit.studio import studio

from fsynth_training.fit import face_space
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.linear_config import SkinConfig, SpaceConfig
from fsynth_training.fit.skin_colour import degradation, skin_of, skin_patterns, tone_weights, with_skin

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


def test_patterns_move_the_skin_by_one_and_leave_the_outline(geometry: Geometry) -> None:
    planes = face_space.target_planes(studio(geometry))
    patterns = skin_patterns(planes, skin_of(planes, geometry), geometry)

    np.testing.assert_allclose(skin_of(patterns, geometry), np.eye(3), atol=1e-4)
    assert not patterns[:, 224 * 224 + 2 * 56 * 56 :].any()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_skin_goes_its_share_of_the_way_to_the_regression(geometry: Geometry, share: float) -> None:
    dataset = studio(geometry)
    planes = face_space.target_planes(dataset)
    space, normalise, _ = face_space.build(dataset, planes, geometry, SpaceConfig(smile_directions=0))

    def skin(config: SkinConfig) -> np.ndarray:
        changed = with_skin(space, dataset, planes, normalise, geometry, config)
        inputs = normalise(np.array(dataset.features[:, 0]))
        painted = (inputs @ changed.base_kernel + changed.base_bias) @ changed.base.directions + changed.base.mean
        return skin_of(painted + np.pad(space.face.mean, (0, planes.shape[1] - space.face.mean.size)), geometry)

    none, part, whole = (skin(SkinConfig(set="studio", share=s, ridge=1e-4)) for s in (0.0, share, 1.0))

    np.testing.assert_allclose(part, none + share * (whole - none), atol=1e-5)
    # Features of a photo and of its mirror image are alike here: the regression gives the mean of both ways round.
    colours = skin_of(planes, geometry)
    wanted = (colours[:7] + colours[7:]) / 2
    studio_rows = np.array([0, 1, 2, 3, 4, 5])
    assert np.abs(whole[studio_rows] - wanted[studio_rows]).max() < 0.02 < np.abs(none - none.mean(axis=0)).max()


def test_a_gain_spreads_the_skin_around_the_mean_of_the_set(geometry: Geometry) -> None:
    dataset = studio(geometry)
    planes = face_space.target_planes(dataset)
    space, normalise, _ = face_space.build(dataset, planes, geometry, SpaceConfig(smile_directions=0))

    def skin(gain: float) -> np.ndarray:
        config = SkinConfig(set="studio", share=1.0, ridge=1e-4, gain=gain)
        changed = with_skin(space, dataset, planes, normalise, geometry, config)
        inputs = normalise(np.array(dataset.features[:6]).reshape(18, -1))  # all views of the studio's photos
        painted = (inputs @ changed.base_kernel + changed.base_bias) @ changed.base.directions + changed.base.mean
        return skin_of(painted + np.pad(space.face.mean, (0, planes.shape[1] - space.face.mean.size)), geometry)

    plain, spread = skin(1.0), skin(1.3)

    np.testing.assert_allclose(spread.mean(axis=0), plain.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(spread - spread.mean(axis=0), 1.3 * (plain - plain.mean(axis=0)), atol=1e-4)
    assert np.ptp(plain[:, 0]) > 0.01


def test_an_invariant_skin_stays_when_the_photo_is_degraded(geometry: Geometry) -> None:
    dataset = studio(geometry)
    planes = face_space.target_planes(dataset)
    space, normalise, _ = face_space.build(dataset, planes, geometry, SpaceConfig(smile_directions=0))

    def moves(invariance: float) -> float:
        config = SkinConfig(set="studio", share=1.0, ridge=1e-3, invariance=invariance)
        changed = with_skin(space, dataset, planes, normalise, geometry, config)
        plain, degraded = (
            skin_of((normalise(np.array(dataset.features[:, view])) @ changed.base_kernel) @ changed.base.directions,
                    geometry)
            for view in (0, 2)
        )  # fmt: skip
        return float(np.abs(degraded - plain).mean())

    assert moves(100.0) < 0.3 * moves(0.0)


def test_degradation_is_what_degrading_changes(geometry: Geometry) -> None:
    dataset = studio(geometry)
    unchanged = np.array(dataset.features)
    unchanged[:, 2] = np.where(dataset.view_mirrored[:, 2, None], unchanged[:, 1], unchanged[:, 0])
    _, normalise, _ = face_space.build(
        dataset, face_space.target_planes(dataset), geometry, SpaceConfig(smile_directions=0)
    )

    assert not degradation(replace(dataset, features=unchanged), normalise).any()
    change = normalise(np.array(dataset.features[:, 2])) - normalise(unchanged[:, 2])
    np.testing.assert_allclose(degradation(dataset, normalise), change.T @ change / 9, atol=1e-4)


def test_groups_of_skin_tones_count_alike_when_balanced() -> None:
    dark, light = (0.25, 0.03, -0.03), (0.75, 0.03, -0.03)
    colours = np.array([light] * 9 + [dark])

    np.testing.assert_allclose(tone_weights(colours, 0.0), 1)
    balanced = tone_weights(colours, 1.0)
    np.testing.assert_allclose(balanced[:9].sum(), balanced[9])
    np.testing.assert_allclose(balanced.mean(), 1)


def test_a_set_that_is_not_there_is_named(geometry: Geometry) -> None:
    dataset = studio(geometry)
    planes = face_space.target_planes(dataset)
    space, normalise, _ = face_space.build(dataset, planes, geometry, SpaceConfig(smile_directions=0))

    with pytest.raises(FitError, match=r"skin\.set = 'palace', and no photo of that set has a target"):
        with_skin(space, dataset, planes, normalise, geometry, SkinConfig(set="palace"))
