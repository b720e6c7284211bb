"""A recogniser of ArcFace's chip in a few numbers, with each operation that fsynth knows."""

from __future__ import annotations

import numpy as np


def small_recogniser(width: int = 6, last: str = "Reshape") -> bytes:
    """The content of its ONNX file: (1, 3, 112, 112) -> (1, ``width``). ``last`` is its last operation."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(4)
    weights = {
        "wide": rng.normal(0, 0.3, (4, 3, 3, 3)),
        "wide_bias": rng.normal(0, 0.3, 4),
        "slope": rng.uniform(0, 0.5, (4, 1, 1)),
        "each": rng.normal(0, 0.3, (4, 1, 3, 3)),
        "each_bias": rng.normal(0, 0.3, 4),
        "whole": rng.normal(0, 0.05, (width, 4, 28, 28)),
        "all": np.array([1, width]),
    }

    def convolution(name: str, value: str, output: str, *, pad: int, stride: int, group: int = 1) -> object:
        inputs = [value, name, f"{name}_bias"] if f"{name}_bias" in weights else [value, name]
        size = list(weights[name].shape[2:])
        about = {"kernel_shape": size, "pads": [pad] * 4, "strides": [stride] * 2, "dilations": [1, 1], "group": group}
        return helper.make_node("Conv", inputs, [output], **about)

    nodes = [
        convolution("wide", "chip", "a", pad=1, stride=4),
        helper.make_node("PRelu", ["a", "slope"], ["b"]),
        convolution("each", "b", "c", pad=1, stride=1, group=4),
        helper.make_node("Add", ["b", "c"], ["d"]),
        convolution("whole", "d", "e", pad=0, stride=1),
        helper.make_node(last, ["e", "all"] if last == "Reshape" else ["e"], ["embedding"]),
    ]
    kept = {name: array.astype(np.int64 if name == "all" else np.float32) for name, array in weights.items()}
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("chip", TensorProto.FLOAT, [1, 3, 112, 112])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, width])],
        [numpy_helper.from_array(array, name) for name, array in kept.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())
