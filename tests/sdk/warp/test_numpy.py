"""The NumPy form of the warp against SciPy, against its defining property, and on bad arguments."""

import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from fsynth.errors import ArgumentError, ControlPointsError
from fsynth.warp.numpy import dense_image_warp, interpolate_spline, sparse_image_warp

KERNELS = {1: "linear", 2: "thin_plate_spline", 3: "cubic"}
# Pixels, against SciPy in float64.
TOLERANCE = {"float32": 2e-4, "float64": 1e-9}


@pytest.mark.requires_extra("train")
@pytest.mark.parametrize("smoothing", [0.0, 0.5])
@pytest.mark.parametrize("order", KERNELS)
@pytest.mark.parametrize("dimension", [2, 3])
def test_spline_is_scipys(dimension: int, order: int, smoothing: float) -> None:
    from scipy.interpolate import RBFInterpolator

    rng = np.random.default_rng(dimension)
    points, values = rng.normal(size=(2, 30, dimension)), rng.normal(size=(2, 30, 4))
    queries = rng.normal(size=(2, 50, dimension))
    ours = interpolate_spline(points, values, queries, order, smoothing)
    for sample in range(2):
        oracle = RBFInterpolator(points[sample], values[sample], kernel=KERNELS[order], degree=1, smoothing=smoothing)
        np.testing.assert_allclose(ours[sample], oracle(queries[sample]), rtol=0, atol=1e-9)


@pytest.mark.requires_extra("train")
@pytest.mark.parametrize("boundary", [0, 6])
@pytest.mark.parametrize("smoothing", [0.0, 3.0])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_flow_is_scipys(
    face_batch: Any, scipy_flow: Any, dtype: str, order: int, smoothing: float, boundary: int
) -> None:
    image, source, dest = face_batch(1, dtype)
    warped, flow = sparse_image_warp(
        image, source, dest, order=order, regularization=smoothing, boundary_points=boundary
    )
    oracle = scipy_flow(source[0], dest[0], 224, order, smoothing, boundary)
    assert warped.dtype == flow.dtype == dtype
    np.testing.assert_allclose(flow[0], oracle, rtol=0, atol=TOLERANCE[dtype])


def test_on_a_line_order_one_is_piecewise_linear() -> None:
    rng = np.random.default_rng(0)
    points, values, queries = rng.uniform(0, 9, (20, 1)), rng.normal(size=(20, 1)), rng.uniform(2, 7, (50, 1))
    order = points[:, 0].argsort()
    oracle = np.interp(queries[:, 0], points[order, 0], values[order, 0])
    np.testing.assert_allclose(interpolate_spline(points, values, queries)[:, 0], oracle, atol=1e-9)


def test_smoothing_smooths_at_every_order() -> None:
    rng = np.random.default_rng(0)
    points, values = rng.uniform(size=(40, 2)), rng.normal(size=(40, 1))
    for order in (1, 2, 3):
        rough, smooth = (interpolate_spline(points, values, points, order, strength) for strength in (0.0, 1e6))
        np.testing.assert_allclose(rough, values, atol=1e-8)
        plane = np.column_stack([points, np.ones(40)])
        np.testing.assert_allclose(smooth, plane @ np.linalg.lstsq(plane, values)[0], atol=1e-4)


def test_high_orders_pass_through_the_values() -> None:
    rng = np.random.default_rng(1)
    points, values = rng.uniform(size=(12, 2)), rng.normal(size=(12, 2))
    for order in (4, 5, 6):
        np.testing.assert_allclose(interpolate_spline(points, values, points, order), values, atol=1e-6)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("mode", ["exact", "fixed"])
def test_control_points_arrive_where_they_were_sent(face_points: Any, mode: str, order: int) -> None:
    rng = np.random.default_rng(2)
    dest = np.unique(face_points().round(), axis=0)
    source = dest + rng.integers(-4, 5, dest.shape)
    image = rng.uniform(size=(224, 224, 3))
    warped, flow = sparse_image_warp(image, source, dest, mode=mode, order=order)
    x, y = dest.astype(int).T
    source_x, source_y = source.astype(int).T
    np.testing.assert_allclose(warped[y, x], image[source_y, source_x], atol=1e-9)
    np.testing.assert_allclose(flow[y, x], dest - source, atol=1e-9)


def test_boundary_points_hold_the_border() -> None:
    image = np.random.default_rng(3).uniform(size=(61, 101, 1))
    dest = np.array([[50.0, 30.0], [40.0, 20.0], [60.0, 25.0]])
    _, flow = sparse_image_warp(image, dest - 5, dest, boundary_points=6)
    np.testing.assert_allclose(flow[[0, 0, -1, -1, 12, 30], [0, 20, 40, 100, 0, 0]][:-1], 0, atol=1e-9)
    assert np.abs(sparse_image_warp(image, dest - 5, dest, boundary_points=0)[1][0, 0]).min() > 1


# Mean and 99th percentile over pixels in px, worst of five faces whose landmarks move by 3 px (standard deviation).
@pytest.mark.parametrize(("stride", "mean", "high"), [(2, 0.002, 0.015), (4, 0.007, 0.06)])
@pytest.mark.parametrize("order", [1, 2])
def test_coarse_stays_within_its_bounds(face_batch: Any, order: int, stride: int, mean: float, high: float) -> None:
    image, source, dest = face_batch(5, "float64")
    exact = sparse_image_warp(image, source, dest, order=order)[1]
    coarse = sparse_image_warp(image, source, dest, order=order, mode="coarse", stride=stride)[1]
    error = np.linalg.norm(coarse - exact, axis=-1).reshape(5, -1)
    assert 0 < error.mean(1).max() < mean
    assert np.quantile(error, 0.99, axis=1).max() < high
    # On the grid's own nodes there is nothing to interpolate.
    np.testing.assert_allclose(coarse[:, ::stride, ::stride], exact[:, ::stride, ::stride], atol=1e-9)


def test_coarse_of_stride_one_is_exact(face_batch: Any) -> None:
    arguments = face_batch(1, "float64")
    exact, coarse = sparse_image_warp(*arguments), sparse_image_warp(*arguments, mode="coarse", stride=1)
    np.testing.assert_array_equal(coarse[1], exact[1])


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_fixed_is_exact(face_batch: Any, dtype: str) -> None:
    image, source, dest = face_batch(3, dtype)
    dest = dest[:1].repeat(3, 0)
    exact, fixed = (sparse_image_warp(image, source, dest, mode=mode)[1] for mode in ("exact", "fixed"))
    np.testing.assert_allclose(fixed, exact, rtol=0, atol=TOLERANCE[dtype])


def test_fixed_refuses_destinations_that_differ(face_batch: Any) -> None:
    with pytest.raises(ControlPointsError, match="`dest` differs between samples"):
        sparse_image_warp(*face_batch(2, "float32"), mode="fixed")


def test_a_single_sample_is_a_batch_of_one(face_batch: Any) -> None:
    batch = face_batch(2, "float32")
    warped, flow = sparse_image_warp(*batch)
    for sample in range(2):
        alone = sparse_image_warp(*(array[sample] for array in batch))
        np.testing.assert_array_equal(alone[0], warped[sample])
        np.testing.assert_array_equal(alone[1], flow[sample])
    np.testing.assert_array_equal(dense_image_warp(batch[0][0], flow[0]), warped[0])
    points, values = batch[1].astype(np.float64), batch[2]
    single = interpolate_spline(points[0], values[0], points[0] + 1)
    np.testing.assert_allclose(interpolate_spline(points, values, points + 1)[0], single, atol=1e-12)


def test_dense_warp_shifts_and_repeats_the_edge() -> None:
    image = np.arange(12.0).reshape(3, 4, 1)
    flow = np.zeros((3, 4, 2))
    flow[..., 0] = 1
    np.testing.assert_array_equal(dense_image_warp(image, flow)[..., 0], [[0, 0, 1, 2], [4, 4, 5, 6], [8, 8, 9, 10]])
    flow[...] = (0, -0.5)
    np.testing.assert_array_equal(dense_image_warp(image, flow)[..., 0], [[2, 3, 4, 5], [6, 7, 8, 9], [8, 9, 10, 11]])
    flow[...] = 1e9
    np.testing.assert_array_equal(dense_image_warp(image, flow), np.zeros_like(image))


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 5, 2), (5, 1, 2)])
def test_images_of_one_row_or_column(shape: tuple[int, int, int]) -> None:
    image = np.random.default_rng(4).uniform(size=shape)
    np.testing.assert_array_equal(dense_image_warp(image, np.zeros((*shape[:2], 2))), image)
    dest = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 4.0]])
    warped, _ = sparse_image_warp(image, dest, dest, boundary_points=0)
    np.testing.assert_allclose(warped, image)
    with pytest.raises(ArgumentError, match="at least 2x2 pixels"):
        sparse_image_warp(image, dest, dest, boundary_points=2)


def test_arguments_are_left_as_they_were(face_batch: Any) -> None:
    arguments = face_batch(1, "float32")
    copies = [array.copy() for array in arguments]
    for mode in ("exact", "coarse", "fixed"):
        sparse_image_warp(*arguments, mode=mode)
    for array, copy in zip(arguments, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


IMAGE, POINTS = np.zeros((8, 8, 1)), np.array([[1.0, 1.0], [6.0, 2.0], [3.0, 6.0]])
BAD_POINTS = [
    ([[1, 1], [6, 2], [1, 1]], {}, r"control points 0 and 2 of sample 0 coincide at \(1, 1\)"),
    ([[1, 1], [6, 2], [1, 1]], {"boundary_points": 0}, "control points 0 and 2 of sample 0 coincide"),
    ([[7, 7], [6, 2], [3, 6]], {}, "control point 0 of sample 0 coincides with a boundary point"),
    ([[1, 1], [2, 2], [5, 5]], {"boundary_points": 0}, "all 3 control points of sample 0 lie on one line"),
    ([[1, 1], [2, 2]], {"boundary_points": 0}, r"2 control point\(s\).*needs at least 3"),
    ([[1, 1], [2, np.nan], [5, 5]], {}, "not finite, the first is point 1 of sample 0"),
    ([[1, 1], [2, 3], [np.inf, 5]], {}, "not finite, the first is point 2 of sample 0"),
]


@pytest.mark.parametrize(("points", "options", "message"), BAD_POINTS)
def test_points_that_determine_no_spline_are_named(points: Any, options: dict[str, int], message: str) -> None:
    with pytest.raises(ControlPointsError, match=f"`dest`.*{message}"):
        sparse_image_warp(IMAGE, np.array(points, float), np.array(points, float), **options)  # type: ignore[arg-type]


def test_bad_source_and_spline_points_are_named() -> None:
    with pytest.raises(ControlPointsError, match=r"`source`.*not finite"):
        sparse_image_warp(IMAGE, POINTS * np.nan, POINTS)
    plane = np.random.default_rng(5).uniform(size=(1, 9, 3)) * (1, 1, 0)
    with pytest.raises(ControlPointsError, match="`train_points`: all 9 control points of sample 0 lie on one plane"):
        interpolate_spline(plane, plane, plane)
    with pytest.raises(ControlPointsError, match=r"`train_values`.*not finite"):
        interpolate_spline(POINTS, POINTS * np.inf, POINTS)


@pytest.mark.parametrize("order", [1, 2])
def test_smoothing_accepts_coinciding_points(order: int) -> None:
    points = np.concatenate([POINTS, POINTS[:1]])
    values = np.array([[0.0], [1.0], [2.0], [4.0]])
    result = interpolate_spline(points, values, points, order, 0.1)
    assert np.isfinite(result).all()
    assert 0 < result[0, 0] == pytest.approx(result[3, 0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": IMAGE[0]}, r"`image` must have shape \(B, H, W, C\), got \(8, 1\)"),
        (
            {"source": POINTS[:2]},
            r"`dest` must have shape \(N, 2\) with N = 2 as in the arguments before it, got \(3, 2\)",
        ),
        ({"dest": np.zeros((3, 3))}, r"`dest` must have shape \(N, 2\)"),
        ({"image": IMAGE.astype(np.uint8)}, "`image` must be an array of float32 or float64, got uint8"),
        ({"image": IMAGE.astype(np.float16)}, "`image` must be float32 or float64, got float16"),
        ({"source": POINTS.astype(str)}, "`source` must be an array of numbers"),
        ({"order": 0}, "`order` must be a positive integer, got 0"),
        ({"order": 1.5}, "`order` must be a positive integer, got 1.5"),
        ({"regularization": -1.0}, "`regularization` must be a finite number >= 0, got -1.0"),
        ({"regularization": float("nan")}, "`regularization` must be a finite number"),
        ({"boundary_points": 1}, "`boundary_points` .* must be 0 or an integer >= 2, got 1"),
        ({"mode": "fast"}, "`mode` must be one of exact, coarse, fixed, got 'fast'"),
        ({"mode": "coarse", "stride": 0}, "`stride` must be a positive integer, got 0"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, Any], message: str) -> None:
    arguments = {"image": IMAGE, "source": POINTS, "dest": POINTS, **change}
    with pytest.raises(ArgumentError, match=message):
        sparse_image_warp(arguments.pop("image"), arguments.pop("source"), arguments.pop("dest"), **arguments)


def test_bad_flows_are_named() -> None:
    with pytest.raises(ArgumentError, match=r"`flow` must have shape \(H, W, 2\) with H = 8"):
        dense_image_warp(IMAGE, np.zeros((7, 8, 2)))
    with pytest.raises(ArgumentError, match="`flow` has values that are not finite"):
        dense_image_warp(IMAGE, np.full((8, 8, 2), np.nan))


def test_importing_needs_numpy_alone() -> None:
    code = (
        "import sys; import fsynth.warp, fsynth.warp.numpy; "
        "print([name for name in ('keras', 'tensorflow', 'jax', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_keras_forms_name_the_extra_they_need() -> None:
    code = (
        "import sys; sys.modules['keras'] = None\n"
        "import fsynth.warp\n"
        "try: fsynth.warp.sparse_image_warp\n"
        "except fsynth.errors.EngineError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "fsynth[tensorflow]"' in done.stdout


def test_a_face_takes_milliseconds(face_batch: Any) -> None:
    """Ten times the time it takes: this catches a lost vectorisation, not a busy machine."""
    arguments = face_batch(1, "float32")
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        sparse_image_warp(*arguments)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.1
