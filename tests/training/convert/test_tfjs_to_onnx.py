"""Each operation, converted, against TensorFlow's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest

from fsynth_training.convert.tfjs import Graph, Node

pytestmark = pytest.mark.requires_extra("tensorflow")

SIZE = 11  # odd, so that SAME with stride 2 pads unevenly in some places and evenly in others
IMAGE = np.random.default_rng(0).normal(size=(2, SIZE, SIZE, 4)).astype(np.float32)


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


# The networks' images have three channels; the first convolution makes four of them.
LIFT = weights(1, 1, 3, 4)


def run(nodes: list[Node], constants: dict[str, np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """What the converted graph makes of (2, 11, 11, 3) images; its nodes begin with the four-channel "x"."""
    from fsynth_training.convert.tfjs_to_onnx import Output, to_onnx

    lift = Node("x", "Conv2D", ("image", "lift"), {"strides": [1, 1, 1, 1], "padding": "SAME"})
    graph = Graph((Node("image", "Placeholder", (), {}), lift, *nodes), {"lift": LIFT, **constants})
    model = to_onnx(graph, name="test", input_size=SIZE, outputs={"out": Output(nodes[-1].name, shape)})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.get_outputs()[0].shape == ["batch", *shape]
    return np.asarray(session.run(["out"], {"image": IMAGE[..., :3]})[0])


def lifted() -> np.ndarray:
    return IMAGE[..., :3] @ LIFT[0, 0]


def window(stride: int, padding: str, **others: Any) -> dict[str, Any]:
    return {"strides": [1, stride, stride, 1], "padding": padding, **others}


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [2, 3, 5])
def test_convolutions(size: int, stride: int, padding: str) -> None:
    import tensorflow as tf

    kernel, depthwise = weights(size, size, 4, 5), weights(size, size, 4, 1)
    expected = tf.nn.conv2d(lifted(), kernel, stride, padding).numpy()
    node = Node("y", "Conv2D", ("x", "k"), window(stride, padding))
    np.testing.assert_allclose(run([node], {"k": kernel}, expected.shape[1:]), expected, atol=1e-4)
    expected = tf.nn.depthwise_conv2d(lifted(), depthwise, [1, stride, stride, 1], padding).numpy()
    node = Node("y", "DepthwiseConv2dNative", ("x", "k"), window(stride, padding))
    np.testing.assert_allclose(run([node], {"k": depthwise}, expected.shape[1:]), expected, atol=1e-4)


@pytest.mark.parametrize("activation", [None, "Relu", "Relu6", "Prelu"])
def test_fused_convolutions(activation: str | None) -> None:
    kernel, bias, alpha = weights(1, 1, 4, 5) * 4, weights(5), weights(1, 1, 5)
    inputs = ("x", "k", "b", "a") if activation == "Prelu" else ("x", "k", "b")
    fused = ["BiasAdd"] if activation is None else ["BiasAdd", activation]
    node = Node("y", "_FusedConv2D", inputs, window(1, "SAME", fused_ops=fused))
    plain = lifted() @ kernel[0, 0] + bias
    functions = {
        None: plain,
        "Relu": np.maximum(plain, 0),
        "Relu6": np.clip(plain, 0, 6),
        "Prelu": np.where(plain > 0, plain, alpha * plain),
    }
    found = run([node], {"k": kernel, "b": bias, "a": alpha}, (SIZE, SIZE, 5))
    np.testing.assert_allclose(found, functions[activation], atol=1e-4)


@pytest.mark.parametrize("op", ["MaxPool", "AvgPool"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_pooling(op: str, padding: str) -> None:
    import tensorflow as tf

    function = {"MaxPool": tf.nn.max_pool2d, "AvgPool": tf.nn.avg_pool2d}[op]
    expected = function(lifted(), 2, 2, padding).numpy()
    found = run([Node("y", op, ("x",), window(2, padding, ksize=[1, 2, 2, 1]))], {}, expected.shape[1:])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_transposed_convolution() -> None:
    import tensorflow as tf

    kernel = weights(2, 2, 5, 4)
    expected = tf.nn.conv2d_transpose(lifted(), kernel, [2, 22, 22, 5], 2, "SAME").numpy()
    node = Node("y", "Conv2DBackpropInput", ("shape", "k", "x"), window(2, "SAME"))
    found = run([node], {"k": kernel, "shape": np.array([1, 22, 22, 5], np.int32)}, (22, 22, 5))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_resizing() -> None:
    import tensorflow as tf

    expected = tf.image.resize(lifted(), [22, 30]).numpy()
    attributes = {"half_pixel_centers": True, "align_corners": False}
    node = Node("y", "ResizeBilinear", ("x", "size"), attributes)
    found = run([node], {"size": np.array([22, 30], np.int32)}, (22, 30, 4))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    with pytest.raises(ValueError, match="only half-pixel centres"):
        run([Node("y", "ResizeBilinear", ("x", "size"), {})], {"size": np.array([22, 30], np.int32)}, (22, 30, 4))


def test_padding() -> None:
    amounts = np.array([[0, 0], [1, 2], [3, 0], [0, 4]], np.int32)
    found = run([Node("y", "Pad", ("x", "p"), {})], {"p": amounts}, (14, 14, 8))
    np.testing.assert_allclose(found, np.pad(lifted(), amounts), atol=1e-5)


def test_elementwise_with_constants_and_tensors() -> None:
    scale, shift = weights(4), weights(1, 1, 4)
    nodes = [
        Node("a", "Mul", ("x", "scale"), {}),
        Node("b", "AddV2", ("a", "shift"), {}),
        Node("c", "AddN", ("a", "b", "x"), {}),
        Node("y", "Sigmoid", ("c",), {}),
    ]
    x = lifted()
    expected = 1 / (1 + np.exp(-(2 * x * scale + shift[0, 0] + x)))
    found = run(nodes, {"scale": scale, "shift": shift}, (SIZE, SIZE, 4))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_mean_and_what_follows_it() -> None:
    shift = weights(4)
    nodes = [Node("m", "Mean", ("x", "axes"), {}), Node("y", "Add", ("m", "shift"), {})]
    found = run(nodes, {"axes": np.array([1, 2], np.int32), "shift": shift}, (4,))
    np.testing.assert_allclose(found, lifted().mean(axis=(1, 2)) + shift, atol=1e-5)


def test_reshape_reads_pixels_before_channels() -> None:
    found = run([Node("y", "Reshape", ("x", "s"), {})], {"s": np.array([1, 121, 4], np.int32)}, (121, 4))
    np.testing.assert_allclose(found, lifted().reshape(2, 121, 4), atol=1e-5)


CLIPPED_RELU = [
    Node("r", "Relu", ("x",), {}),
    Node("n", "Minimum", ("r", "high"), {}),
    Node("y", "Maximum", ("n", "low"), {}),
]


def test_clip_of_a_relu_becomes_one_operation() -> None:
    limits = {"low": np.zeros(1, np.float16), "high": np.full((), 6, np.float16)}
    found = run(CLIPPED_RELU, {**limits, "lift": 5 * LIFT}, (SIZE, SIZE, 4))
    expected = np.clip(5 * lifted(), 0, 6)
    assert set(np.unique(expected)) >= {0, 6}
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_other_clips_are_refused() -> None:
    limits = {"low": np.zeros(1, np.float16), "high": np.full(1, 5, np.float16)}
    with pytest.raises(ValueError, match="n: operation Minimum is not supported"):
        run(CLIPPED_RELU, limits, (SIZE, SIZE, 4))


def test_unknown_operations_are_refused() -> None:
    with pytest.raises(ValueError, match="y: operation Einsum is not supported"):
        run([Node("y", "Einsum", ("x",), {})], {}, (SIZE, SIZE, 4))
    with pytest.raises(ValueError, match=r"y: fused operations \['Elu'\] are not supported"):
        run([Node("y", "_FusedConv2D", ("x", "k"), window(1, "SAME", fused_ops=["Elu"]))], {"k": LIFT}, (11, 11, 4))


def test_wrong_declared_shape_is_refused() -> None:
    from onnx.shape_inference import InferenceError

    with pytest.raises(InferenceError, match="shape"):
        run([Node("y", "Relu", ("x",), {})], {}, (SIZE, SIZE, 5))
