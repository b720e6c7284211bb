"""The convex hull of the landmarks, and the mask that falls off outside it."""

from __future__ import annotations

import numpy as np


def convex_hull(points: np.ndarray) -> np.ndarray:
    """The corners (H, 2) of the convex hull of points (N, 2), in order around it (Andrew's monotone chain)."""
    ordered = np.unique(np.asarray(points, np.float64), axis=0)
    chains = []
    for run in (ordered, ordered[::-1]):
        chain: list[np.ndarray] = []
        for point in run:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        chains.append(chain[:-1])
    return np.array(chains[0] + chains[1])


def distance_outside(points: np.ndarray, hull: np.ndarray) -> np.ndarray:
    """How far points (N, 2) lie outside the convex polygon ``hull`` (H, 2), as ``convex_hull`` gives it; 0 inside."""
    x, y = np.asarray(points, np.float32).T
    nearest = np.full(len(x), np.inf, np.float32)
    inside = np.ones(len(x), bool)
    for start, end in zip(hull.astype(np.float32), np.roll(hull, -1, axis=0).astype(np.float32), strict=True):
        along_x, along_y = end - start
        to_x, to_y = x - start[0], y - start[1]
        inside &= along_x * to_y - along_y * to_x >= 0
        share = np.clip((along_x * to_x + along_y * to_y) / (along_x**2 + along_y**2), 0, 1)
        np.minimum(nearest, (to_x - share * along_x) ** 2 + (to_y - share * along_y) ** 2, out=nearest)
    distance: np.ndarray = np.where(inside, 0, np.sqrt(nearest))
    return distance


def hull_mask(points: np.ndarray, landmarks: np.ndarray, falloff: float) -> np.ndarray:
    """The mask m of Eq. 10: 1 inside the convex hull of the landmarks, smoothly down to 0 ``falloff`` outside it.

    Args:
        points: (N, 2), (x, y) in pixels.
        landmarks: (L, 2), in the same pixels, not all on one line.
        falloff: in pixels, positive.

    Returns:
        (N,) float32.
    """
    near = 1 - np.clip(distance_outside(points, convex_hull(landmarks)) / falloff, 0, 1)
    mask: np.ndarray = near * near * (3 - 2 * near)
    return mask


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """Positive where the way from ``a`` over ``b`` to ``c`` turns from the x axis to the y axis."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
