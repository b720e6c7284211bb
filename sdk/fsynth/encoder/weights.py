"""Reads the weights of an embedded network out of its ONNX file, for the network's Keras form."""

from __future__ import annotations

import numpy as np

from fsynth import networks
from fsynth.errors import EngineError


def read_weights(name: str) -> dict[str, np.ndarray]:
    """The weights of the embedded network ``name`` by their names in the ONNX file, as float32.

    Raises:
        EngineError: the package ``onnx`` is not installed.
        WeightsError: the file is missing or damaged.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise EngineError(
            'The Keras form of an encoder needs the package onnx. Install it: pip install "fsynth[tensorflow]"'
        ) from error
    graph = onnx.load_from_string(networks.read_network(name)).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return {key: array.astype(np.float32) for key, array in arrays.items() if array.dtype.kind == "f"}
