"""Checks of arguments and control points, shared by the Keras and the NumPy forms of the warp."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fsynth.errors import ArgumentError, ControlPointsError

Array = np.ndarray[Any, np.dtype[Any]]
MODES = ("exact", "coarse", "fixed")


def check_shapes(**arguments: tuple[Sequence[int | None], str]) -> None:
    """Check that shapes follow their patterns and agree with each other.

    Each argument is ``name=(shape, pattern)`` with a pattern such as ``"B N 2"``: a letter stands for one size, the
    same in every pattern; a number for itself. Sizes unknown at trace time (None) pass.
    """
    sizes: dict[str, int] = {}
    for name, (shape, pattern) in arguments.items():
        symbols = pattern.split()
        wanted = "(" + ", ".join(symbols) + ")"
        given = tuple(shape)
        if len(given) != len(symbols):
            raise ArgumentError(f"`{name}` must have shape {wanted}, got {given}.")
        for symbol, size in zip(symbols, given, strict=True):
            if size is None:
                continue
            expected = int(symbol) if symbol.isdigit() else sizes.setdefault(symbol, size)
            if size != expected:
                where = "" if symbol.isdigit() else f" with {symbol} = {expected} as in the arguments before it"
                raise ArgumentError(f"`{name}` must have shape {wanted}{where}, got {given}.")


def check_float(name: str, dtype: str) -> None:
    """Refuse every dtype but float32 and float64."""
    if dtype not in ("float32", "float64"):
        raise ArgumentError(
            f"`{name}` must be float32 or float64, got {dtype}: convert it first, as in x.astype('float32')."
        )


def check_spline_options(order: int, regularization: float) -> None:
    """Check the order (a positive integer) and the regularization (finite, not negative) of a spline."""
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 1:
        raise ArgumentError(f"`order` must be a positive integer, got {order!r}.")
    if not isinstance(regularization, int | float | np.number) or not 0 <= regularization < math.inf:
        raise ArgumentError(f"`regularization` must be a finite number >= 0, got {regularization!r}.")


def check_warp_options(mode: str, stride: int, boundary_points: int) -> None:
    """Check the options that an image warp has beside those of its spline."""
    if mode not in MODES:
        raise ArgumentError(f"`mode` must be one of {', '.join(MODES)}, got {mode!r}.")
    if isinstance(stride, bool) or not isinstance(stride, int | np.integer) or stride < 1:
        raise ArgumentError(f"`stride` must be a positive integer, got {stride!r}.")
    if (
        isinstance(boundary_points, bool)
        or not isinstance(boundary_points, int | np.integer)
        or (boundary_points != 0 and boundary_points < 2)
    ):
        raise ArgumentError(
            f"`boundary_points` counts the points on each edge, both corners included: "
            f"it must be 0 or an integer >= 2, got {boundary_points!r}."
        )


def check_boundary_fits(height: int | None, width: int | None, boundary_points: int) -> None:
    """Refuse boundary points on an image that is one pixel high or wide: they would coincide."""
    if boundary_points and (height == 1 or width == 1):
        raise ArgumentError(
            f"`image` must be at least 2x2 pixels to carry boundary points, got {height}x{width}: "
            "set boundary_points=0 or give a larger image."
        )


def check_finite(name: str, points: Array) -> None:
    """Refuse points (B, N, D) that are not finite, naming the first."""
    bad = np.argwhere(~np.isfinite(points).all(-1))
    if len(bad):
        sample, index = bad[0]
        raise ControlPointsError(
            f"`{name}` has {len(bad)} control point(s) that are not finite, the first is point {index} of sample "
            f"{sample}: {_text(points[sample, index])}. Give finite numbers."
        )


def check_control_points(name: str, points: Array, regularization: float, boundary: Array | None = None) -> None:
    """Refuse control points (B, N, D) that determine no spline, naming them.

    Refused are points that are not finite, fewer than D + 1, or all on one line (plane, ...), and, where
    ``regularization`` is 0, points that coincide. ``boundary`` (K, D) are further points shared by all samples.
    """
    check_finite(name, points)
    count, dimension = points.shape[1:]
    if boundary is not None:
        points = np.concatenate([points, np.broadcast_to(boundary, (len(points), *boundary.shape))], 1)
    if points.shape[1] < dimension + 1:
        raise ControlPointsError(
            f"`{name}` has {points.shape[1]} control point(s), a spline in {dimension} dimension(s) needs at least "
            f"{dimension + 1}: add control points or boundary points."
        )
    for sample, cloud in enumerate(points.astype(np.float64)):
        if not regularization:
            _refuse_coinciding(name, sample, cloud, count)
        _refuse_degenerate(name, sample, cloud)


def _refuse_coinciding(name: str, sample: int, cloud: Array, count: int) -> None:
    order = np.lexsort(cloud.T)
    same = np.flatnonzero((cloud[order[1:]] == cloud[order[:-1]]).all(-1))
    if len(same):
        first, second = sorted((int(order[same[0]]), int(order[same[0] + 1])))
        others = f" ({len(same)} such pairs in all)" if len(same) > 1 else ""
        if second >= count:
            pair = f"control point {first} of sample {sample} coincides with a boundary point at"
            advice = "Move it off the boundary, drop it, or set boundary_points=0."
        else:
            pair = f"control points {first} and {second} of sample {sample} coincide at"
            advice = "Drop one of them, or smooth with regularization > 0."
        raise ControlPointsError(f"`{name}`: {pair} {_text(cloud[first])}{others}. {advice}")


def _refuse_degenerate(name: str, sample: int, cloud: Array) -> None:
    spread = np.linalg.svd(cloud - cloud.mean(0), compute_uv=False)
    if spread[-1] <= 1e-6 * spread[0]:
        flat = {1: "coincide", 2: "lie on one line", 3: "lie on one plane"}.get(cloud.shape[1], "lie in a subspace")
        raise ControlPointsError(
            f"`{name}`: all {len(cloud)} control points of sample {sample} {flat}, from {_text(cloud[0])} to "
            f"{_text(cloud[-1])}, and determine no spline. Add points off it, or boundary points."
        )


def _text(point: Array) -> str:
    return "(" + ", ".join(f"{value:g}" for value in point) + ")"
