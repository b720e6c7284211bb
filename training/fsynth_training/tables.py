"""TOML tables to frozen dataclasses: every key is known, of its type, and named when it is wrong."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from fsynth.errors import FsynthError

Table = TypeVar("Table")

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}


@dataclass(frozen=True)
class Source:
    """Where a table is from. name: what messages call it. error: what is raised when something in it is wrong."""

    name: str
    error: type[FsynthError]


def read_toml(text: str, source: Source, changes: Sequence[str] = ()) -> dict[str, Any]:
    """The table of a TOML text, with single values on top.

    Args:
        text: the TOML.
        source: where it is from.
        changes: values to replace, each as ``key=value`` with a dotted key, such as ``filters.yaw=8``.

    Raises:
        FsynthError: of the kind ``source.error``: the text or a change is not TOML.
    """
    table = _parse(text, source)
    for change in changes:
        name, _, value = change.partition("=")
        # A bare word is meant as a text: average=none.
        bare = value.strip().replace("-", "").replace("_", "").isalpha()
        quoted = f'"{value.strip()}"' if bare and value.strip() not in {"true", "false", "inf", "nan"} else value
        _merge(table, _parse(f"{name}={quoted}", Source(f"The change {change!r}", source.error)))
    return table


def _parse(text: str, source: Source) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise source.error(f"{source.name} is not TOML: {error}.") from error


def _merge(table: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(table.get(key), dict):
            _merge(table[key], value)
        else:
            table[key] = value


def from_table(kind: type[Table], table: Mapping[str, Any], source: Source, prefix: str = "") -> Table:
    """``kind``, a dataclass, with the values of ``table``; what the table leaves out keeps its default.

    Args:
        kind: a dataclass of bool, int, float, str, ``Literal``, tuples of these (of one length, or of any with
            ``...``), and dataclasses of the same.
        table: as ``tomllib`` reads it.
        source: where it is from.
        prefix: the dotted name of the table with a dot behind it, empty for the whole file.

    Raises:
        FsynthError: of the kind ``source.error``: a key is not known (the message names the nearest), or its value
            is of another type.
    """
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, value in table.items():
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0)[0]
            raise source.error(
                f"{source.name} has a key {prefix}{key} that is not known; the nearest is {prefix}{nearest}."
            )
        values[key] = _value(known[key], value, source, f"{prefix}{key}")
    return kind(**values)


def _value(hint: Any, value: Any, source: Source, name: str) -> Any:
    def wrong(wanted: str) -> FsynthError:
        return source.error(f"{source.name} has {name} = {value!r}, but {wanted}.")

    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise wrong(f"[{name}] is a table")
        return from_table(hint, value, source, f"{name}.")  # type: ignore[arg-type]
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        if value not in arguments or isinstance(value, bool) != isinstance(arguments[0], bool):
            raise wrong(f"it is one of {', '.join(map(str, arguments))}")
        return value
    if get_origin(hint) is tuple:
        return _tuple(arguments, value, source, name, wrong)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or isinstance(value, bool) != (hint is bool):
        raise wrong(f"it is {_KINDS[hint]}")
    return value


def _tuple(
    arguments: tuple[Any, ...], value: Any, source: Source, name: str, wrong: Callable[[str], FsynthError]
) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise wrong("it is a list")
    if arguments[-1] is not ...:
        if len(value) != len(arguments):
            raise wrong(f"it is a list of {len(arguments)} values")
        return tuple(_value(part, entry, source, name) for part, entry in zip(arguments, value, strict=True))
    return tuple(_value(arguments[0], entry, source, name) for entry in value)


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
