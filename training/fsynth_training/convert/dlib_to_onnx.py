"""Turns dlib's face recognition network (a ResNet with 29 convolutions) into ONNX."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from fsynth_training.convert.dlib_dat import Layer
from fsynth_training.convert.onnx_graph import GraphWriter

INPUT_SIZE = 150

# Channels of the 14 residual blocks, and whether the block halves the image.
BLOCKS = (
    *[(32, False)] * 3,
    *[(64, True), (64, False), (64, False), (64, False)],
    *[(128, True), (128, False), (128, False)],
    *[(256, True), (256, False), (256, False)],
    (256, True),
)


def fold(layers: Sequence[Layer]) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Each convolution with the affine layer behind it as one convolution, and the last, fully connected layer.

    Returns:
        [(kernel (out, in, rows, columns), bias (out,)), ...] float32, and the matrix (256, 128) float32.

    Raises ``ValueError`` if the layers are not those of this network.
    """
    kinds = [layer.kind for layer in layers]
    shapes = [(32, 3, 7, 7)]
    for channels, _ in BLOCKS:
        shapes += [(channels, shapes[-1][0], 3, 3), (channels, channels, 3, 3)]
    if kinds != ["con", "affine"] * len(shapes) + ["fc"]:
        raise ValueError(f"these are not the layers of dlib's face recognition network: {', '.join(kinds)}")
    folded = []
    for shape, convolution, affine in zip(shapes, layers[0:-1:2], layers[1:-1:2], strict=True):
        kernel, bias = np.split(convolution.values.reshape(-1), [int(np.prod(shape))])
        gamma, beta = affine.values.reshape(2, shape[0])
        folded.append((kernel.reshape(shape) * gamma.reshape(-1, 1, 1, 1), bias * gamma + beta))
    return folded, layers[-1].values.reshape(256, 128)


def to_onnx(layers: Sequence[Layer], *, name: str) -> onnx.ModelProto:
    """The network as ONNX: ``image`` (N, 150, 150, 3) float32, (RGB - mean) / 256, to ``embedding`` (N, 128).

    Kernels and the matrix are stored in 16-bit integers, which moves the embedding by less than 1e-4 (float16 moves
    it by 2e-4); biases stay float32.
    """
    convolutions, matrix = fold(layers)
    writer = GraphWriter()
    count = 0

    def convolve(value: str, stride: int, padding: int) -> str:
        nonlocal count
        kernel, bias = convolutions[count]
        inputs = [
            value,
            writer.int16(f"conv_{count}/kernel", kernel),
            writer.constant(f"conv_{count}/bias", bias.astype(np.float32)),
        ]
        count += 1
        return writer.node("Conv", inputs, f"conv_{count - 1}", strides=[stride] * 2, pads=[padding] * 4)

    def pad(value: str, output: str, amounts: list[int]) -> str:
        return writer.node("Pad", [value, writer.constant(f"{output}/pads", np.array(amounts, np.int64))], output)

    value = writer.node("Transpose", ["image"], "image/nchw", perm=[0, 3, 1, 2])
    value = writer.node("Relu", [convolve(value, 2, 0)], "relu_0")
    value = writer.node("MaxPool", [value], "max_pool", kernel_shape=[3, 3], strides=[2, 2])
    size, width = (INPUT_SIZE - 7) // 2 + 1, 32
    size = (size - 3) // 2 + 1
    for index, (channels, halve) in enumerate(BLOCKS, start=1):
        shortcut = value
        value = writer.node("Relu", [convolve(value, 2 if halve else 1, 0 if halve else 1)], f"block_{index}/relu")
        value = convolve(value, 1, 1)
        if halve:
            # The branches differ in size and channels; dlib adds as if zeros stood where one of them has nothing.
            shortcut = writer.node(
                "AveragePool", [shortcut], f"block_{index}/pool", kernel_shape=[2, 2], strides=[2, 2]
            )
            pooled, convolved = (size - 2) // 2 + 1, (size - 3) // 2 + 1
            if channels > width:
                shortcut = pad(shortcut, f"block_{index}/shortcut", [0, 0, 0, 0, 0, channels - width, 0, 0])
            if pooled > convolved:
                value = pad(value, f"block_{index}/branch", [0] * 6 + [pooled - convolved] * 2)
            size, width = pooled, channels
        value = writer.node("Add", [value, shortcut], f"block_{index}/sum")
        value = writer.node("Relu", [value], f"block_{index}")
    value = writer.node("ReduceMean", [value], "pool", axes=[2, 3], keepdims=0)
    writer.node("MatMul", [value, writer.int16("matrix", matrix)], "embedding")
    return writer.model(name, input_size=INPUT_SIZE, outputs={"embedding": (128,)})
