"""The keras.ops form of the warp: against SciPy and the NumPy form, its gradients, traced graphs, bad arguments."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fsynth.warp
import fsynth.warp.numpy
from fsynth.errors import ArgumentError, ControlPointsError

pytestmark = pytest.mark.requires_extra("train")

TOLERANCE = {"float32": 2e-4, "float64": 1e-9}
Array = np.ndarray[Any, np.dtype[Any]]


@pytest.fixture(scope="module")
def tf() -> Any:
    import tensorflow

    return tensorflow


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 3.0])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_flow_is_scipys(
    face_batch: Any, scipy_flow: Any, dtype: str, order: int, smoothing: float, jit_compile: bool
) -> None:
    image, source, dest = face_batch(2, dtype)
    _, flow = fsynth.warp.sparse_image_warp(
        image, source, dest, order=order, regularization=smoothing, boundary_points=5, jit_compile=jit_compile
    )
    for sample in range(2):
        oracle = scipy_flow(source[sample], dest[sample], 224, order, smoothing, 5)
        np.testing.assert_allclose(flow[sample], oracle, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
@pytest.mark.parametrize(("order", "kernel"), [(1, "linear"), (2, "thin_plate_spline"), (3, "cubic")])
def test_spline_in_three_dimensions_is_scipys(order: int, kernel: str, smoothing: float) -> None:
    from scipy.interpolate import RBFInterpolator

    rng = np.random.default_rng(order)
    points, values, queries = rng.normal(size=(2, 30, 3)), rng.normal(size=(2, 30, 4)), rng.normal(size=(2, 50, 3))
    ours = fsynth.warp.interpolate_spline(points, values, queries, order, smoothing)
    for sample in range(2):
        oracle = RBFInterpolator(points[sample], values[sample], kernel=kernel, degree=1, smoothing=smoothing)
        np.testing.assert_allclose(ours[sample], oracle(queries[sample]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("options", [{}, {"order": 2}, {"mode": "coarse"}, {"mode": "fixed"}, {"boundary_points": 0}])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_numpy_form_agrees(face_batch: Any, options: dict[str, Any], jit_compile: bool) -> None:
    image, source, dest = face_batch(2, "float64")
    if options.get("mode") == "fixed":
        dest = dest[:1].repeat(2, 0)
    ours = fsynth.warp.sparse_image_warp(image, source, dest, jit_compile=jit_compile, **options)
    theirs = fsynth.warp.numpy.sparse_image_warp(image, source, dest, **options)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)
    np.testing.assert_allclose(fsynth.warp.dense_image_warp(image, theirs[1]), theirs[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_control_points_arrive_where_they_were_sent(face_points: Any, order: int) -> None:
    rng = np.random.default_rng(2)
    dest = np.unique(face_points().round(), axis=0)
    source = dest + rng.integers(-4, 5, dest.shape)
    image = rng.uniform(size=(1, 224, 224, 3))
    warped, _ = fsynth.warp.sparse_image_warp(image, source[None], dest[None], order=order)
    x, y = dest.astype(int).T
    source_x, source_y = source.astype(int).T
    np.testing.assert_allclose(warped.numpy()[0, y, x], image[0, source_y, source_x], atol=1e-9)


def small_scene() -> tuple[Array, Array, Array]:
    """Two 14 x 17 images with five control points, one on a pixel (r = 0 there), moved by less than a pixel."""
    rng = np.random.default_rng(7)
    image = rng.uniform(size=(2, 14, 17, 2))
    dest = np.array([[4.0, 5.0], [11.3, 4.2], [8.1, 7.7], [5.4, 10.2], [12.6, 9.9]]) + np.zeros((2, 1, 1))
    return image, dest + rng.uniform(-0.8, 0.8, dest.shape), dest


def central_differences(function: Callable[[Array], float], at: Array, step: float = 1e-6) -> Array:
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        shift = np.zeros_like(at)
        shift[index] = step
        gradient[index] = (function(at + shift) - function(at - shift)) / (2 * step)
    return gradient


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("mode", ["exact", "coarse", "fixed"])
def test_gradients_are_central_differences(tf: Any, mode: str, order: int, smoothing: float) -> None:
    """Of warped image and flow, inside a border of two pixels: beyond it the edge is repeated, and has a kink."""
    arrays = small_scene()
    rng = np.random.default_rng(8)
    image_weights, flow_weights = np.zeros((2, 14, 17, 2)), np.zeros((2, 14, 17, 2))
    image_weights[:, 2:-2, 2:-2] = rng.normal(size=(2, 10, 13, 2))
    flow_weights[:, 2:-2, 2:-2] = rng.normal(size=(2, 10, 13, 2))
    options = {"order": order, "regularization": smoothing, "boundary_points": 3, "mode": mode}

    def loss(image: Array, source: Array, dest: Array) -> float:
        warped, flow = fsynth.warp.numpy.sparse_image_warp(image, source, dest, **options)  # type: ignore[arg-type]
        return float((warped * image_weights).sum() + (flow * flow_weights).sum())

    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        warped, flow = fsynth.warp.sparse_image_warp(*tensors, **options)
        total = tf.reduce_sum(warped * image_weights) + tf.reduce_sum(flow * flow_weights)
    gradients = tape.gradient(total, tensors)
    image, source, dest = arrays
    np.testing.assert_allclose(total, loss(*arrays), rtol=1e-12)
    np.testing.assert_allclose(
        gradients[0][0, :, :6],
        central_differences(lambda part: loss(with_part(image, part), source, dest), image[0, :, :6]),
        atol=1e-6,
    )
    np.testing.assert_allclose(gradients[1], central_differences(lambda at: loss(image, at, dest), source), atol=1e-6)
    if mode == "fixed":
        return  # its destinations are constants
    np.testing.assert_allclose(gradients[2], central_differences(lambda at: loss(image, source, at), dest), atol=1e-6)


def with_part(image: Array, part: Array) -> Array:
    changed = image.copy()
    changed[0, :, :6] = part
    return changed


@pytest.mark.parametrize("order", [1, 2, 3])
def test_spline_gradients_are_central_differences(tf: Any, order: int) -> None:
    rng = np.random.default_rng(9)
    points, values = rng.uniform(size=(1, 8, 3)), rng.normal(size=(1, 8, 2))
    queries = rng.uniform(size=(1, 5, 3))
    weights = rng.normal(size=(1, 5, 2))

    def loss(*arguments: Array) -> float:
        return float((fsynth.warp.numpy.interpolate_spline(*arguments, order, 0.1) * weights).sum())

    tensors = [tf.constant(array) for array in (points, values, queries)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        total = tf.reduce_sum(fsynth.warp.interpolate_spline(*tensors, order, 0.1) * weights)
    gradients = tape.gradient(total, tensors)
    for gradient, numeric in zip(
        gradients,
        (
            central_differences(lambda at: loss(at, values, queries), points),
            central_differences(lambda at: loss(points, at, queries), values),
            central_differences(lambda at: loss(points, values, at), queries),
        ),
        strict=True,
    ):
        np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_gradients_are_finite_where_points_and_queries_coincide(tf: Any, dtype: str, order: int) -> None:
    rng = np.random.default_rng(10)
    points = tf.constant(rng.integers(0, 50, (1, 9, 2)).astype(dtype))
    values = tf.constant(rng.normal(size=(1, 9, 1)).astype(dtype))
    with tf.GradientTape() as tape:
        tape.watch([points, values])
        result = tf.reduce_sum(fsynth.warp.interpolate_spline(points, values, points, order) ** 2)
    for gradient in tape.gradient(result, [points, values]):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() < 100


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("mode", ["exact", "coarse"])
def test_batch_points_and_image_size_may_be_dynamic(tf: Any, mode: str, jit_compile: bool) -> None:
    specs = [tf.TensorSpec([None, None, None, None]), tf.TensorSpec([None, None, 2]), tf.TensorSpec([None, None, 2])]

    @tf.function(input_signature=specs)  # type: ignore[untyped-decorator]
    def warp(image: Any, source: Any, dest: Any) -> Any:
        return fsynth.warp.sparse_image_warp(
            image, source, dest, mode=mode, regularization=0.1, jit_compile=jit_compile
        )

    rng = np.random.default_rng(11)
    for batch, count, height, width, channels in ((1, 5, 20, 31, 3), (3, 8, 33, 16, 1)):
        image = rng.uniform(size=(batch, height, width, channels)).astype(np.float32)
        dest = rng.uniform(2, 14, (batch, count, 2)).astype(np.float32)
        source = dest + rng.normal(size=dest.shape).astype(np.float32)
        expected = fsynth.warp.numpy.sparse_image_warp(image, source, dest, mode=mode, regularization=0.1)
        for one, other in zip(warp(image, source, dest), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


def test_the_whole_call_compiles_with_its_gradient(tf: Any, face_batch: Any) -> None:
    arrays = face_batch(2, "float32")

    def value_and_gradient(*tensors: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            warped, flow = fsynth.warp.sparse_image_warp(*tensors)
            total = tf.reduce_mean(warped**2) + tf.reduce_mean(flow**2)
        return total, tape.gradient(total, tensors)

    tensors = [tf.constant(array) for array in arrays]
    total, gradients = value_and_gradient(*tensors)
    compiled_total, compiled = tf.function(value_and_gradient, jit_compile=True)(*tensors)
    np.testing.assert_allclose(compiled_total, total, rtol=1e-4)
    for one, other in zip(compiled, gradients, strict=True):
        assert np.linalg.norm(one - other) < 1e-3 * np.linalg.norm(other)


def test_fixed_takes_a_constant_inside_a_graph(tf: Any, face_batch: Any) -> None:
    image, source, dest = face_batch(2, "float32")
    dest = dest[:1].repeat(2, 0)
    warp = tf.function(lambda image, source: fsynth.warp.sparse_image_warp(image, source, dest, mode="fixed"))
    expected = fsynth.warp.numpy.sparse_image_warp(image, source, dest)
    np.testing.assert_allclose(warp(image, source)[1], expected[1], rtol=0, atol=2e-4)


def test_fixed_is_refused_elsewhere(tf: Any, face_batch: Any) -> None:
    image, source, dest = face_batch(2, "float32")
    with pytest.raises(ControlPointsError, match="`dest` differs between samples"):
        fsynth.warp.sparse_image_warp(image, source, dest, mode="fixed")

    def warp(image: Any, source: Any, dest: Any) -> Any:
        return fsynth.warp.sparse_image_warp(image, source, dest, mode="fixed")

    with pytest.raises(ArgumentError, match="`dest` must be a constant in mode 'fixed'"):
        tf.function(warp, autograph=False)(*(tf.constant(array) for array in (image, source, dest)))
    of_any_size = tf.function(
        lambda image, source: fsynth.warp.sparse_image_warp(image, source, dest[:1], mode="fixed"),
        autograph=False,
        input_signature=[tf.TensorSpec([1, None, None, 3]), tf.TensorSpec([1, 65, 2])],
    )
    with pytest.raises(ArgumentError, match="`image` must have a known height and width"):
        of_any_size(image[:1], source[:1])


POINTS = np.array([[[1.0, 1.0], [6.0, 2.0], [3.0, 6.0]]], np.float32)
IMAGE = np.zeros((1, 8, 8, 1), np.float32)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"dest": POINTS[:, [0, 1, 0]]}, ControlPointsError, "`dest`: control points 0 and 2 of sample 0 coincide"),
        ({"dest": POINTS * 0 + [[[0], [1], [2]]], "boundary_points": 0}, ControlPointsError, "lie on one line"),
        ({"dest": POINTS * np.nan}, ControlPointsError, r"`dest` has 3 control point\(s\) that are not finite"),
        ({"source": POINTS * np.inf}, ControlPointsError, "`source` has 3"),
        (
            {"source": POINTS[:, :2], "dest": POINTS[:, :2], "boundary_points": 0},
            ControlPointsError,
            "needs at least 3",
        ),
        ({"image": IMAGE[0]}, ArgumentError, r"`image` must have shape \(B, H, W, C\), got \(8, 8, 1\)"),
        ({"source": POINTS[:, :2]}, ArgumentError, r"`dest` must have shape \(B, N, 2\) with N = 2"),
        ({"dest": POINTS.repeat(2, 0)}, ArgumentError, r"`dest` must have shape \(B, N, 2\) with B = 1"),
        ({"image": IMAGE.astype(np.uint8)}, ArgumentError, "`image` must be float32 or float64, got uint8"),
        ({"image": None}, ArgumentError, "`image` must be an array of numbers, got NoneType"),
        ({"order": -1}, ArgumentError, "`order` must be a positive integer"),
        ({"regularization": -0.1}, ArgumentError, "`regularization` must be a finite number >= 0"),
        ({"boundary_points": 1}, ArgumentError, "`boundary_points`"),
        ({"image": IMAGE[:, :1]}, ArgumentError, "at least 2x2 pixels"),
        ({"mode": "best"}, ArgumentError, "`mode` must be one of"),
        ({"stride": 0}, ArgumentError, "`stride` must be a positive integer"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, Any], error: type[Exception], message: str) -> None:
    arguments = {"image": IMAGE, "source": POINTS, "dest": POINTS, **change}
    with pytest.raises(error, match=message):
        fsynth.warp.sparse_image_warp(**arguments)


def test_integer_points_and_lists_are_taken() -> None:
    points = [[[1, 1], [6, 2], [3, 6]]]
    expected = fsynth.warp.numpy.sparse_image_warp(IMAGE, POINTS, POINTS + 1)[1]
    flow = fsynth.warp.sparse_image_warp(IMAGE, points, (POINTS + 1).astype(np.int64))[1]
    np.testing.assert_allclose(flow, expected, rtol=0, atol=1e-4)


def test_positions_that_are_not_numbers_do_not_leave_the_image(tf: Any) -> None:
    warped = fsynth.warp.dense_image_warp(tf.ones((1, 4, 5, 1)), tf.fill((1, 4, 5, 2), np.float32(np.nan)))
    assert warped.shape == (1, 4, 5, 1)
