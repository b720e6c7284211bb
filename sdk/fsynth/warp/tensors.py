"""Arguments of the Keras forms as tensors, and their values where they are known."""

from typing import Any

import keras
import numpy as np
from keras import ops

from fsynth.errors import ArgumentError
from fsynth.warp import checks

Array = np.ndarray[Any, np.dtype[Any]]


def dtype_of(tensor: Any) -> str:
    """The dtype's name, on every backend."""
    return str(keras.backend.standardize_dtype(tensor.dtype))


def float_tensor(name: str, value: Any, dtype: str | None = None, exact: bool = False) -> Any:
    """The argument as a float32 or float64 tensor, cast to ``dtype``; ``exact`` refuses integers."""
    try:
        tensor = ops.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"`{name}` must be an array of numbers, got {type(value).__name__}.") from error
    given = dtype_of(tensor)
    if not exact and given.startswith(("int", "uint")):
        tensor = ops.cast(tensor, dtype or "float32")
        given = dtype_of(tensor)
    checks.check_float(name, given)
    return tensor if dtype in (None, given) else ops.cast(tensor, dtype)


def known_value(tensor: Any) -> Array | None:
    """The tensor's value, or None inside a traced graph, where it is not known yet."""
    try:
        return np.asarray(ops.convert_to_numpy(tensor))
    except (NotImplementedError, TypeError, ValueError):  # what TensorFlow, JAX and Keras raise for a symbolic tensor
        return None
