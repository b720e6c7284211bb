"""What the Keras forms of the encoders share: the import, the weights of the ONNX file, and freezing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from fsynth import networks
from fsynth.errors import EngineError

if TYPE_CHECKING:
    import keras

_INSTALL = 'Install it: pip install "fsynth[tensorflow]"'


def import_keras() -> ModuleType:
    """Keras, or EngineError with the line that installs it."""
    try:
        import keras
    except ImportError as error:
        raise EngineError(
            f"The Keras form of an encoder needs Keras and a backend, and {error.name} is missing. {_INSTALL}"
        ) from error
    return keras


def read_weights(name: str) -> dict[str, np.ndarray]:
    """The weights of the embedded network ``name`` by their names in the ONNX file, as float32.

    16-bit integers come multiplied by their scale, as the network itself uses them.

    Raises:
        EngineError: the package ``onnx`` is not installed.
        WeightsError: the file is missing or damaged.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise EngineError(f"The Keras form of an encoder needs the package onnx. {_INSTALL}") from error
    graph = onnx.load_from_string(networks.read_network(name)).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = {}
    for key, array in arrays.items():
        if array.dtype.kind == "f":
            weights[key] = array.astype(np.float32)
        elif array.dtype == np.int16:
            weights[key] = array.astype(np.float32) * arrays[f"{key}/scale"]
    return weights


def freeze(model: keras.Model, parameters: Mapping[str, Sequence[np.ndarray]]) -> keras.Model:
    """``model`` with the arrays of ``parameters`` in the layers of those names, and nothing left to train."""
    for name, arrays in parameters.items():
        model.get_layer(name).set_weights(list(arrays))
    model.trainable = False
    return model
