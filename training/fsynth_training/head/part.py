"""A part of the head other than its skin: its mesh, and how it follows the body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Part:
    """One part.

    Attributes:
        name: such as "tongue".
        polygons: (F, 4) int of its own p vertices, counter-clockwise from outside, -1 in the last column of triangles.
        uvs: (U, 2) on the atlas. uv_polygons: (F, 4).
        place: positions of the body's vertices (N, 3) -> its own vertices (p, 3), metres.
    """

    name: str
    polygons: np.ndarray
    uvs: np.ndarray
    uv_polygons: np.ndarray
    place: Callable[[np.ndarray], np.ndarray]


def follow(points: np.ndarray, anchors: np.ndarray, mean: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Let ``points`` (p, 3) follow the body's vertices ``anchors`` by the affine map that fits these best."""
    weights = affine_weights(points, mean[anchors])
    return lambda body: weights @ body[anchors]


def affine_weights(points: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """(p, A): ``weights @ moved_anchors`` is where ``points`` go by the least-squares affine map of the anchors."""
    return np.column_stack([points, np.ones(len(points))]) @ np.linalg.pinv(
        np.column_stack([anchors, np.ones(len(anchors))])
    )


def sheet(rows: int, columns: int, *, ring: bool = False) -> np.ndarray:
    """Quads of a grid of rows x columns vertices, row after row; a ring closes each row on itself.

    Counter-clockwise where columns go right and rows go up.
    """
    first = np.arange(columns if ring else columns - 1)
    after = (first + 1) % columns
    start = np.arange(rows - 1)[:, None] * columns
    corners = [start + first, start + after, start + columns + after, start + columns + first]
    return np.stack([corner.ravel() for corner in corners], axis=1)
