from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from scipy import ndimage
from tests.training.small_sets import lab_colours

from fsynth_training.dataset.geometry import to_texture
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.evaluate.accuracy import ITA_GROUPS, accuracy, by_skin_tone, sharpness, typology_angle
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.synthesize import Synthesized

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


@pytest.fixture
def neutral(astronaut_set: PreparedSet) -> EvaluationPhotos:
    return EvaluationPhotos(
        astronaut_set.aligned,
        astronaut_set.mesh,
        {"faceres": astronaut_set.features[:, 0]},
        astronaut_set.identity,
        np.array(["neutral"]),
        astronaut_set.path,
    )


@pytest.fixture
def perfect(neutral: EvaluationPhotos, geometry: Geometry) -> Synthesized:
    """The photograph itself as its own normalized face."""
    texture = to_texture(neutral.aligned[0] / np.float32(255), neutral.landmarks[0], geometry)
    return Synthesized(neutral.aligned, neutral.landmarks, texture[None], geometry.landmarks)


def test_a_photograph_is_its_own_perfect_face(
    neutral: EvaluationPhotos, perfect: Synthesized, geometry: Geometry
) -> None:
    found = accuracy(perfect, neutral, geometry)

    np.testing.assert_allclose([found.landmark_error, found.texture_error, found.skin], 0, atol=1e-6)
    assert found.sharpness == found.photo_sharpness > 0
    assert sum(group.people for group in found.skin_groups.values()) == 1


def test_errors_are_in_their_units(neutral: EvaluationPhotos, perfect: Synthesized, geometry: Geometry) -> None:
    moved = perfect.landmarks + np.float32([3.3, 4.4])  # 5.5 px, a tenth of the distance of the eyes
    darker = perfect.textures - np.float32(0.05)

    found = accuracy(replace(perfect, landmarks=moved, textures=darker), neutral, geometry)

    np.testing.assert_allclose(found.landmark_error, 10, rtol=1e-5)
    np.testing.assert_allclose(found.texture_error, 0.05, rtol=1e-4)
    assert 1 < found.skin < 10


def test_the_skin_alone_counts_for_its_colour(geometry: Geometry, neutral: EvaluationPhotos) -> None:
    photos = lab_colours(np.array([[60.0, 12.0, 16.0]]))
    face = Synthesized(
        neutral.aligned, neutral.landmarks, lab_colours(np.array([[60.0, 12.0, 20.0]])), geometry.landmarks
    )
    even = replace(neutral, aligned=(photos * 255 + 0.5).astype(np.uint8))

    found = accuracy(face, even, geometry)

    from skimage.color import deltaE_ciede2000

    np.testing.assert_allclose(found.skin, deltaE_ciede2000([60, 12, 16], [60, 12, 20]), atol=0.3)  # 8 bits


def test_sharpness_is_the_variance_of_scipys_laplacian_in_the_mask(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (3, 32, 40, 3), dtype=np.uint8)
    mask = np.zeros((32, 40), bool)
    mask[:20, 5:] = True  # up to the border, where no Laplacian is defined

    luma = images @ [0.299, 0.587, 0.114]
    inner = mask[1:-1, 1:-1]
    expected = np.mean([ndimage.laplace(picture)[1:-1, 1:-1][inner].var() for picture in luma])

    np.testing.assert_allclose(sharpness(images, mask), expected)


def test_blur_lowers_sharpness(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (2, 32, 32, 3)).astype(np.float64)
    blurred = ndimage.gaussian_filter(images, (0, 1, 1, 0))
    everywhere = np.ones((32, 32), bool)

    assert sharpness(blurred, everywhere) < 0.1 * sharpness(images, everywhere)


def test_typology_angles_are_those_of_the_formula() -> None:
    # arctan((L* - 50) / b*), Chardon 1991: 45 degrees, 0, minus 45, and 55 for very light skin.
    lab = np.array([[70, 10, 20], [50, 10, 15], [30, 10, 20], [50 + 10 * np.tan(np.radians(55)), 5, 10]])

    np.testing.assert_allclose(typology_angle(lab), [45, 0, -45, 55])


def test_skin_tone_groups_leave_no_angle_out() -> None:
    limits = [lower for _, lower in ITA_GROUPS]

    assert limits == sorted(limits, reverse=True)
    assert limits[-1] == -90


def test_errors_are_averaged_by_skin_tone() -> None:
    groups = by_skin_tone(np.array([1.0, 3.0, 5.0]), np.array([60.0, 41.0, -80.0]))

    assert (groups["light"].people, groups["light"].difference) == (2, 2.0)
    assert (groups["brown or dark"].people, groups["brown or dark"].difference) == (1, 5.0)
    assert groups["tan"].people == 0
    assert np.isnan(groups["tan"].difference)
