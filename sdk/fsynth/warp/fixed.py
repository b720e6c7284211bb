"""The flow of a warp to constant destinations as one matrix: flow = K^T @ displacement."""

import functools
from typing import Any

import numpy as np

from fsynth.warp import spline
from fsynth.warp.boundary import unit_boundary

Array = np.ndarray[Any, np.dtype[Any]]


def flow_matrix(dest: Array, height: int, width: int, order: int, regularization: float, boundary_points: int) -> Array:
    """The matrix K (N, height * width), float32 or float64 as dest, with flow = K^T @ (dest - source).

    The spline is linear in its values, so K's row i is the spline that is 1 at destination i of dest (N, 2) and 0 at
    the others and at the boundary points. Computed in float64 and kept for the last few calls with the same arguments.
    """
    return _flow_matrix(dest.tobytes(), str(dest.dtype), height, width, order, float(regularization), boundary_points)


@functools.lru_cache(maxsize=4)
def _flow_matrix(
    dest: bytes, dtype: str, height: int, width: int, order: int, regularization: float, boundary_points: int
) -> Array:
    extent = np.array([width - 1.0, height - 1.0])
    inner = np.frombuffer(dest, dtype).reshape(-1, 2).astype(np.float64)
    points = np.concatenate([inner, unit_boundary(boundary_points) * extent])[None] - extent / 2
    length = float(max(height, width))
    coefficients = spline.fit(points, np.eye(points.shape[1], len(inner))[None], order, regularization, length, np)
    columns, rows = np.arange(width) - extent[0] / 2, np.arange(height) - extent[1] / 2
    matrix = np.empty((len(inner), height, width), dtype)
    for start in range(0, height, 8):  # in strips, to bound memory
        strip = rows[start : start + 8]
        matrix[:, start : start + 8] = (
            spline.radial_on_grid(columns, strip, points, coefficients.weights, order, length, np)
            + spline.affine_on_grid(columns, strip, coefficients.affine)
        )[0]
    matrix.setflags(write=False)
    return matrix.reshape(len(inner), height * width)
