"""Arguments of the Keras forms as tensors, and their values where they are known."""

from collections.abc import Callable
from typing import Any, TypeVar

import keras
import numpy as np
from keras import ops

from fsynth.errors import ArgumentError
from fsynth.warp import checks

Array = np.ndarray[Any, np.dtype[Any]]
Function = TypeVar("Function", bound=Callable[..., Any])


def without_autograph(function: Function) -> Function:
    """Keep TensorFlow's AutoGraph from rewriting the function inside a caller's ``tf.function``: it has no need to."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    return tf.autograph.experimental.do_not_convert(function)


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


def known_value(argument: Any, dtype: str) -> Array | None:
    """The argument's value, or None for a tensor of a traced graph, whose value is not known yet."""
    if keras.backend.backend() == "tensorflow" and ops.is_tensor(argument) and not hasattr(argument, "numpy"):
        return None
    try:
        return np.asarray(ops.convert_to_numpy(argument), dtype)
    except (NotImplementedError, TypeError, ValueError):  # a TensorFlow variable, a JAX tracer, a KerasTensor
        return None
