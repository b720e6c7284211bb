"""TOML tables to frozen dataclasses: every key is known, of its type, and named when it is wrong."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from fsynth_training.dataset.errors import DatasetError

Table = TypeVar("Table")

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}


def read_toml(text: str, where: str, changes: Sequence[str] = ()) -> dict[str, Any]:
    """The table of a TOML text, with single values on top.

    Args:
        text: the TOML.
        where: what messages call it.
        changes: values to replace, each as ``key=value`` with a dotted key, such as ``filters.yaw=8``.

    Raises:
        DatasetError: the text or a change is not TOML.
    """
    table = _parse(text, where)
    for change in changes:
        name, _, value = change.partition("=")
        # A bare word is meant as a text: average=none.
        bare = value.strip().replace("-", "").replace("_", "").isalpha()
        quoted = f'"{value.strip()}"' if bare and value.strip() not in {"true", "false", "inf", "nan"} else value
        _merge(table, _parse(f"{name}={quoted}", f"The change {change!r}"))
    return table


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DatasetError(f"{where} is not TOML: {error}.") from error


def _merge(table: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(table.get(key), dict):
            _merge(table[key], value)
        else:
            table[key] = value


def from_table(kind: type[Table], table: Mapping[str, Any], where: str, prefix: str = "") -> Table:
    """``kind``, a dataclass, with the values of ``table``; what the table leaves out keeps its default.

    Args:
        kind: a dataclass of bool, int, float, str, ``Literal``, tuples of texts, and dataclasses of the same.
        table: as ``tomllib`` reads it.
        where: what messages call the source, such as a file.
        prefix: the dotted name of the table with a dot behind it, empty for the whole file.

    Raises:
        DatasetError: a key is not known (the message names the nearest), or its value is of another type.
    """
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, value in table.items():
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0)[0]
            raise DatasetError(f"{where} has a key {prefix}{key} that is not known; the nearest is {prefix}{nearest}.")
        values[key] = _value(known[key], value, where, f"{prefix}{key}")
    return kind(**values)


def _value(hint: Any, value: Any, where: str, name: str) -> Any:
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise DatasetError(f"{where} has {name} = {value!r}, but [{name}] is a table.")
        return from_table(hint, value, where, f"{name}.")  # type: ignore[arg-type]
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise DatasetError(f"{where} has {name} = {value!r}, but it is one of {', '.join(get_args(hint))}.")
        return value
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise DatasetError(f"{where} has {name} = {value!r}, but it is a list of texts.")
        return tuple(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or isinstance(value, bool) != (hint is bool):
        raise DatasetError(f"{where} has {name} = {value!r}, but it is {_KINDS[hint]}.")
    return value
