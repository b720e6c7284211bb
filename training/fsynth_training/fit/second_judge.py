"""The second recogniser of a dataset as part of a loss: its ONNX file as differentiable TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import tensorflow as tf
from onnx import numpy_helper

from fsynth_training.dataset.second_encoder import MIDDLE, RANGE, SIZE
from fsynth_training.fit.errors import FitError


class SecondJudge:
    """Cosines between what the recogniser sees in chips and what it saw in photos, from the mean of all people.

    Args:
        network: the bytes of the ONNX file, (N,) uint8: convolutions, PReLU, sums and a last reshape or flatten.
        features: (M, K) of length 1, of as many people as there are.

    Raises:
        FitError: it has an operation that is not known here.
    """

    def __init__(self, network: np.ndarray, features: np.ndarray) -> None:
        self._graph = onnx.load_from_string(network.tobytes()).graph
        weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in self._graph.initializer}
        self._weights: dict[str, tf.Tensor] = {}
        for node in self._graph.node:
            self._keep_weights(node, weights)
        self._centre = tf.constant(features.mean(axis=0), tf.float32)

    def __call__(self, chips: tf.Tensor, goals: tf.Tensor) -> tf.Tensor:
        """Chips (B, S, S, 3), RGB 0..255, framed as the encoder's are, and goals (B, K) -> cosines (B,)."""
        if chips.shape[1] != SIZE:
            chips = tf.image.resize(chips, (SIZE, SIZE), antialias=True)
        seen = self._direction(self.embeddings(chips))
        return tf.reduce_sum(seen * self._direction(goals), -1)

    def embeddings(self, chips: tf.Tensor) -> tf.Tensor:
        """Chips (B, 112, 112, 3), RGB 0..255 -> (B, K)."""
        values = {self._graph.input[0].name: (chips - MIDDLE) / RANGE}
        for node in self._graph.node:
            values[node.output[0]] = self._run(node, [values.get(name) for name in node.input])
        return values[self._graph.output[0].name]

    def _direction(self, embeddings: tf.Tensor) -> tf.Tensor:
        return tf.math.l2_normalize(tf.math.l2_normalize(embeddings, -1) - self._centre, -1)

    def _keep_weights(self, node: onnx.NodeProto, weights: dict[str, np.ndarray]) -> None:
        """Those of ``node`` in TensorFlow's order; FitError if what it does is not known here."""
        if node.op_type == "Conv":
            about, kernel = _attributes(node), weights[node.input[1]]  # (out, in, rows, columns)
            depthwise = about.get("group", 1) > 1
            if (depthwise and kernel.shape[1] != 1) or len(set(about["pads"])) > 1 or set(about["dilations"]) != {1}:
                raise FitError(f"The second recogniser has a convolution {node.output[0]} of a kind that is not known.")
            order = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
            self._weights[node.input[1]] = tf.constant(kernel.transpose(order))
            bias = weights[node.input[2]] if len(node.input) > 2 else np.zeros(len(kernel), np.float32)
            self._weights[f"{node.input[1]}/bias"] = tf.constant(bias)
        elif node.op_type == "PRelu":
            self._weights[node.input[1]] = tf.constant(weights[node.input[1]].reshape(-1))
        elif node.op_type not in ("Add", "Reshape", "Flatten"):
            raise FitError(
                f"The second recogniser has the operation {node.op_type}, and fsynth knows Conv, PRelu, Add, Reshape "
                "and Flatten. Merge its batch normalisation into the convolutions, or fit with terms.second = 0."
            )

    def _run(self, node: onnx.NodeProto, inputs: list[Any]) -> tf.Tensor:
        first = inputs[0]
        if node.op_type == "Conv":
            about, kernel = _attributes(node), self._weights[node.input[1]]
            pad = about["pads"][0]
            convolve = tf.nn.depthwise_conv2d if about.get("group", 1) > 1 else tf.nn.conv2d
            padded = tf.pad(first, ((0, 0), (pad, pad), (pad, pad), (0, 0))) if pad else first
            return convolve(padded, kernel, (1, *about["strides"], 1), "VALID") + self._weights[f"{node.input[1]}/bias"]
        if node.op_type == "PRelu":
            return tf.nn.relu(first) - self._weights[node.input[1]] * tf.nn.relu(-first)
        if node.op_type == "Add":
            return first + inputs[1]
        return tf.reshape(tf.transpose(first, (0, 3, 1, 2)), (-1, int(np.prod(first.shape[1:]))))


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
