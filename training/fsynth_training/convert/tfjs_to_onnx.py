"""Turns a TensorFlow.js graph into ONNX: images stay (N, H, W, C) outside, (N, C, H, W) inside, batch dynamic."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fsynth_training.convert.tfjs import Graph, Node

OPSET = 17


class _Writer:
    """Collects ONNX nodes and initializers while the graph is walked; ``shapes`` tracks tensors that are not images."""

    def __init__(self, graph: Graph) -> None:
        self.constants = graph.constants
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.flat: set[str] = set()  # tensors that are no longer (N, C, H, W)

    def constant(self, name: str, array: np.ndarray) -> str:
        """Store ``array``; float16 is stored as such and cast when the session folds constants."""
        array = np.ascontiguousarray(array)
        self.initializers.append(numpy_helper.from_array(array, name))
        if array.dtype == np.float16:
            self.node("Cast", [name], f"{name}/float32", to=TensorProto.FLOAT)
            return f"{name}/float32"
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def operand(self, node: Node, name: str) -> str:
        """An operand of an elementwise operation: per-channel constants broadcast over (C, 1, 1)."""
        if name not in self.constants:
            return name
        array = self.constants[name]
        if node.inputs[0] in self.flat:
            return self.constant(f"{node.name}/{name}", array)
        channels = array.reshape(-1, 1, 1) if array.size > 1 else array.reshape(())
        return self.constant(f"{node.name}/{name}", channels)

    def activation(self, node: Node, value: str, kind: str) -> str:
        output = f"{node.name}/{kind}"
        if kind == "Relu":
            return self.node("Relu", [value], output)
        if kind == "Relu6":
            return self.node("Clip", [value, self.scalar(output, 0.0, "low"), self.scalar(output, 6.0, "high")], output)
        if kind == "Prelu":
            return self.node("PRelu", [value, self.operand(node, node.inputs[3])], output)
        raise ValueError(f"{node.name}: fused activation {kind} is not supported")

    def scalar(self, owner: str, value: float, which: str) -> str:
        return self.constant(f"{owner}/{which}", np.asarray(value, np.float32))

    def convolution(self, node: Node) -> str:
        kernel = self.constants[node.inputs[1]]
        height, width = kernel.shape[:2]
        if node.op == "DepthwiseConv2dNative":
            channels = kernel.shape[2]
            kernel = kernel.reshape(height, width, 1, channels * kernel.shape[3])
        else:
            channels = 1
        inputs = [node.inputs[0], self.constant(f"{node.name}/kernel", kernel.transpose(3, 2, 0, 1))]
        fused = list(node.attributes.get("fused_ops", []))
        if fused[:1] == ["BiasAdd"]:
            inputs.append(self.constant(f"{node.name}/bias", self.constants[node.inputs[2]]))
        value = self.node(
            "Conv", inputs, f"{node.name}/conv", group=channels, kernel_shape=[height, width], **_window(node)
        )
        for kind in fused[1:]:
            value = self.activation(node, value, kind)
        return value

    def transposed_convolution(self, node: Node) -> str:
        kernel = self.constants[node.inputs[1]]  # (h, w, out, in)
        weights = self.constant(f"{node.name}/kernel", kernel.transpose(3, 2, 0, 1))
        return self.node(
            "ConvTranspose",
            [node.inputs[2], weights],
            f"{node.name}/conv",
            kernel_shape=list(kernel.shape[:2]),
            **_window(node),
        )

    def convert(self, node: Node) -> str:
        """Write ``node``; returns the name of the ONNX tensor that holds its value."""
        op, first = node.op, node.inputs[0]
        elementwise = {"Add": "Add", "AddV2": "Add", "AddN": "Sum", "Mul": "Mul", "Minimum": "Min", "Maximum": "Max"}
        if op in ("Conv2D", "_FusedConv2D", "DepthwiseConv2dNative"):
            return self.convolution(node)
        if op == "Conv2DBackpropInput":
            return self.transposed_convolution(node)
        if op in elementwise:
            return self.node(elementwise[op], [self.operand(node, name) for name in node.inputs], node.name)
        if op == "Prelu":
            return self.node("PRelu", [first, self.operand(node, node.inputs[1])], node.name)
        if op in ("Relu", "Sigmoid", "Identity"):
            return self.node(op, [first], node.name)
        if op == "Relu6":
            return self.activation(node, first, "Relu6")
        if op in ("MaxPool", "AvgPool"):
            onnx_op = {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[op]
            return self.node(onnx_op, [first], node.name, kernel_shape=node.attributes["ksize"][1:3], **_window(node))
        if op == "Pad":
            before, after = self.constants[node.inputs[1]][[0, 3, 1, 2]].T
            pads = self.constant(f"{node.name}/pads", np.concatenate([before, after]).astype(np.int64))
            return self.node("Pad", [first, pads], node.name)
        if op == "ResizeBilinear":
            return self.resize(node)
        if op == "Mean":
            self.flat.add(node.name)
            return self.node("ReduceMean", [first], node.name, axes=[2, 3], keepdims=0)
        if op == "Reshape":
            self.flat.add(node.name)
            last_first = self.node("Transpose", [first], f"{node.name}/nhwc", perm=[0, 2, 3, 1])
            target = [0, *self.constants[node.inputs[1]].tolist()[1:]]  # 0 keeps the batch
            shape = self.constant(f"{node.name}/shape", np.asarray(target, np.int64))
            return self.node("Reshape", [last_first, shape], node.name)
        raise ValueError(f"{node.name}: operation {op} is not supported")

    def resize(self, node: Node) -> str:
        sizes = self.constants[node.inputs[1]].astype(np.int64)
        shape = self.node("Shape", [node.inputs[0]], f"{node.name}/shape", start=0, end=2)
        target = self.node("Concat", [shape, self.constant(f"{node.name}/size", sizes)], f"{node.name}/target", axis=0)
        return self.node(
            "Resize",
            [node.inputs[0], "", "", target],
            node.name,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )


def _window(node: Node) -> dict[str, object]:
    padding = {"SAME": "SAME_UPPER", "VALID": "VALID"}[node.attributes["padding"]]
    return {"strides": node.attributes["strides"][1:3], "auto_pad": padding}


def to_onnx(graph: Graph, *, name: str, input_size: int, outputs: Mapping[str, str]) -> onnx.ModelProto:
    """Convert the part of ``graph`` that ``outputs`` needs.

    ``outputs`` maps names of graph nodes to names of the ONNX outputs. The one input is ``image``,
    (N, ``input_size``, ``input_size``, 3) float32.
    """
    by_name = {node.name: node for node in graph.nodes}
    writer = _Writer(graph)
    tensors: dict[str, str] = {}

    def visit(node_name: str) -> None:
        if node_name in tensors or node_name in graph.constants:
            return
        node = by_name[node_name]
        if node.op == "Placeholder":
            tensors[node_name] = writer.node("Transpose", ["image"], "image/nchw", perm=[0, 3, 1, 2])
            return
        for source in node.inputs:
            visit(source)
        if node.inputs[0] in writer.flat:
            writer.flat.add(node_name)
        renamed = Node(node.name, node.op, tuple(tensors.get(i, i) for i in node.inputs), node.attributes)
        writer.flat |= {tensors[i] for i in node.inputs if i in writer.flat}
        tensors[node_name] = writer.convert(renamed)

    for source, target in outputs.items():
        visit(source)
        if source in writer.flat:
            writer.node("Identity", [tensors[source]], target)
        else:
            writer.node("Transpose", [tensors[source]], target, perm=[0, 2, 3, 1])
    size = ["batch", input_size, input_size, 3]
    onnx_graph = helper.make_graph(
        writer.nodes,
        name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, size)],
        [helper.make_tensor_value_info(target, TensorProto.FLOAT, None) for target in outputs.values()],
        writer.initializers,
    )
    model = helper.make_model(
        onnx_graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="fsynth", ir_version=9
    )
    model = onnx.shape_inference.infer_shapes(model)
    onnx.checker.check_model(model)
    return model
