"""Image warping by sparse control points or by a dense flow, in keras.ops."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from fsynth.errors import ArgumentError, ControlPointsError
from fsynth.warp import checks, spline
from fsynth.warp.boundary import unit_boundary
from fsynth.warp.fixed import flow_matrix
from fsynth.warp.tensors import dtype_of, float_tensor, known_value, without_autograph

Array = np.ndarray[Any, np.dtype[Any]]


@without_autograph
def sparse_image_warp(
    image: Any,
    source: Any,
    dest: Any,
    *,
    order: int = 1,
    regularization: float = 0.0,
    boundary_points: int = 6,
    mode: str = "exact",
    stride: int = 4,
    jit_compile: bool = False,
) -> tuple[Any, Any]:
    """Warp images so that what was at ``source`` comes to lie at ``dest``: ``warped[dest_i] == image[source_i]``.

    A spline through the control points ``dest`` interpolates the displacements ``dest - source`` to a flow for every
    pixel; images are sampled at grid - flow. Differentiable in image, source and dest, also where a control point
    coincides with a pixel. Batch and image sizes may be dynamic.

    Args:
        image: (B, H, W, C) float32 or float64, any value range.
        source: (B, N, 2), (x, y) in pixels of image, pixel centres on integers.
        dest: (B, N, 2), (x, y) in pixels of the result.
        order: of the spline: 1 is phi(r) = r as in the paper, 2 the thin-plate spline; see :func:`interpolate_spline`.
        regularization: smoothing of the flow; see :func:`interpolate_spline`.
        boundary_points: points of zero displacement on each edge of the image, both corners included; 0 for none.
        mode: "exact", "coarse" or "fixed", as below.
        stride: of the grid of mode "coarse", in pixels.
        jit_compile: compile all but the solving of the system with XLA (three times as fast on TensorFlow's CPU; one
            compilation for each image size).

    Modes, with their error against the spline in float64 (measured, see docs/warp.md):
        exact: the spline at every pixel: to 2e-4 px in float32 (landmarks, orders 1 and 2), 1e-9 in float64.
        coarse: the spline at every stride-th pixel, bilinear between. For landmarks moved by 3 px (standard deviation)
            the mean error is 0.001 px at stride 2 and 0.005 px at stride 4; 99 % of pixels are within 0.011 and 0.045
            px; the worst, next to control points, are 0.14 and 0.29 px off.
        fixed: as exact, for destinations that are constant: the same for all samples and known when the graph is
            traced. The flow is then one matrix product, with no gradient to dest.

    Returns:
        ``(warped, flow)``: (B, H, W, C), sampled bilinearly with the edge repeated outside, and (B, H, W, 2), (x, y) in
        pixels; both in image's dtype.

    Raises:
        ArgumentError: wrong shapes, types or options; mode "fixed" with destinations or an image size not known.
        ControlPointsError: dest that determines no spline (coinciding, too few, on one line) or is not finite, or that
            differs between samples in mode "fixed". See :func:`interpolate_spline` for traced graphs.

    Source: Cole et al. 2017, section 4.
    """
    image = float_tensor("image", image, exact=True)
    dtype = dtype_of(image)
    given = source, dest
    source, dest = float_tensor("source", source, dtype), float_tensor("dest", dest, dtype)
    checks.check_spline_options(order, regularization)
    checks.check_warp_options(mode, stride, boundary_points)
    checks.check_shapes(image=(image.shape, "B H W C"), source=(source.shape, "B N 2"), dest=(dest.shape, "B N 2"))
    checks.check_boundary_fits(image.shape[1], image.shape[2], boundary_points)
    known_source, known_dest = (known_value(points, dtype) for points in given)
    if known_source is not None:
        checks.check_finite("source", known_source)
    if known_dest is not None:
        _check_dest(known_dest, image, regularization, boundary_points)
    if mode == "fixed":
        return warp_by_matrix(
            image,
            dest - source,
            _constant_matrix(image, known_dest, order, regularization, boundary_points),
            jit_compile=jit_compile,
        )

    height, width = ops.shape(image)[1:3]
    corner = ops.cast(ops.stack([width - 1, height - 1]), dtype)
    length = ops.cast(ops.maximum(height, width), dtype)
    boundary = (ops.convert_to_tensor(unit_boundary(boundary_points), dtype) - 0.5) * corner
    points = dest - corner / 2
    batch, count, _ = ops.shape(points)
    everywhere = ops.broadcast_to(boundary[None], (batch, boundary.shape[0], 2))
    coefficients = spline.fit(
        ops.concatenate([points, everywhere], axis=1),
        ops.concatenate([dest - source, ops.zeros_like(everywhere)], axis=1),
        order,
        regularization,
        length,
        ops,
    )
    weights = coefficients.weights
    render = _compiled(_render_spline, jit_compile, order=order, stride=stride if mode == "coarse" else 1)
    return render(image, points, boundary, weights[:, :count], weights[:, count:], coefficients.affine, length)


def warp_by_matrix(image: Any, displacement: Any, matrix: Any, *, jit_compile: bool = False) -> tuple[Any, Any]:
    """Warp images (B, H, W, C) by displacements (B, N, 2) and the :func:`~fsynth.warp.fixed.flow_matrix` (N, H * W)."""
    return _compiled(_render_matrix, jit_compile)(image, displacement, matrix)


@without_autograph
def dense_image_warp(image: Any, flow: Any) -> Any:
    """Warp images by a flow per pixel: ``warped[y, x] = image[y - flow_y, x - flow_x]``, bilinearly, edge repeated.

    Args:
        image: (B, H, W, C) float32 or float64, any value range.
        flow: (B, H, W, 2), (x, y) in pixels.

    Returns:
        (B, H, W, C), in image's dtype; differentiable in image and flow.

    Raises:
        ArgumentError: wrong shapes or types.
    """
    image = float_tensor("image", image, exact=True)
    flow = float_tensor("flow", flow, dtype_of(image))
    checks.check_shapes(image=(image.shape, "B H W C"), flow=(flow.shape, "B H W 2"))
    return _sample(image, flow[..., 0], flow[..., 1])


def _check_dest(dest: Array, image: Any, regularization: float, boundary_points: int) -> None:
    height, width = image.shape[1:3]
    if height is not None and width is not None:
        boundary = unit_boundary(boundary_points) * (width - 1, height - 1)
        checks.check_control_points("dest", dest, regularization, boundary)
    else:  # the boundary is not known either: look at the points themselves
        checks.check_finite("dest", dest)


def _constant_matrix(image: Any, dest: Array | None, order: int, regularization: float, boundary_points: int) -> Any:
    height, width = image.shape[1:3]
    if dest is None:
        raise ArgumentError(
            "`dest` must be a constant in mode 'fixed', and here it is computed in the graph: "
            "pass a NumPy array, give SplineWarp its `destination`, or use mode 'exact' or 'coarse'."
        )
    if height is None or width is None:
        raise ArgumentError("`image` must have a known height and width in mode 'fixed': use mode 'exact' or 'coarse'.")
    if (dest != dest[:1]).any():
        raise ControlPointsError(
            "`dest` differs between samples: mode 'fixed' is for one constant set of destinations, "
            "use mode 'exact' or 'coarse'."
        )
    return ops.convert_to_tensor(flow_matrix(dest[0], height, width, order, regularization, boundary_points))


def _render_spline(
    image: Any,
    points: Any,
    boundary: Any,
    weights: Any,
    boundary_weights: Any,
    affine: Any,
    length: Any,
    *,
    order: int,
    stride: int,
) -> tuple[Any, Any]:
    height, width = ops.shape(image)[1:3]
    columns, rows = _nodes(width, stride, image), _nodes(height, stride, image)
    flow = spline.radial_on_grid(columns, rows, points, weights, order, length, ops)
    flow = flow + spline.affine_on_grid(columns, rows, affine)
    if boundary.shape[0]:  # the same for all samples, so its basis is computed once for the batch
        flow = flow + spline.radial_on_grid(columns, rows, boundary[None], boundary_weights, order, length, ops)
    if stride > 1:
        flow = spline.upsample(flow, stride, height, width, ops)
    return _sample(image, flow[:, 0], flow[:, 1]), ops.moveaxis(flow, 1, -1)


def _render_matrix(image: Any, displacement: Any, matrix: Any) -> tuple[Any, Any]:
    batch, height, width, _ = ops.shape(image)
    count = ops.shape(displacement)[1]
    flat = ops.matmul(ops.reshape(ops.swapaxes(displacement, 1, 2), (batch * 2, count)), matrix)
    flow = ops.reshape(flat, (batch, 2, height, width))
    return _sample(image, flow[:, 0], flow[:, 1]), ops.moveaxis(flow, 1, -1)


def _nodes(size: Any, stride: int, like: Any) -> Any:
    """Centred coordinates of every stride-th pixel; above stride 1 also of one beyond the last, to interpolate to."""
    index = ops.cast(ops.arange((size - 1) // stride + 1 + (stride > 1), dtype="int32"), like.dtype)
    return index * stride - ops.cast(size - 1, like.dtype) / 2


def _sample(image: Any, flow_x: Any, flow_y: Any) -> Any:
    """Sample images (B, H, W, C) bilinearly at grid - flow, flows (B, H, W), the edge repeated outside."""
    batch, height, width, channels = ops.shape(image)

    def cells(grid: Any, flow: Any, size: Any) -> tuple[Any, Any, Any]:
        """Both neighbours of each position along an axis, and the fraction of the way to the second."""
        last = ops.cast(size - 1, image.dtype)
        position = ops.clip(ops.cast(grid, image.dtype) - flow, 0.0, last)
        # Clipped again as integers, so that positions that are not numbers cannot reach outside the image.
        first = ops.clip(ops.cast(ops.floor(position), "int32"), 0, ops.maximum(size - 2, 0))
        return first, ops.minimum(first + 1, size - 1), (position - ops.cast(first, image.dtype))[..., None]

    left, right, x = cells(ops.arange(width, dtype="int32"), flow_x, width)
    top, below, y = cells(ops.arange(height, dtype="int32")[:, None], flow_y, height)
    pixels = ops.reshape(image, (batch * height * width, channels))
    start = ops.arange(batch, dtype="int32")[:, None, None] * (height * width)
    top, below = start + top * width, start + below * width
    upper_left, lower_left = ops.take(pixels, top + left, axis=0), ops.take(pixels, below + left, axis=0)
    upper = upper_left + x * (ops.take(pixels, top + right, axis=0) - upper_left)
    lower = lower_left + x * (ops.take(pixels, below + right, axis=0) - lower_left)
    return upper + y * (lower - upper)


@functools.lru_cache(maxsize=64)
def _compiled(function: Callable[..., Any], jit_compile: bool, **options: int) -> Callable[..., Any]:
    """The function with its options, compiled by XLA on the backends that can if ``jit_compile``."""
    bound = functools.partial(function, **options)
    if jit_compile and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(bound, jit_compile=True, autograph=False)
    if jit_compile and keras.backend.backend() == "jax":
        import jax

        return jax.jit(bound)
    return bound
