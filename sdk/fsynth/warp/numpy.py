"""The warp in NumPy alone: the same functions as :mod:`fsynth.warp`, for the light install.

Coordinates are (x, y) in pixels, pixel centres on integers, y downwards. Every function takes a batch, or a single
sample without its batch axis; float32 or float64 in, the same out. Grids are computed in strips that stay in the cache.
"""

from typing import Any

import numpy as np

from fsynth.errors import ArgumentError, ControlPointsError
from fsynth.warp import checks, spline
from fsynth.warp.boundary import unit_boundary
from fsynth.warp.fixed import flow_matrix

Array = np.ndarray[Any, np.dtype[Any]]

# Values of phi computed at a time: half a megabyte or so, what a core's cache holds.
_STRIP = 1 << 16


def interpolate_spline(
    train_points: Array, train_values: Array, query_points: Array, order: int = 1, regularization: float = 0.0
) -> Array:
    """Interpolate scattered values by a polyharmonic spline, in any dimension.

    Args:
        train_points: (B, N, D) or (N, D), where the values are known.
        train_values: (B, N, C) or (N, C), the values.
        query_points: (B, M, D) or (M, D), where to interpolate.
        order: k >= 1: phi(r) = r^k for odd k, r^k log r for even k. 1 is the paper's, 2 the thin-plate spline.
        regularization: lambda >= 0, with the sign and meaning of ``smoothing`` in scipy's RBFInterpolator; at 0 the
            spline passes through the values.

    Returns:
        (B, M, C) or (M, C) values, float64 if train_points are float64, float32 otherwise.

    Raises:
        ArgumentError: wrong shapes, types or options.
        ControlPointsError: train_points that determine no spline: coinciding (with regularization 0), on one line or
            plane, fewer than D + 1, or not finite.
    """
    points = _floats("train_points", train_points)
    values, queries = (
        _floats("train_values", train_values, points.dtype),
        _floats("query_points", query_points, points.dtype),
    )
    checks.check_spline_options(order, regularization)
    single = points.ndim == 2
    if single:
        checks.check_shapes(
            train_points=(points.shape, "N D"), train_values=(values.shape, "N C"), query_points=(queries.shape, "M D")
        )
        points, values, queries = points[None], values[None], queries[None]
    checks.check_shapes(
        train_points=(points.shape, "B N D"),
        train_values=(values.shape, "B N C"),
        query_points=(queries.shape, "B M D"),
    )
    checks.check_control_points("train_points", points, regularization)
    checks.check_finite("train_values", values)
    low, high = points.min(1, keepdims=True), points.max(1, keepdims=True)
    centre, length = (low + high) / 2, float((high - low).max())
    points, queries = points - centre, queries - centre
    coefficients = _fit(points, values, order, regularization, length)
    step = max(1, _STRIP // points.shape[1])
    strips = [
        spline.evaluate(queries[:, start : start + step], points, coefficients, order, length, np)
        for start in range(0, max(1, queries.shape[1]), step)
    ]
    result = np.concatenate(strips, 1)
    return result[0] if single else result


def sparse_image_warp(
    image: Array,
    source: Array,
    dest: Array,
    *,
    order: int = 1,
    regularization: float = 0.0,
    boundary_points: int = 6,
    mode: str = "exact",
    stride: int = 4,
) -> tuple[Array, Array]:
    """Warp images so that what was at ``source`` comes to lie at ``dest``: ``warped[dest_i] == image[source_i]``.

    Args:
        image: (B, H, W, C) or (H, W, C), any value range.
        source: (B, N, 2) or (N, 2), (x, y) in pixels of image.
        dest: the same shape, (x, y) in pixels of the result; in mode "fixed" all samples must be alike.
        order: of the spline; see :func:`interpolate_spline`.
        regularization: see :func:`interpolate_spline`.
        boundary_points: points of zero displacement on each edge of the image, both corners included; 0 for none.
        mode: "exact", "coarse" or "fixed"; see :func:`fsynth.warp.sparse_image_warp` for their error bounds.
        stride: of the grid of mode "coarse", in pixels.

    Returns:
        ``(warped, flow)``: warped of image's shape, sampled bilinearly at grid - flow with the edge repeated outside,
        and flow (B, H, W, 2) or (H, W, 2), (x, y) in pixels.

    Raises:
        ArgumentError: wrong shapes, types or options.
        ControlPointsError: dest that determines no spline, source or dest not finite, or in mode "fixed" dest that
            differs between samples.
    """
    image = _floats("image", image, exact=True)
    source, dest = _floats("source", source, np.dtype(np.float64)), _floats("dest", dest, np.dtype(np.float64))
    checks.check_spline_options(order, regularization)
    checks.check_warp_options(mode, stride, boundary_points)
    single = image.ndim == 3
    if single:
        checks.check_shapes(image=(image.shape, "H W C"), source=(source.shape, "N 2"), dest=(dest.shape, "N 2"))
        image, source, dest = image[None], source[None], dest[None]
    checks.check_shapes(image=(image.shape, "B H W C"), source=(source.shape, "B N 2"), dest=(dest.shape, "B N 2"))
    height, width = image.shape[1:3]
    checks.check_boundary_fits(height, width, boundary_points)
    boundary = unit_boundary(boundary_points) * (width - 1, height - 1)
    checks.check_control_points("dest", dest, regularization, boundary)
    checks.check_finite("source", source)

    if mode == "fixed":
        if (dest != dest[:1]).any():
            raise ControlPointsError(
                "`dest` differs between samples: mode 'fixed' is for one constant set of destinations, "
                "use mode 'exact' or 'coarse'."
            )
        matrix = flow_matrix(dest[0].astype(image.dtype), height, width, order, regularization, boundary_points)
        displacement = np.swapaxes(dest - source, 1, 2).astype(image.dtype)
        # einsum, not @: two rows by a wide matrix is bound by memory, and BLAS starts threads for it.
        flow = np.einsum("bcn,nm->bcm", displacement, matrix).reshape(len(image), 2, height, width)
    else:
        step = stride if mode == "coarse" else 1
        flow = _flow(dest, dest - source, boundary, (height, width), order, regularization, step, image.dtype)
    warped, flow = _sample(image, flow), np.ascontiguousarray(np.moveaxis(flow, 1, -1))
    return (warped[0], flow[0]) if single else (warped, flow)


def dense_image_warp(image: Array, flow: Array) -> Array:
    """Warp images by a flow per pixel: ``warped[y, x] = image[y - flow_y, x - flow_x]``, bilinearly, edge repeated.

    Args:
        image: (B, H, W, C) or (H, W, C), any value range.
        flow: (B, H, W, 2) or (H, W, 2), (x, y) in pixels.

    Returns:
        The warped images, of image's shape and dtype.

    Raises:
        ArgumentError: wrong shapes or types, or flow that is not finite.
    """
    image = _floats("image", image, exact=True)
    flow = _floats("flow", flow, image.dtype)
    single = image.ndim == 3
    if single:
        checks.check_shapes(image=(image.shape, "H W C"), flow=(flow.shape, "H W 2"))
        image, flow = image[None], flow[None]
    checks.check_shapes(image=(image.shape, "B H W C"), flow=(flow.shape, "B H W 2"))
    if not np.isfinite(flow).all():
        raise ArgumentError("`flow` has values that are not finite: give displacements in pixels.")
    warped = _sample(image, np.moveaxis(flow, -1, 1))
    return warped[0] if single else warped


def _floats(name: str, value: Any, dtype: np.dtype[Any] | None = None, exact: bool = False) -> Array:
    """The argument as an array of floats; integers and lists are converted unless ``exact``."""
    array = np.asarray(value)
    if array.dtype.kind not in ("f" if exact else "fiu"):
        raise ArgumentError(
            f"`{name}` must be an array of {'float32 or float64' if exact else 'numbers'}, got {array.dtype}."
        )
    if dtype is None and array.dtype.kind != "f":
        dtype = np.dtype(np.float32)
    array = array if dtype is None else array.astype(dtype, copy=False)
    checks.check_float(name, str(array.dtype))
    return array


def _fit(points: Array, values: Array, order: int, regularization: float, length: float) -> spline.Coefficients:
    """Fit in float64 whatever the dtype: it costs nothing beside the evaluation."""
    wide = points.astype(np.float64), values.astype(np.float64)
    try:
        weights, affine = spline.fit(*wide, order, regularization, length, np)
    except np.linalg.LinAlgError as error:
        raise ControlPointsError(
            f"The control points determine no spline of order {order}: the system is singular. Move or drop some."
        ) from error
    return spline.Coefficients(weights.astype(values.dtype), affine.astype(values.dtype))


def _flow(
    dest: Array,
    displacement: Array,
    boundary: Array,
    size: tuple[int, int],
    order: int,
    regularization: float,
    stride: int,
    dtype: np.dtype[Any],
) -> Array:
    """The flow (B, 2, H, W) of a warp, evaluated at every stride-th pixel and upsampled."""
    height, width = size
    extent = np.array([width - 1.0, height - 1.0])
    batch = len(dest)
    points = np.concatenate([dest, np.broadcast_to(boundary, (batch, *boundary.shape))], 1) - extent / 2
    values = np.concatenate([displacement, np.zeros((batch, *boundary.shape))], 1)
    length = float(max(height, width))
    coefficients = _fit(points, values, order, regularization, length)

    columns, rows = _nodes(width, stride, dtype), _nodes(height, stride, dtype)
    points = points.astype(dtype)
    weights, affine = (part.astype(dtype) for part in coefficients)
    flow = np.empty((batch, 2, len(rows), len(columns)), dtype)
    step = max(1, _STRIP // (points.shape[1] * len(columns)))
    for sample in range(batch):
        one = slice(sample, sample + 1)
        for start in range(0, len(rows), step):
            strip = rows[start : start + step]
            flow[one, :, start : start + step] = spline.radial_on_grid(
                columns, strip, points[one], weights[one], order, length, np
            ) + spline.affine_on_grid(columns, strip, affine[one])
    return flow if stride == 1 else np.asarray(spline.upsample(flow, stride, height, width, np))


def _nodes(size: int, stride: int, dtype: np.dtype[Any]) -> Array:
    """Centred coordinates of every stride-th pixel; above stride 1 also of one beyond the last, to interpolate to."""
    count = (size - 1) // stride + 1 + (stride > 1)
    return np.asarray(np.arange(count) * stride - (size - 1) / 2, dtype)


def _sample(image: Array, flow: Array) -> Array:
    """Sample images (B, H, W, C) bilinearly at grid - flow, flow (B, 2, H, W)."""
    batch, height, width, channels = image.shape
    warped = np.empty_like(image)
    for sample in range(batch):
        x = np.clip(np.arange(width, dtype=flow.dtype) - flow[sample, 0], 0, width - 1)
        y = np.clip(np.arange(height, dtype=flow.dtype)[:, None] - flow[sample, 1], 0, height - 1)
        left, top = x.astype(np.int32), y.astype(np.int32)
        right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1) * width
        x, y, top = (x - left)[..., None], (y - top)[..., None], top * width
        pixels = image[sample].reshape(-1, channels)
        upper = pixels.take(top + left, 0)
        upper += x * (pixels.take(top + right, 0) - upper)
        lower = pixels.take(below + left, 0)
        lower += x * (pixels.take(below + right, 0) - lower)
        warped[sample] = upper + y * (lower - upper)
    return warped
