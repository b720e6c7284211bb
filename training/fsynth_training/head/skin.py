"""Head, neck and bust out of the skin of a whole body: an exact cut, as linear combinations of its vertices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

# The bust ends on an ellipsoid about the head. Metres, from the middle between the eyes.
_CENTRE = np.array([0.0, -0.03, -0.08])
_HALF_AXES = np.array([0.16, 0.215, 0.20])


@dataclass(frozen=True, eq=False)
class Cut:
    """A part of a mesh.

    Attributes:
        positions: (n, N) sparse, the vertices of the part from those of the whole; rows add up to 1.
        polygons: (F, 4) int, -1 in the last column for triangles.
        texture: (u, U) sparse, its UVs from those of the whole. uv_polygons: (F, 4) int.
    """

    positions: sparse.csr_matrix
    polygons: np.ndarray
    texture: sparse.csr_matrix
    uv_polygons: np.ndarray


def cut_bust(vertices: np.ndarray, polygons: np.ndarray, uv_polygons: np.ndarray, uvs: int) -> Cut:
    """Cut what lies within the ellipsoid about the head.

    Args:
        vertices: (N, 3) metres, the origin between the eyes.
        polygons, uv_polygons: (F, 4) int. uvs: U.
    """
    height = 1 - np.linalg.norm((vertices - _CENTRE) / _HALF_AXES, axis=1)
    points, uv_points = _Points(), _Points()
    kept, kept_uv = [], []
    for corners, uv_corners in zip(polygons.tolist(), uv_polygons.tolist(), strict=True):
        if all(height[corner] < 0 for corner in corners):
            continue
        ring, uv_ring = [], []
        for i in range(4):
            a, b, uv_a, uv_b = corners[i], corners[i - 3], uv_corners[i], uv_corners[i - 3]
            if height[a] >= 0:
                ring.append(points.vertex(a))
                uv_ring.append(uv_points.vertex(uv_a))
            if (height[a] >= 0) != (height[b] >= 0):
                share = height[a] / (height[a] - height[b])
                ring.append(points.on_edge(a, b, share))
                uv_ring.append(uv_points.on_edge(uv_a, uv_b, share))
        # Five corners: a quad and a triangle.
        kept.append([*ring, -1][:4] if len(ring) < 5 else ring[:4])
        kept_uv.append([*uv_ring, -1][:4] if len(ring) < 5 else uv_ring[:4])
        if len(ring) == 5:
            kept.append([ring[0], ring[3], ring[4], -1])
            kept_uv.append([uv_ring[0], uv_ring[3], uv_ring[4], -1])
    return Cut(points.matrix(len(vertices)), np.array(kept), uv_points.matrix(uvs), np.array(kept_uv))


class _Points:
    """Numbers points as they come up, each once: vertices of the whole mesh, and places on its edges."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}
        self._entries: list[tuple[int, int, float]] = []

    def vertex(self, a: int) -> int:
        return self._number((a, a), [(a, 1.0)])

    def on_edge(self, a: int, b: int, share: float) -> int:
        return self._number((min(a, b), max(a, b)), [(a, 1 - share), (b, share)])

    def _number(self, key: tuple[int, int], weights: list[tuple[int, float]]) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._entries += [(self._numbers[key], column, weight) for column, weight in weights]
        return self._numbers[key]

    def matrix(self, columns: int) -> sparse.csr_matrix:
        row, column, weight = zip(*self._entries, strict=True)
        return sparse.csr_matrix((weight, (row, column)), shape=(len(self._numbers), columns))
