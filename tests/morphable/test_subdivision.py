from __future__ import annotations

import numpy as np
import pytest

from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.subdivision import Subdivision

CUBE = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], np.float64)
CUBE_QUADS = np.array([[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]])
TETRAHEDRON = np.array([[0, 2, 1, -1], [0, 1, 3, -1], [1, 2, 3, -1], [2, 0, 3, -1]])


def grid(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A flat sheet of width x height unit quads: vertices (n, 3), polygons (F, 4)."""
    y, x = np.mgrid[: height + 1, : width + 1]
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1).astype(np.float64)
    first = (np.arange(height)[:, None] * (width + 1) + np.arange(width)).ravel()
    return vertices, np.stack([first, first + 1, first + width + 2, first + width + 1], axis=1)


def edge_counts(polygons: np.ndarray) -> np.ndarray:
    sides = np.concatenate([polygons[:, [i, (i + 1) % 4]] for i in range(4)])
    return np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)[1]


def test_cube_as_computed_by_hand() -> None:
    subdivision = Subdivision.catmull_clark(CUBE_QUADS, 8)
    fine = subdivision.apply(CUBE)
    assert fine.shape == (8 + 12 + 6, 3)
    np.testing.assert_allclose(fine[:8], CUBE * 5 / 9, atol=1e-6)  # (1/3 + 2 * 2/3) / 3
    edges = {tuple(np.round(point, 6)) for point in fine[8:20]}
    # (1, 1, z) and (1, 1, -z) and the middles (1, 0, 0), (0, 1, 0) of both faces, a quarter of each
    assert edges == {
        tuple(np.roll([0.0, a, b], axis)) for a in (-0.75, 0.75) for b in (-0.75, 0.75) for axis in range(3)
    }
    np.testing.assert_allclose(fine[20:], [CUBE[quad].mean(axis=0) for quad in CUBE_QUADS], atol=1e-6)


def test_quads_keep_winding_and_parent() -> None:
    subdivision = Subdivision.catmull_clark(CUBE_QUADS, 8, 2)
    fine = subdivision.apply(CUBE)
    assert subdivision.polygons.shape == (6 * 16, 4)
    assert np.bincount(subdivision.parents).tolist() == [16] * 6
    a, b, c, d = fine[subdivision.polygons].transpose(1, 0, 2)
    normals = np.cross(c - a, d - b)
    outward = CUBE[CUBE_QUADS].mean(axis=1)[subdivision.parents]
    assert np.all(np.einsum("fi,fi->f", normals, outward) > 0)
    assert np.all(edge_counts(subdivision.polygons) == 2)


def test_triangles() -> None:
    subdivision = Subdivision.catmull_clark(TETRAHEDRON, 4)
    points = np.random.default_rng(0).normal(size=(4, 3))
    fine = subdivision.apply(points)
    assert fine.shape == (4 + 6 + 4, 3)
    assert np.all(edge_counts(subdivision.polygons) == 2)
    middles = np.array([points[face[:3]].mean(axis=0) for face in TETRAHEDRON])
    np.testing.assert_allclose(fine[10:], middles, atol=1e-6)
    # Vertex 0: its faces' middles, its neighbours, and itself once: (k - 2 = 1), over k = 3.
    expected = (middles[[0, 1, 3]].mean(axis=0) + points[1:].mean(axis=0) + points[0]) / 3
    np.testing.assert_allclose(fine[0], expected, atol=1e-6)


def test_is_linear_and_keeps_constants() -> None:
    subdivision = Subdivision.catmull_clark(CUBE_QUADS, 8, 2)
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 8, 5))
    np.testing.assert_allclose(
        subdivision.apply(2 * a - 3 * b), 2 * subdivision.apply(a) - 3 * subdivision.apply(b), atol=1e-6
    )
    np.testing.assert_allclose(subdivision.apply(np.full((8, 1), 7.0)), 7, atol=1e-5)


def test_keeps_a_flat_sheet_and_straight_borders() -> None:
    vertices, quads = grid(4, 3)
    fine = Subdivision.catmull_clark(quads, len(vertices)).apply(vertices)
    assert np.all(fine[:, 2] == 0)
    inner = np.flatnonzero(np.all((vertices[:, :2] > 0) & (vertices[:, :2] < [4, 3]), axis=1))
    np.testing.assert_allclose(fine[inner], vertices[inner], atol=1e-6)
    middle_of_a_side = np.flatnonzero((vertices[:, 0] == 2) & (vertices[:, 1] == 0))
    np.testing.assert_allclose(fine[middle_of_a_side], vertices[middle_of_a_side], atol=1e-6)
    # A corner of the sheet is on a smooth border curve: 3/4 itself, 1/8 of each neighbour.
    np.testing.assert_allclose(fine[0], [1 / 8, 1 / 8, 0], atol=1e-6)


def test_straight_borders_of_uv_islands_stay() -> None:
    vertices, quads = grid(3, 2)
    rng = np.random.default_rng(2)
    uvs = vertices[:, :2] + rng.uniform(-0.2, 0.2, (len(vertices), 2))
    border = np.any((vertices[:, :2] == 0) | (vertices[:, :2] == [3, 2]), axis=1)
    subdivision = Subdivision.catmull_clark(quads, len(uvs), smooth_border=False)
    fine = subdivision.apply(uvs)
    np.testing.assert_allclose(fine[: len(uvs)][border], uvs[border], atol=1e-6)
    assert not np.allclose(fine[: len(uvs)][~border], uvs[~border])
    midpoints = {tuple(np.round((uvs[a] + uvs[b]) / 2, 5)) for a, b in ((0, 1), (1, 2), (2, 3), (0, 4), (4, 8))}
    assert midpoints <= {tuple(np.round(point, 5)) for point in fine}


def test_uvs_and_positions_subdivide_into_the_same_quads() -> None:
    vertices, quads = grid(2, 1)
    apart = np.array([[0, 1, 2, 3], [4, 5, 6, 7]])  # a seam between the two quads
    fine = Subdivision.catmull_clark(quads, len(vertices))
    fine_uv = Subdivision.catmull_clark(apart, 8, smooth_border=False)
    np.testing.assert_array_equal(fine.parents, fine_uv.parents)
    corners = quads[fine.parents], apart[fine_uv.parents]
    np.testing.assert_array_equal(
        [list(q).index(p) for q, p in zip(corners[0], fine.polygons[:, 0], strict=True)],
        [list(q).index(p) for q, p in zip(corners[1], fine_uv.polygons[:, 0], strict=True)],
    )


def test_a_vertex_where_two_fans_meet_and_a_loose_one_stay() -> None:
    quads = np.array([[0, 1, 2, 3], [2, 4, 5, 6]])
    points = np.random.default_rng(3).normal(size=(8, 3))
    fine = Subdivision.catmull_clark(quads, 8).apply(points)
    np.testing.assert_allclose(fine[[2, 7]], points[[2, 7]], atol=1e-6)


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_weights_are_rows_of_the_operator(levels: int) -> None:
    subdivision = Subdivision.catmull_clark(CUBE_QUADS, 8, levels)
    points = np.random.default_rng(4).normal(size=(8, 3))
    fine = subdivision.apply(points)
    rows = np.array([5, 0, len(fine) - 1, 5])
    np.testing.assert_allclose(subdivision.weights(rows, 8) @ points, fine[rows], atol=1e-6)


def test_keeps_the_dtype() -> None:
    subdivision = Subdivision.catmull_clark(CUBE_QUADS, 8)
    assert subdivision.apply(CUBE.astype(np.float32)).dtype == np.float32
    assert subdivision.apply(CUBE).dtype == np.float64


@pytest.mark.parametrize(
    ("polygons", "message"),
    [
        (np.zeros((2, 3), int), "must be"),
        (CUBE_QUADS.astype(float), "must be"),
        (CUBE_QUADS + 1, "vertices 0..7"),
        (CUBE_QUADS - 2, "vertices 0..7"),
        (np.concatenate([CUBE_QUADS, CUBE_QUADS[:1]]), "3 polygons"),
    ],
)
def test_refuses_what_is_no_mesh(polygons: np.ndarray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Subdivision.catmull_clark(polygons, 8)


def test_refuses_negative_levels() -> None:
    with pytest.raises(ArgumentError, match="levels"):
        Subdivision.catmull_clark(CUBE_QUADS, 8, -1)
