"""Turns a TensorFlow.js graph into ONNX: images stay (N, H, W, C) outside, (N, C, H, W) inside, batch dynamic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx

from fsynth_training.convert.onnx_graph import GraphWriter
from fsynth_training.convert.tfjs import Graph, Node

_ELEMENTWISE = {"Add": "Add", "AddV2": "Add", "AddN": "Sum", "Mul": "Mul"}


@dataclass(frozen=True)
class Output:
    """A node of the TensorFlow.js graph that becomes an output, and its shape without the batch."""

    node: str
    shape: tuple[int, ...]


def to_onnx(graph: Graph, *, name: str, input_size: int, outputs: Mapping[str, Output]) -> onnx.ModelProto:
    """Convert the part of ``graph`` that ``outputs`` (by name in the ONNX file) needs.

    The one input is ``image``, (N, ``input_size``, ``input_size``, 3) float32. Raises ``ValueError`` for a node that
    has no counterpart here.
    """
    conversion = _Conversion(graph)
    for target, output in outputs.items():
        value = conversion.convert(output.node)
        if value in conversion.flat:
            shape = conversion.writer.constant(f"{target}/shape", np.array([0, *output.shape], np.int64))
            conversion.writer.node("Reshape", [value, shape], target)
        else:
            conversion.writer.node("Transpose", [value], target, perm=[0, 2, 3, 1])
    shapes = {target: output.shape for target, output in outputs.items()}
    return conversion.writer.model(name, input_size=input_size, outputs=shapes)


class _Conversion:
    """Walks a graph from its outputs; ``flat`` names the ONNX tensors that are no longer (N, C, H, W)."""

    def __init__(self, graph: Graph) -> None:
        self.writer = GraphWriter()
        self.flat: set[str] = set()
        self._constants = graph.constants
        self._nodes = {node.name: node for node in graph.nodes}
        self._done: dict[str, str] = {}

    def convert(self, name: str) -> str:
        """Write the node ``name`` after all that it needs; returns the name of the ONNX tensor with its value."""
        if name in self._constants:
            return name
        if name not in self._done:
            node = self._with_relu6(self._nodes[name])
            inputs = tuple(self.convert(source) for source in node.inputs)
            value = self._write(replace(node, inputs=inputs))
            if any(source in self.flat for source in inputs):
                self.flat.add(value)
            self._done[name] = value
        return self._done[name]

    def _with_relu6(self, node: Node) -> Node:
        """``max(min(relu(x), 6), 0)``, as Keras once wrote it, is one operation that runs faster."""
        lower = self._nodes.get(node.inputs[0]) if node.op == "Maximum" else None
        upper = self._nodes.get(lower.inputs[0]) if lower and lower.op == "Minimum" else None
        if lower and upper and upper.op == "Relu":
            limits = [self._constants.get(lower.inputs[1]), self._constants.get(node.inputs[1])]
            if [limit.ravel().tolist() for limit in limits if limit is not None] == [[6], [0]]:
                return Node(node.name, "Relu6", upper.inputs, {})
        return node

    def _write(self, node: Node) -> str:
        write = self.writer.node
        op = node.op
        if op == "Placeholder":
            return write("Transpose", ["image"], "image/nchw", perm=[0, 3, 1, 2])
        first = node.inputs[0]
        if op in ("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative"):
            return self._convolution(node)
        if op in _ELEMENTWISE:
            return write(_ELEMENTWISE[op], [self._operand(node, name) for name in node.inputs], node.name)
        if op == "Prelu":
            return write("PRelu", [first, self._operand(node, node.inputs[1])], node.name)
        if op in ("Relu", "Sigmoid", "Identity"):
            return write(op, [first], node.name)
        if op == "Relu6":
            return self._relu6(first, node.name)
        if op == "Conv2DBackpropInput":
            return self._transposed_convolution(node)
        if op in ("MaxPool", "AvgPool"):
            onnx_op = {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[op]
            return write(onnx_op, [first], node.name, kernel_shape=node.attributes["ksize"][1:3], **_window(node))
        if op == "Pad":
            before, after = self._constants[node.inputs[1]][[0, 3, 1, 2]].T
            pads = self.writer.constant(f"{node.name}/pads", np.concatenate([before, after]).astype(np.int64))
            return write("Pad", [first, pads], node.name)
        if op == "ResizeBilinear":
            return self._resize(node)
        if op == "Mean":
            self.flat.add(node.name)
            return write("ReduceMean", [first], node.name, axes=[2, 3], keepdims=0)
        if op == "Reshape":
            return self._reshape(node)
        raise ValueError(f"{node.name}: operation {op} is not supported")

    def _operand(self, node: Node, name: str) -> str:
        """An operand of an elementwise operation: per-channel constants broadcast over (C, 1, 1)."""
        if name not in self._constants:
            return name
        array = self._constants[name]
        if node.inputs[0] not in self.flat:
            array = array.reshape(-1, 1, 1) if array.size > 1 else array.reshape(())
        return self.writer.constant(f"{node.name}/{name}", array)

    def _relu6(self, value: str, output: str) -> str:
        limits = [self.writer.scalar(f"{output}/low", 0.0), self.writer.scalar(f"{output}/high", 6.0)]
        return self.writer.node("Clip", [value, *limits], output)

    def _convolution(self, node: Node) -> str:
        kernel = self._constants[node.inputs[1]]  # (h, w, in, out)
        height, width, channels = kernel.shape[:3]
        groups = 1
        if node.op == "DepthwiseConv2dNative":
            kernel, groups = kernel.reshape(height, width, 1, -1), channels
        inputs = [node.inputs[0], self.writer.constant(f"{node.name}/kernel", kernel.transpose(3, 2, 0, 1))]
        fused = list(node.attributes.get("fused_ops", []))
        if fused[:1] == ["BiasAdd"]:
            inputs.append(self.writer.constant(f"{node.name}/bias", self._constants[node.inputs[2]]))
            fused.pop(0)
        value = self.writer.node(
            "Conv", inputs, f"{node.name}/conv", group=groups, kernel_shape=[height, width], **_window(node)
        )
        if not fused:
            return value
        output = f"{node.name}/{fused[0]}"
        if fused == ["Relu"]:
            return self.writer.node("Relu", [value], output)
        if fused == ["Relu6"]:
            return self._relu6(value, output)
        if fused == ["Prelu"]:
            return self.writer.node("PRelu", [value, self._operand(node, node.inputs[3])], output)
        raise ValueError(f"{node.name}: fused operations {fused} are not supported")

    def _transposed_convolution(self, node: Node) -> str:
        kernel = self._constants[node.inputs[1]]  # (h, w, out, in)
        weights = self.writer.constant(f"{node.name}/kernel", kernel.transpose(3, 2, 0, 1))
        size = list(kernel.shape[:2])
        return self.writer.node(
            "ConvTranspose", [node.inputs[2], weights], f"{node.name}/conv", kernel_shape=size, **_window(node)
        )

    def _resize(self, node: Node) -> str:
        if node.attributes.get("align_corners") or not node.attributes.get("half_pixel_centers"):
            raise ValueError(f"{node.name}: only half-pixel centres are supported")
        sizes = self._constants[node.inputs[1]].astype(np.int64)
        shape = self.writer.node("Shape", [node.inputs[0]], f"{node.name}/shape", start=0, end=2)
        size = self.writer.constant(f"{node.name}/size", sizes)
        target = self.writer.node("Concat", [shape, size], f"{node.name}/target", axis=0)
        mode = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return self.writer.node("Resize", [node.inputs[0], "", "", target], node.name, **mode)

    def _reshape(self, node: Node) -> str:
        """A tensor of the file's order (N, H, W, C), reshaped behind N."""
        self.flat.add(node.name)
        image = self.writer.node("Transpose", [node.inputs[0]], f"{node.name}/nhwc", perm=[0, 2, 3, 1])
        target = [0, *self._constants[node.inputs[1]].tolist()[1:]]  # 0 keeps the batch
        shape = self.writer.constant(f"{node.name}/shape", np.asarray(target, np.int64))
        return self.writer.node("Reshape", [image, shape], node.name)


def _window(node: Node) -> dict[str, object]:
    padding = {"SAME": "SAME_UPPER", "VALID": "VALID"}[node.attributes["padding"]]
    return {"strides": node.attributes["strides"][1:3], "auto_pad": padding}
