from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.evaluate.faces import face_mesh, turned

from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.evaluate.leaks import correlation, leaks, slope
from fsynth_training.evaluate.meshes import PARTED, meshes_of, mouth

WIDTHS = np.linspace(30, 50, 18)


def mouths(widths: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    return np.stack([face_mesh(width, gap) for width, gap in zip(widths, gaps, strict=True)])


def test_mouths_are_measured_by_the_distance_of_the_eyes() -> None:
    meshes = np.stack([face_mesh(40, 5), 3 * face_mesh(40, 5) + 20])

    np.testing.assert_allclose(mouth(meshes), [[0.8, 0.1]] * 2)


def test_meshes_of_normalized_faces_lie_on_the_face(astronaut_set: PreparedSet) -> None:
    meshes = meshes_of(astronaut_set.aligned)

    assert meshes.shape == (1, 468, 3)
    # Found again in the aligned face, to within 3 % of the distance of the eyes.
    apart = np.linalg.norm(meshes[0, :, :2] - astronaut_set.mesh[0, :, :2], axis=1)
    assert apart.mean() < 0.03 * 55


def test_parted_lips_and_wide_mouths_are_counted() -> None:
    gaps = np.where(np.arange(18) < 6, 50 * PARTED + 0.1, 50 * PARTED - 0.1)
    photos = mouths(WIDTHS, 0 * WIDTHS)

    same = leaks(photos, mouths(WIDTHS, gaps))
    opposite = leaks(photos, mouths(80 - WIDTHS, 0 * gaps))

    np.testing.assert_allclose(same.lips_parted, 1 / 3)
    np.testing.assert_allclose(same.mouth_leak, 1)
    assert opposite.lips_parted == 0
    np.testing.assert_allclose(opposite.mouth_leak, -1)


def test_heads_that_turn_along_leak_yaw(astronaut_set: PreparedSet) -> None:
    mesh, yaw = astronaut_set.mesh[0].astype(np.float64), np.linspace(-30, 30, 7)
    photos = np.stack([turned(mesh, degrees) for degrees in yaw])

    along = leaks(photos, np.stack([turned(mesh, degrees / 3) for degrees in yaw]))
    against = leaks(photos, np.stack([turned(mesh, -degrees) for degrees in yaw]))
    not_at_all = leaks(photos, np.repeat(mesh[None], 7, axis=0))

    np.testing.assert_allclose([along.yaw_leak, along.yaw_slope], [1, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose([against.yaw_leak, against.yaw_slope], [-1, -1], rtol=1e-6)
    assert (not_at_all.yaw_leak, not_at_all.yaw_slope) == (0, pytest.approx(0, abs=1e-12))


def test_correlation_is_numpys_and_0_without_variation(rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(2, 20))

    np.testing.assert_allclose(correlation(first, second), np.corrcoef(first, second)[0, 1])
    assert correlation(first, np.ones(20)) == 0
    assert slope(np.ones(20), first) == 0
