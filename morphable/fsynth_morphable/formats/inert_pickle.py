"""Reads arrays out of pickles without running anything that they ask for.

A pickle is a program that may call any function there is. Here it finds none but the stand-ins below, which take
notes: arrays are rebuilt from their bytes alone, and objects of the few classes that FLAME's files have (of chumpy and
scipy.sparse) become ``Inert``. Whatever else a pickle names is refused before it is looked up.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fsynth_morphable.errors import ModelFileError


class Inert:
    """An object of a class that nobody imports: what the pickle said of it, as ``state``."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Dtype(Inert):
    """Stands for numpy.dtype. ``arguments[0]`` is the code, such as "f8"; the state has the byte order."""

    def real(self) -> np.dtype[Any]:
        code = self.arguments[0] if self.arguments else None
        if not isinstance(code, str) or code[:1] not in tuple("biuf") or not code[1:].isdigit():
            raise pickle.UnpicklingError(f"arrays of `{code}` are not read")
        order = self.state[1] if isinstance(self.state, tuple) and len(self.state) > 1 else "="
        return np.dtype(f"{order if order in ('<', '>') else '='}{code}")


class _Array(Inert):
    """Stands for numpy.ndarray. Its state is (version, shape, dtype, whether Fortran order, bytes)."""

    def real(self) -> np.ndarray:
        try:
            _, shape, dtype, fortran, raw = self.state
        except (TypeError, ValueError) as error:
            raise pickle.UnpicklingError("an array without its parts") from error
        if not isinstance(dtype, _Dtype) or not isinstance(shape, tuple):
            raise pickle.UnpicklingError("an array without shape or type")
        # Python 2 wrote the bytes as a string, which comes out as Latin-1 text.
        content = raw.encode("latin-1") if isinstance(raw, str) else raw
        if not isinstance(content, bytes):
            raise pickle.UnpicklingError("an array of objects")
        flat = np.frombuffer(content, dtype.real())
        return flat.reshape(shape, order="F" if fortran else "C")


def _reconstruct_array(*_: object) -> _Array:
    return _Array()


def _from_buffer(raw: object, dtype: object, shape: object, order: object) -> _Array:
    array = _Array()
    array.state = (1, shape, dtype, order == "F", bytes(raw) if isinstance(raw, bytearray) else raw)
    return array


def _scalar(dtype: object, raw: object) -> _Array:
    scalar = _Array()
    scalar.state = (1, (), dtype, False, raw)
    return scalar


def _reconstruct_object(kind: object, *_: object) -> Inert:
    return kind() if isinstance(kind, type) and issubclass(kind, Inert) else Inert()


def _encode(text: object, encoding: object = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("bytes in an unknown encoding")
    return text.encode("latin-1")


class _Object(Inert):
    """Stands for ``object`` among the arguments of reconstructors."""


class _Call(Inert):
    """Stands for a function, whose own attributes a pickle could set."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self._function = function

    def __call__(self, *arguments: object) -> object:
        return self._function(*arguments)


_NUMPY = {
    ("multiarray", "_reconstruct"): _Call(_reconstruct_array),
    ("multiarray", "scalar"): _Call(_scalar),
    ("numeric", "_frombuffer"): _Call(_from_buffer),
}
_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Call(_encode),
    **{(module, "_reconstructor"): _Call(_reconstruct_object) for module in ("copy_reg", "copyreg")},
    **{(module, "object"): _Object for module in ("__builtin__", "builtins")},
    **{
        (f"numpy.{package}.{module}", name): stand_in
        for package in ("core", "_core")
        for (module, name), stand_in in _NUMPY.items()
    },
    **{
        (module, name): Inert
        for module, name in (
            ("chumpy.ch", "Ch"),
            ("chumpy", "Ch"),
            ("chumpy.reordering", "Select"),
            ("scipy.sparse.csc", "csc_matrix"),
            ("scipy.sparse._csc", "csc_matrix"),
            ("scipy.sparse.csr", "csr_matrix"),
            ("scipy.sparse._csr", "csr_matrix"),
        )
    },
}


class _Unpickler(pickle._Unpickler):
    """In Python, because the one in C reserves as much memory as a file says that it will need."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise _RefusedError(f"{module}.{name}")
        return _KNOWN[module, name]


class _RefusedError(pickle.UnpicklingError):
    """The pickle names something that arrays don't need."""


def read_pickle(path: Path) -> dict[str, Any]:
    """The dictionary in a pickle; arrays in it are ``numpy.ndarray``, chumpy's and sparse ones ``Inert``.

    Raises:
        ModelFileError: the file can't be read, is truncated or something else, or names other classes or functions.
    """
    try:
        with path.open("rb") as stream:
            content = _load(stream)
    except OSError as error:
        raise ModelFileError(f"{path} can't be read ({error.strerror or error}).") from error
    except _RefusedError as error:
        raise ModelFileError(
            f"{path} is refused: beside arrays it asks for `{error}`, which no model needs and which could do harm."
        ) from error
    except (
        pickle.UnpicklingError,
        struct.error,
        AssertionError,
        AttributeError,
        EOFError,
        IndexError,
        KeyError,
        MemoryError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelFileError(f"{path} is truncated, or no pickle of arrays.") from error
    if not isinstance(content, dict):
        raise ModelFileError(f"{path} holds no dictionary, as a model would.")
    return content


def _load(stream: BinaryIO) -> Any:
    content = _Unpickler(stream, encoding="latin1").load()
    return {key: _real(value) for key, value in content.items()} if isinstance(content, dict) else content


def _real(value: Any) -> Any:
    """An array for an array's stand-in; chumpy's arrays have theirs as ``x``."""
    if isinstance(value, (_Array, _Dtype)):
        return value.real()
    if isinstance(value, Inert) and isinstance(value.state, dict) and isinstance(value.state.get("x"), _Array):
        return value.state["x"].real()
    return value
