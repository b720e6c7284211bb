from __future__ import annotations

import numpy as np
import pytest

from fsynth_morphable.raster import Raster, rasterize, visible_vertices


def random_triangles(seed: int, count: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-5, 45, (count, 1, 2))
    points = (middles + rng.normal(0, 9, (count, 3, 2))).reshape(-1, 2).astype(np.float32)
    depth = rng.uniform(1, 3, 3 * count).astype(np.float32)
    return points, depth, np.arange(3 * count).reshape(-1, 3)


def brute_force(
    points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel the depths at which all triangles cover it, inf where they don't, in float64: (H, W, T); and
    whether the pixel is too near to an edge to tell, (H, W)."""
    y, x = np.mgrid[: size[1], : size[0]]
    corners = np.concatenate([points.astype(np.float64)[triangles], np.ones((len(triangles), 3, 1))], axis=2)
    pixels = np.stack([x, y, np.ones_like(x)], axis=-1).astype(np.float64)
    weights = np.einsum("tji,hwj->hwti", np.linalg.inv(corners), pixels)
    inverse = (weights / depth.astype(np.float64)[triangles]).sum(axis=-1)
    nearest_edge = weights.min(axis=-1)
    covers = nearest_edge > 0
    return np.where(covers, 1 / np.where(covers, inverse, 1), np.inf), (np.abs(nearest_edge) < 2e-3).any(axis=-1)


@pytest.mark.parametrize("seed", range(4))
def test_each_pixel_shows_the_nearest_triangle(seed: int) -> None:
    points, depth, triangles = random_triangles(seed)
    size = (40, 30)
    raster = rasterize(points, depth, triangles, size)
    expected, on_edge = brute_force(points, depth, triangles, size)
    nearest, second = np.sort(expected, axis=-1)[..., :2].transpose(2, 0, 1)
    clear = ~on_edge & ((nearest + 1e-3 < second) | np.isinf(nearest))
    assert clear.sum() > 600
    row = np.where(np.isfinite(nearest), expected.argmin(axis=-1), -1)
    np.testing.assert_array_equal(raster.image(raster.triangle, -1)[clear], row[clear])
    np.testing.assert_allclose(raster.image(raster.depth, np.inf)[clear], nearest[clear], rtol=1e-3)
    assert (np.diff(raster.pixel) > 0).all()


def test_weights_are_those_of_the_surface_point() -> None:
    # A triangle that runs away from the camera: x = X / Z, so the middle of the picture is not the middle of the edge.
    corners = np.array([[-1, -1, 1], [9, -1, 3], [-1, 9, 3]], np.float64)
    points = corners[:, :2] / corners[:, 2:] * 20
    raster = rasterize(points, corners[:, 2], np.array([[0, 1, 2]]), (60, 60))
    places = raster.interpolate(corners, np.array([[0, 1, 2]]))
    np.testing.assert_allclose(places[:, 2], raster.depth, rtol=1e-5)
    x, y = raster.pixel % 60, raster.pixel // 60
    np.testing.assert_allclose(places[:, :2] / places[:, 2:] * 20, np.stack([x, y], axis=1), atol=1e-3)
    np.testing.assert_allclose(raster.weights.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("shift", [0, 0.01, 0.37])
def test_neighbours_leave_no_crack(shift: float) -> None:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:20, 0:20] * 2.5 + shift
    points = np.stack([x, y], axis=-1)
    points[1:-1, 1:-1] += rng.uniform(-0.9, 0.9, (18, 18, 2))
    cell = np.arange(400).reshape(20, 20)
    a, b, c, d = (part.ravel() for part in (cell[:-1, :-1], cell[:-1, 1:], cell[1:, 1:], cell[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    raster = rasterize(points.reshape(-1, 2), np.ones(400), triangles, (60, 60))
    covered = raster.image(np.ones(len(raster.pixel), bool), 0)
    first, last = int(np.ceil(shift)), int(np.floor(19 * 2.5 + shift))
    assert covered[first : last + 1, first : last + 1].all()
    assert covered.sum() == (last - first + 1) ** 2


def test_leaves_out_backs_and_what_is_behind_the_camera() -> None:
    points = np.array([[0, 0], [0, 9], [9, 0], [9, 9]], np.float32)
    facing, away = [0, 1, 2], [3, 1, 2]  # y down: counter-clockwise to the eye, and clockwise
    depth = np.ones(4)
    both = rasterize(points, depth, np.array([facing, away]), (10, 10))
    assert set(both.triangle) == {0, 1}
    assert set(rasterize(points, depth, np.array([facing, away]), (10, 10), cull=True).triangle) == {0}
    depth[3] = -1
    assert set(rasterize(points, depth, np.array([facing, away]), (10, 10)).triangle) == {0}


def test_nothing_to_see() -> None:
    points = np.array([[50, 50], [60, 50], [50, 60], [4, 4]], np.float32)
    for triangles in (np.array([[0, 1, 2]]), np.array([[3, 3, 3]]), np.empty((0, 3), int)):
        raster = rasterize(points, np.ones(4), triangles, (10, 10))
        assert len(raster.pixel) == 0
        assert raster.image(raster.depth, 7).min() == 7


def test_slivers_do_not_come_to_the_front() -> None:
    # Almost edge-on: its plane of depths is as steep as planes get.
    points = np.array([[0, 5], [9, 5.0005], [9, 5.001], [0, 0], [0, 9], [9, 0], [9, 9]], np.float32)
    depth = np.array([3, 3.0, 2.5, 1, 1, 1, 1], np.float32)
    raster = rasterize(points, depth, np.array([[0, 1, 2], [3, 4, 5], [5, 4, 6]]), (10, 10))
    assert 0 not in raster.triangle
    assert np.isfinite(raster.weights).all()


def test_vertices_are_visible_unless_a_surface_hides_them() -> None:
    # A wall in front of the left half of a larger one.
    points = np.array([[5, 5], [5, 35], [20, 5], [20, 35], [0, 0], [0, 39], [39, 0], [39, 39], [12, 20], [30, 20]])
    depth = np.array([1, 1, 1, 1, 2, 2, 2, 2, 2, 2.0])
    triangles = np.array([[0, 1, 2], [2, 1, 3], [4, 5, 6], [6, 5, 7]])
    raster = rasterize(points, depth, triangles, (40, 40))
    visible = visible_vertices(points, depth, raster, 0.01)
    np.testing.assert_array_equal(visible, [True] * 8 + [False, True])
    outside = visible_vertices(np.array([[-1.0, 5], [5, 41]]), np.array([1.0, 1]), raster, 0.01)
    assert not outside.any()


def test_image_spreads_values() -> None:
    raster = Raster((3, 2), np.array([1, 5]), np.zeros(2, np.int32), np.ones((2, 3)) / 3, np.ones(2))
    np.testing.assert_array_equal(raster.image(np.array([4, 9]), -1), [[-1, 4, -1], [-1, -1, 9]])
    assert raster.image(np.ones((2, 3))).shape == (2, 3, 3)
