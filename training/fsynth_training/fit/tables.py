"""TOML tables to frozen dataclasses: every key is known, of its type, and named when it is wrong."""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from fsynth_training.fit.errors import FitError

Table = TypeVar("Table")


def from_table(kind: type[Table], table: Mapping[str, Any], where: str, prefix: str = "") -> Table:
    """``kind``, a dataclass, with the values of ``table``; what the table leaves out keeps its default.

    Args:
        kind: a dataclass of bool, int, float, str, ``Literal``, tuples of one of these, and dataclasses of the same.
        table: as ``tomllib`` reads it.
        where: what messages call the source, such as a file.
        prefix: the dotted name of the table, empty for the whole file.

    Raises:
        FitError: a key is not known (the message names the nearest), or its value is of another type.
    """
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0)
            raise FitError(f"{where} has a key {name!r} that is not known. The nearest is {prefix}{nearest[0]!s}.")
        values[key] = _value(known[key], value, where, name)
    return kind(**values)


def _value(hint: Any, value: Any, where: str, name: str) -> Any:
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise FitError(f"{where} has {name} = {value!r}, but [{name}] is a table.")
        return from_table(hint, value, where, f"{name}.")  # type: ignore[arg-type]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool) != isinstance(arguments[0], bool):
            raise FitError(f"{where} has {name} = {value!r}: it is one of {', '.join(map(repr, arguments))}.")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple) or len(value) != len(arguments):
            raise FitError(f"{where} has {name} = {value!r}: it is a list of {len(arguments)} values.")
        return tuple(_value(part, entry, where, name) for part, entry in zip(arguments, value, strict=True))
    if origin in (Union, types.UnionType):
        raise TypeError(f"{name}: unions have no place in a configuration")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or isinstance(value, bool) != (hint is bool):
        kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}
        raise FitError(f"{where} has {name} = {value!r}: it is {kinds[hint]}.")
    return value


def difference(stored: Mapping[str, Any], given: Mapping[str, Any], prefix: str = "") -> str | None:
    """The first key in which two nested tables differ, with both values; None if they are equal."""
    for key in dict.fromkeys([*stored, *given]):
        before, now = stored.get(key), given.get(key)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            nested = difference(before, now, f"{prefix}{key}.")
            if nested is not None:
                return nested
        elif before != now:
            return f"{prefix}{key} was {before!r} and is now {now!r}"
    return None
