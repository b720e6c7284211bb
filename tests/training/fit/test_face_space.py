"""The linear face space: what it holds, what it leaves out, and the features it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.fit.studio import WIDTH, studio

from fsynth.faces import INNER_LIPS_65, MIRROR_65
from fsynth_training.dataset.geometry import SIZE
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import face_space
from fsynth_training.fit.face_space import FaceSpace, Normalisation, Yardstick
from fsynth_training.fit.linear_config import SpaceConfig
from fsynth_training.fit.samples import unit

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry

CONFIG = SpaceConfig(smile_directions=1, base_gain=1.0)


@pytest.fixture(scope="module")
def dataset(geometry: Geometry) -> Dataset:
    return studio(geometry)


@pytest.fixture(scope="module")
def built(dataset: Dataset, geometry: Geometry) -> tuple[FaceSpace, Normalisation, Yardstick]:
    return face_space.build(dataset, face_space.target_planes(dataset), geometry, CONFIG)


# --- features


def normalisation(rng: np.random.Generator) -> Normalisation:
    left_out = np.linalg.qr(rng.normal(0, 1, (WIDTH, 3)))[0].T
    return Normalisation(rng.uniform(0, 0.3, WIDTH), 0.05, left_out)


def test_normalised_features_hold_nothing_of_what_is_left_out(rng: np.random.Generator) -> None:
    normalise = normalisation(rng)
    features = rng.gamma(1, 1, (5, WIDTH))

    found = normalise(features)

    np.testing.assert_allclose(found @ normalise.left_out.T, 0, atol=1e-5)
    expected = (features / np.linalg.norm(features, axis=1, keepdims=True) - normalise.mean) / 0.05
    # What was taken out is a combination of these directions, and nothing else.
    taken = expected - found
    np.testing.assert_allclose(taken, taken @ normalise.left_out.T @ normalise.left_out, atol=1e-4)
    assert found.dtype == np.float32


def test_normalised_features_do_not_depend_on_the_norm(rng: np.random.Generator) -> None:
    normalise, features = normalisation(rng), rng.gamma(1, 1, (5, WIDTH))

    np.testing.assert_allclose(normalise(features), normalise(17 * features), atol=1e-5)


# --- targets of views


def test_a_mirrored_view_has_the_mirrored_target(dataset: Dataset) -> None:
    views = face_space.labelled_views(dataset)

    assert views.features.shape == (7 * 3, WIDTH)
    np.testing.assert_array_equal(views.target.reshape(7, 3)[:, 0], np.arange(7))
    np.testing.assert_array_equal(views.target.reshape(7, 3)[:, 1], np.arange(7) + 7)
    np.testing.assert_array_equal(views.target.reshape(7, 3)[:, 2], np.arange(7) + 7 * (np.arange(7) % 2 == 0))


def test_held_out_people_are_not_looked_at(dataset: Dataset) -> None:
    held = replace(dataset, validation=np.arange(6) == 1)

    np.testing.assert_array_equal(np.unique(face_space.labelled_views(held).target % 7), [0, 1, 4, 5, 6])


# --- landmarks


def test_offsets_are_of_the_targets_and_then_of_their_mirror_images(dataset: Dataset) -> None:
    offsets = face_space.landmark_offsets(dataset).reshape(14, 65, 2)

    lips = list(INNER_LIPS_65)
    others = [index for index in range(65) if index not in lips]
    np.testing.assert_allclose(offsets[:7, others], (dataset.landmarks - dataset.mean_landmarks)[:, others], atol=1e-4)
    # The mean is symmetric: mirroring a face mirrors its offsets.
    np.testing.assert_allclose(offsets[7:], offsets[:7, MIRROR_65] * [-1, 1], atol=1e-4)


def test_inner_lips_move_as_one(dataset: Dataset) -> None:
    upper, lower = INNER_LIPS_65
    offsets = face_space.landmark_offsets(dataset).reshape(14, 65, 2)

    np.testing.assert_array_equal(offsets[:, upper], offsets[:, lower])
    expected = (dataset.landmarks - dataset.mean_landmarks)[:, [upper, lower]].mean(axis=1)
    np.testing.assert_allclose(offsets[:7, upper], expected, atol=1e-4)


# --- the space


def test_identity_may_change_luma_in_the_face_alone(geometry: Geometry) -> None:
    mask = face_space.face_mask(geometry)

    assert mask[geometry.face > 0.9].min() > 0.8
    assert mask[:10].max() < 1e-3
    assert 0 <= mask.min() <= mask.max() <= 1


def test_base_and_face_together_hold_the_whole_target(
    built: tuple[FaceSpace, Normalisation, Yardstick], dataset: Dataset
) -> None:
    space, _, yardstick = built
    wanted = face_space.target_planes(dataset)
    faces, pixels = len(space.face.directions), SIZE * SIZE

    # Seven targets and their mirror images span thirteen directions, and all are in the space.
    assert faces == len(space.base.directions) == len(space.shapes.directions) == 13
    detail = yardstick.coefficients[:, :faces] @ space.face.directions + space.face.mean
    shape = yardstick.coefficients[:, faces:] @ space.shapes.directions + space.shapes.mean
    rest = wanted.copy()
    rest[:, :pixels] -= detail
    painted = space.base.project(rest) @ space.base.directions + space.base.mean
    painted[:, :pixels] += detail
    np.testing.assert_allclose(painted, wanted, atol=3e-3)
    np.testing.assert_allclose(shape, face_space.landmark_offsets(dataset), atol=1e-2)


def test_face_detail_is_in_the_face_and_the_rest_keeps_the_skins_brightness(
    built: tuple[FaceSpace, Normalisation, Yardstick], geometry: Geometry
) -> None:
    space, _, _ = built

    detail = space.face.directions.reshape(-1, SIZE, SIZE)
    outside = face_space.face_mask(geometry) == 0
    assert np.abs(detail[:, outside]).max() < 1e-6 < 0.01 < np.abs(detail).max()
    luma = space.base.mean[: SIZE * SIZE].reshape(SIZE, SIZE)[geometry.skin > 0.5]
    # Where the mask is 1, the base has the mean brightness of the skin and no detail.
    assert luma.std() < 0.01


def test_features_come_out_with_mean_0_and_spread_1(
    built: tuple[FaceSpace, Normalisation, Yardstick], dataset: Dataset
) -> None:
    _, normalise, _ = built
    values = (unit(face_space.labelled_views(dataset).features) - normalise.mean) / normalise.spread

    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(values.std(), 1, atol=1e-4)


def test_the_yardstick_tells_the_people_it_learned_from_apart(
    built: tuple[FaceSpace, Normalisation, Yardstick], dataset: Dataset
) -> None:
    _, normalise, yardstick = built
    inputs = (unit(np.array(dataset.features[:7, 0])) - normalise.mean) / normalise.spread

    predicted = inputs @ yardstick.kernel + yardstick.bias

    # Features of a mirror image are those of the photo here, so the yardstick aims between both ways round.
    wanted = (yardstick.coefficients[:7] + yardstick.coefficients[7:]) / 2
    distance = np.linalg.norm(predicted[:, None] - wanted[None], axis=2)
    people = np.asarray(dataset.photo_identity[:7])
    np.testing.assert_array_equal(people[distance.argmin(axis=1)], people)


def test_the_gain_exaggerates_the_base(dataset: Dataset, geometry: Geometry) -> None:
    planes = face_space.target_planes(dataset)
    one, two = (
        face_space.build(dataset, planes, geometry, replace(CONFIG, base_gain=gain))[0].base_kernel for gain in (1, 2)
    )

    np.testing.assert_allclose(two, 2 * one)
