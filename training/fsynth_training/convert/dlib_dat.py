"""Reads the layers of dlib's face recognition network from its ``.dat`` file.

dlib writes a network recursively, innermost layer first. A layer is its name (a length and ASCII), its settings and
its tensors. An integer is one byte with the number of bytes that follow (the highest bit is the sign), then those
bytes, least significant first. A tensor is a version (2), four sizes and its float32 values, little-endian.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# A length of one byte, and the name: the three kinds of layer that hold weights.
_LAYER = re.compile(rb"\x01(?:\x05con_4|\x07affine_|\x04fc_2)")


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer with weights: ``kind`` is "con", "affine" or "fc"; ``values`` its tensor, (samples, k, rows, columns).

    con: filters, then biases, in one flat tensor. affine: gamma, then beta. fc: (inputs, outputs, 1, 1).
    """

    kind: str
    values: np.ndarray


def read_layers(path: Path) -> list[Layer]:
    """The layers with weights in the order in which a forward pass uses them.

    Raises ``ValueError`` if a layer is not followed by a tensor, as in files of other versions of dlib.
    """
    data = path.read_bytes()
    layers = []
    match = _LAYER.search(data)
    while match:
        kind = match.group()[2:].decode().split("_")[0]
        offset = match.end()
        if kind == "fc":  # the numbers of outputs and inputs come first; the tensor's shape repeats them
            _, offset = _read_integer(data, offset)
            _, offset = _read_integer(data, offset)
        values, offset = _read_tensor(data, offset, path)
        layers.append(Layer(kind, values))
        match = _LAYER.search(data, offset)  # past the values, whose bytes could look like a name
    return layers


def _read_integer(data: bytes, offset: int) -> tuple[int, int]:
    """The integer at ``offset`` and the offset after it."""
    head = data[offset]
    end = offset + 1 + (head & 0x0F)
    value = int.from_bytes(data[offset + 1 : end], "little")
    return (-value if head & 0x80 else value), end


def _read_tensor(data: bytes, offset: int, path: Path) -> tuple[np.ndarray, int]:
    version, offset = _read_integer(data, offset)
    if version != 2:
        raise ValueError(f"{path.name}: a tensor of version {version}, expected 2, before byte {offset}")
    shape = []
    for _ in range(4):
        size, offset = _read_integer(data, offset)
        shape.append(size)
    count = int(np.prod(shape, dtype=np.int64))
    if min(shape) < 0 or offset + 4 * count > len(data):
        raise ValueError(f"{path.name}: a tensor of shape {tuple(shape)} before byte {offset} does not fit the file")
    return np.frombuffer(data, "<f4", count, offset).reshape(shape), offset + 4 * count
