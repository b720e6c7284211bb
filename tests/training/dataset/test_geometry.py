"""The mean face, its masks, and textures in its geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("skimage", reason="needs scikit-image (extra dev) as the oracle")

from scipy import ndimage
from scipy.linalg import orthogonal_procrustes
from tests.training.small_sets import prepared_set, waves

from fsynth.faces import LANDMARKS_65, MIRROR_65
from fsynth_training.dataset.geometry import MIRROR_468, SIZE, bust, mean_geometry, symmetric, to_texture
from fsynth_training.dataset.prepare import PreparedSet

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


def test_mean_landmarks_are_symmetric(geometry: Geometry) -> None:
    mirrored = geometry.landmarks[MIRROR_65]

    np.testing.assert_allclose(geometry.landmarks[:, 0], SIZE - 1 - mirrored[:, 0], atol=1e-9)
    np.testing.assert_allclose(geometry.landmarks[:, 1], mirrored[:, 1], atol=1e-9)
    np.testing.assert_array_equal(geometry.landmarks, geometry.mesh[LANDMARKS_65])


def test_mean_is_over_londons_neutral_photos_alone(astronaut_set: PreparedSet, geometry: Geometry) -> None:
    mesh = np.repeat(astronaut_set.mesh, 4, axis=0)
    mesh[0] += [1, 2, 0]
    mesh[1] -= [1, 2, 0]
    mesh[2:] += 20  # a smile and somebody else
    people = [("london", "a", False), ("london", "b", False), ("london", "a", True), ("canada", "c", False)]

    found = mean_geometry(prepared_set(people, mesh, np.ones((4, 2, 3)), np.ones((4, 0, 3))))

    np.testing.assert_allclose(found.mesh, geometry.mesh, atol=1e-4)


def test_masks_cover_the_face_and_leave_features_out(geometry: Geometry) -> None:
    def at(mask: np.ndarray, index: int) -> float:
        x, y = geometry.mesh[index].round().astype(int)
        return float(mask[y, x])

    cheeks_and_forehead, eyes_brows_lips = (50, 280, 151, 205, 425), (159, 386, 105, 334, 0, 17, 13)
    assert all(at(geometry.skin, index) > 0.99 for index in cheeks_and_forehead)
    assert all(at(geometry.skin, index) == 0 for index in eyes_brows_lips)
    assert all(at(geometry.face, index) > 0.9 for index in cheeks_and_forehead + eyes_brows_lips)
    for mask in (geometry.face, geometry.skin):
        assert mask.shape == (SIZE, SIZE)
        assert mask[0].max() == mask[-1].max() < 0.01
        assert np.abs(mask - mask[:, ::-1]).mean() < 0.01


def test_bust_keeps_head_and_neck_and_drops_shoulders(geometry: Geometry) -> None:
    stays = bust(geometry)
    chin = int(geometry.mesh[152, 1])

    np.testing.assert_array_equal(stays[: chin - 45, 8:-8], 1)
    np.testing.assert_array_equal(stays[:, SIZE // 2], 1)
    np.testing.assert_array_equal(stays[chin + 10 :, :20], 0)
    np.testing.assert_allclose(stays, stays[:, ::-1], atol=1e-6)
    assert (np.diff(stays.sum(axis=1)) <= 1e-3).all()


def test_a_texture_shows_at_the_mean_landmarks_what_was_at_the_photos(
    geometry: Geometry, rng: np.random.Generator
) -> None:
    image = (0.5 + 0.15 * waves(1, SIZE, rng)[0]).astype(np.float32)
    landmarks = geometry.landmarks + rng.normal(0, 1.5, (65, 2))

    texture = to_texture(image, landmarks, geometry)

    there, here, unmoved = (
        np.stack([ndimage.map_coordinates(picture[..., c], points.T[::-1], order=1) for c in range(3)], axis=1)
        for picture, points in ((image, landmarks), (texture, geometry.landmarks), (image, geometry.landmarks))
    )
    # Two bilinear samplings of a smooth image.
    np.testing.assert_allclose(here, there, atol=0.01)
    assert np.abs(here - there).mean() < 0.1 * np.abs(unmoved - there).mean()


def test_the_mirror_of_the_mesh_is_an_involution_that_agrees_with_the_landmarks() -> None:
    np.testing.assert_array_equal(MIRROR_468[MIRROR_468], np.arange(468))
    np.testing.assert_array_equal(MIRROR_468[LANDMARKS_65], LANDMARKS_65[MIRROR_65])


def test_mirrored_points_lie_opposite_on_a_face(astronaut_set: PreparedSet) -> None:
    mesh = astronaut_set.mesh[0].astype(np.float64)
    centred = mesh - mesh.mean(axis=0)
    mirrored = centred * [-1, 1, 1]
    rotation, scale = orthogonal_procrustes(mirrored[MIRROR_468], centred)
    apart = np.linalg.norm(mirrored[MIRROR_468] @ rotation - centred, axis=1)
    # No face is quite symmetric; a wrong partner is farther than its neighbours, about 5 px.
    assert scale > 0
    assert apart.max() < 5
    assert np.median(apart) < 2


def test_every_point_of_a_symmetric_mesh_is_exactly_symmetric(rng: np.random.Generator) -> None:
    mesh = symmetric(rng.uniform(20, 200, (468, 2)))

    np.testing.assert_allclose(mesh[MIRROR_468, 0], 223 - mesh[:, 0], atol=1e-12)
    np.testing.assert_array_equal(mesh[MIRROR_468, 1], mesh[:, 1])
