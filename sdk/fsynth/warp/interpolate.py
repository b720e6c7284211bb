"""Scattered-data interpolation by polyharmonic splines, in keras.ops."""

from typing import Any

from keras import ops

from fsynth.warp import checks, spline
from fsynth.warp.tensors import dtype_of, float_tensor, known_value, without_autograph


@without_autograph
def interpolate_spline(
    train_points: Any, train_values: Any, query_points: Any, order: int = 1, regularization: float = 0.0
) -> Any:
    """Interpolate scattered values by a polyharmonic spline, in any dimension; differentiable in all three tensors.

    Args:
        train_points: (B, N, D), where the values are known.
        train_values: (B, N, C), the values.
        query_points: (B, M, D), where to interpolate.
        order: k >= 1: phi(r) = r^k for odd k, r^k log r for even k. 1 is the paper's, 2 the thin-plate spline. From
            order 3 on, prefer float64.
        regularization: lambda >= 0, with the sign and meaning of ``smoothing`` in scipy's RBFInterpolator; at 0 the
            spline passes through the values.

    Returns:
        (B, M, C) values, float64 if train_points are float64, float32 otherwise.

    Raises:
        ArgumentError: wrong shapes, types or options.
        ControlPointsError: train_points that determine no spline: coinciding (with regularization 0), on one line or
            plane, fewer than D + 1, or not finite. Inside a traced graph, where values are unknown, this cannot be
            checked: the result is then NaN or huge, or TensorFlow raises InvalidArgumentError when it runs.

    Source: Cole et al. 2017, Algorithm 1.
    """
    points = float_tensor("train_points", train_points)
    dtype = dtype_of(points)
    values, queries = (
        float_tensor("train_values", train_values, dtype),
        float_tensor("query_points", query_points, dtype),
    )
    checks.check_spline_options(order, regularization)
    checks.check_shapes(
        train_points=(points.shape, "B N D"),
        train_values=(values.shape, "B N C"),
        query_points=(queries.shape, "B M D"),
    )
    known = known_value(train_points, dtype)
    if known is not None:
        checks.check_control_points("train_points", known, regularization)
    known = known_value(train_values, dtype)
    if known is not None:
        checks.check_finite("train_values", known)
    # The spline is the same about any centre, so the centre takes no part in the gradient.
    low, high = ops.min(points, axis=1, keepdims=True), ops.max(points, axis=1, keepdims=True)
    centre = ops.stop_gradient((low + high) / 2)
    length = ops.stop_gradient(ops.max(high - low))
    points, queries = points - centre, queries - centre
    coefficients = spline.fit(points, values, order, regularization, length, ops)
    return spline.evaluate(queries, points, coefficients, order, length, ops)
