"""Points of zero displacement on the edges of an image, which keep the warp from moving its border."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def unit_boundary(count: int) -> Array:
    """Points (K, 2) on the edges of the unit square, ``count`` on each edge, corners included: K = 4 (count - 1)."""
    if not count:
        return np.zeros((0, 2))
    steps = np.linspace(0.0, 1.0, count)
    x, y = np.meshgrid(steps, steps)
    on_edge = (x == 0) | (x == 1) | (y == 0) | (y == 1)
    return np.stack([x[on_edge], y[on_edge]], -1)
