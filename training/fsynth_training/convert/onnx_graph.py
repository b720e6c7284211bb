"""Writes an ONNX graph node by node, so that the same input gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17
_IR_VERSION = 9  # the highest that ONNX Runtime 1.20, the oldest that fsynth allows, surely reads


class GraphWriter:
    """Collects the nodes and constants of an ONNX graph in the order in which they are written."""

    def __init__(self) -> None:
        """An empty graph, whose input will be called ``image``."""
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, array: np.ndarray) -> str:
        """Store ``array``. float16 stays float16 in the file and becomes float32 when a session opens it."""
        array = np.ascontiguousarray(array)
        self._initializers.append(numpy_helper.from_array(array, name))
        if array.dtype == np.float16:
            return self.node("Cast", [name], f"{name}/float32", to=TensorProto.FLOAT)
        return name

    def int16(self, name: str, array: np.ndarray) -> str:
        """Store float ``array`` in 16-bit integers times one float32 scale for each index of the first axis.

        As small as float16 and, for weights, some six times closer. A session computes the product once, on opening.
        """
        scale = np.abs(array).max(axis=tuple(range(1, array.ndim)), keepdims=True) / np.float32(32767)
        scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
        integers = self.constant(name, np.rint(array / scale).astype(np.int16))
        value = self.node("Cast", [integers], f"{name}/float32", to=TensorProto.FLOAT)
        return self.node("Mul", [value, self.constant(f"{name}/scale", scale)], f"{name}/scaled")

    def scalar(self, name: str, value: float) -> str:
        """Store one float32."""
        return self.constant(name, np.asarray(value, np.float32))

    def node(self, op: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        """Append a node; returns ``output``, the name of its result."""
        self._nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def model(self, name: str, *, input_size: int, outputs: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
        """The finished model: ``image`` (N, ``input_size``, ``input_size``, 3) in; ``outputs``: shapes without N."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", input_size, input_size, 3])],
            [
                helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", *shape])
                for output, shape in outputs.items()
            ],
            self._initializers,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            producer_name="fsynth",
            ir_version=_IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return model
