"""Polyharmonic splines: the mathematics, once, for NumPy and for keras.ops.

Every function takes the namespace it computes with as ``xp``: the module ``numpy`` or the module ``keras.ops``.

The spline is ``s(q) = sum_i w_i phi_k(|q - p_i|) + v . q + c`` with ``phi_k(r) = r^k`` for odd and ``r^k log r`` for
even order k; its coefficients solve ``[phi + lambda I, P; P^T, 0] [w; v, c] = [values; 0]`` (Cole et al. 2017,
Algorithm 1). Two things keep float32 accurate: coordinates are centred before they meet the affine part (by the
callers), and distances are taken from direct differences, never from ``|a|^2 - 2ab + |b|^2``.
"""

from typing import Any, NamedTuple

# Added to squared distances: far below any real one, it keeps gradients of sqrt and log finite at r = 0.
_TINY = 1e-30


class Coefficients(NamedTuple):
    """A fitted spline: weights (B, N, C) of the radial part, affine (B, D + 1, C) with the constant last."""

    weights: Any
    affine: Any


def phi(squared: Any, order: int, length: Any, xp: Any) -> Any:
    """The radial basis function of an order, of squared distances.

    For order 2 the logarithm is taken of ``r / length``. That adds multiples of r^2, which the affine part absorbs, so
    the spline is the same for every length; about the extent of the points makes float32 ten times as accurate as 1.
    """
    if order % 2:
        value = xp.sqrt(squared + _TINY)
    else:
        scale = length * length if order == 2 else 1.0
        value = 0.5 * xp.log(squared / scale + _TINY)
    for _ in range(order // 2):
        value = value * squared
    return value


def squared_distances(a: Any, b: Any) -> Any:
    """Squared distances (B, M, N) between points a (B, M, D) and b (B, N, D), by direct differences."""
    total = 0.0
    for axis in range(a.shape[-1]):
        difference = a[..., :, None, axis] - b[..., None, :, axis]
        total = total + difference * difference
    return total


def fit(points: Any, values: Any, order: int, regularization: float, length: Any, xp: Any) -> Coefficients:
    """Fit the spline through values (B, N, C) at centred points (B, N, D)."""
    batch, count, dimension = xp.shape(points)
    radial = phi(squared_distances(points, points), order, length, xp)
    if regularization:
        # scipy's kernels are phi with the sign that makes them positive definite; its smoothing is added to those.
        sign = -1.0 if order // 2 % 2 == 0 else 1.0
        index = xp.arange(count, dtype="int32")
        radial = xp.where(index[:, None] == index, radial + sign * regularization, radial)
    affine = xp.concatenate([points, xp.ones_like(points[..., :1])], axis=-1)
    corner = xp.zeros((batch, dimension + 1, dimension + 1), dtype=points.dtype)
    matrix = xp.concatenate(
        [
            xp.concatenate([radial, affine], axis=-1),
            xp.concatenate([xp.swapaxes(affine, 1, 2), corner], axis=-1),
        ],
        axis=1,
    )
    nothing = xp.zeros((batch, dimension + 1, xp.shape(values)[-1]), dtype=points.dtype)
    solution = xp.linalg.solve(matrix, xp.concatenate([values, nothing], axis=1))
    return Coefficients(solution[:, :count], solution[:, count:])


def evaluate(queries: Any, points: Any, coefficients: Coefficients, order: int, length: Any, xp: Any) -> Any:
    """Values (B, M, C) of the spline at centred queries (B, M, D)."""
    radial = phi(squared_distances(queries, points), order, length, xp)
    slope, constant = coefficients.affine[:, :-1], coefficients.affine[:, -1:]
    return xp.matmul(radial, coefficients.weights) + xp.matmul(queries, slope) + constant


def radial_on_grid(columns: Any, rows: Any, points: Any, weights: Any, order: int, length: Any, xp: Any) -> Any:
    """Radial part (B, C, H, W) on the grid of columns (W,) and rows (H,); points (B or 1, N, 2), weights (B, N, C).

    On a grid the squared distance is a sum of one term per column and one per row.
    """
    across = xp.square(columns - points[:, :, 0:1])
    down = xp.square(rows - points[:, :, 1:2])
    basis = phi(across[:, :, None, :] + down[:, :, :, None], order, length, xp)
    shared, count, height, width = xp.shape(basis)
    flat = xp.matmul(xp.swapaxes(weights, 1, 2), xp.reshape(basis, (shared, count, height * width)))
    return xp.reshape(flat, (*xp.shape(flat)[:2], height, width))


def affine_on_grid(columns: Any, rows: Any, affine: Any) -> Any:
    """Affine part (B, C, H, W) of a spline in two dimensions, with affine (B, 3, C), on a grid."""
    slope_x, slope_y, constant = (affine[:, part, :, None, None] for part in range(3))
    return slope_x * columns + (slope_y * rows[:, None] + constant)


def upsample(coarse: Any, stride: int, height: Any, width: Any, xp: Any) -> Any:
    """Bilinear upsampling of values (B, C, h, w) at every stride-th column and row to (B, C, height, width)."""
    fraction = xp.arange(stride, dtype=coarse.dtype) / stride

    def lengthen(nodes: Any) -> Any:
        before, after = nodes[..., :-1, None], nodes[..., 1:, None]
        batch, channels, lines, steps = xp.shape(nodes)
        return xp.reshape(before + fraction * (after - before), (batch, channels, lines, (steps - 1) * stride))

    wide = lengthen(coarse)[..., :width]
    return xp.swapaxes(lengthen(xp.swapaxes(wide, 2, 3))[..., :height], 2, 3)
