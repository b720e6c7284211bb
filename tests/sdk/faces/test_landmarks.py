from __future__ import annotations

import numpy as np

from fsynth.faces import INNER_LIPS_65, LANDMARKS_65, MIRROR_65, Face, eye_centres, five_points


def test_65_different_points_of_the_mesh() -> None:
    assert LANDMARKS_65.shape == (65,)
    assert len(set(LANDMARKS_65)) == 65
    assert LANDMARKS_65.min() >= 0
    assert LANDMARKS_65.max() < 468


def test_mirror_is_an_involution_that_fixes_the_midline() -> None:
    assert np.array_equal(MIRROR_65[MIRROR_65], np.arange(65))
    assert np.array_equal(np.flatnonzero(MIRROR_65 == np.arange(65)), np.arange(54, 65))


def test_mirror_on_a_face(face: Face) -> None:
    """In the frame of the eyes, each landmark and its mirror image lie on opposite sides at about one height."""
    right, left = eye_centres(face.mesh)
    across = (left - right) / np.linalg.norm(left - right)
    down = np.array([-across[1], across[0]])
    points = (face.mesh[LANDMARKS_65, :2] - (right + left) / 2) / np.linalg.norm(left - right)
    x, y = points @ across, points @ down
    assert (x[:27] < x[27:54]).all()
    assert np.abs(y - y[MIRROR_65]).max() < 0.2
    upper, lower = INNER_LIPS_65
    assert y[upper] <= y[lower]
    assert 0.7 < y[upper] < 1.4


def test_eyes_and_five_points(face: Face) -> None:
    right, left = eye_centres(face.mesh)
    five = five_points(face.mesh)
    assert five.shape == (5, 2)
    np.testing.assert_array_equal(five[:2], [right, left])
    assert right[0] < five[2, 0] < left[0]
    assert five[2, 1] < five[3, 1]
    assert five[3, 0] < five[4, 0]
