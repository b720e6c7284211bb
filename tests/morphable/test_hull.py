from __future__ import annotations

import numpy as np

from fsynth_morphable.hull import convex_hull, distance_outside, hull_mask

SQUARE = np.array([[2.0, 2], [8, 2], [8, 8], [2, 8]])


def test_hull_has_the_corners_and_nothing_inside() -> None:
    inner = np.random.default_rng(0).uniform(2.1, 7.9, (50, 2))
    hull = convex_hull(np.concatenate([inner, SQUARE, [[5, 2], [8, 5]], SQUARE]))
    assert {tuple(corner) for corner in hull} == {tuple(corner) for corner in SQUARE}


def test_distance_is_to_the_nearest_edge_or_corner() -> None:
    points = np.array([[5, 5], [2, 2], [5, 2], [5, 0], [10, 5], [11, 12], [-1, -2]])
    np.testing.assert_allclose(distance_outside(points, convex_hull(SQUARE)), [0, 0, 0, 2, 2, 5, 5], atol=1e-5)


def test_mask_is_one_inside_and_falls_to_zero() -> None:
    points = np.stack([np.linspace(5, 14, 91), np.full(91, 5)], axis=1)
    mask = hull_mask(points, SQUARE, 4.0)
    distance = np.maximum(points[:, 0] - 8, 0)
    assert (mask[distance == 0] == 1).all()
    assert (mask[distance >= 4.001] == 0).all()
    assert (np.diff(mask) <= 1e-6).all()
    assert mask[np.abs(distance - 2).argmin()] == np.float32(0.5)
