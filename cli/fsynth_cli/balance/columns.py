"""Tables of text for a terminal, as wide as it is: by the cells that characters take, of which some take two."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import click

_NARROWEST_NAME = 12
_GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column of a table; the ones of the highest ``rank`` are left out first where the terminal is narrow."""

    title: str
    cells: list[str]
    rank: int
    right: bool = False

    @property
    def width(self) -> int:
        """Cells of its widest entry, title included."""
        return max(cells_wide(text) for text in (self.title, *self.cells))


def lay_out(title: str, names: list[str], columns: list[Column], width: int, colours: list[str]) -> str:
    """A table with ``names`` first, at most ``width`` wide: columns go, and then names are cut, until it fits.

    ``colours``: of each row, as ``click.style`` has them; "" for none.
    """
    columns = [column for column in columns if any(column.cells)]
    wanted = max(cells_wide(text) for text in (title, *names))
    least = min(wanted, _NARROWEST_NAME)

    def taken() -> int:
        return sum(len(_GAP) + column.width for column in columns)

    while columns and least + taken() > width:
        rank = max(column.rank for column in columns)
        columns = [column for column in columns if column.rank != rank]
    room = max(1, min(wanted, width - taken()))
    lines = []
    for row in range(-1, len(names)):
        cells = [_pad(shortened(names[row] if row >= 0 else title, room), room)]
        cells += [_pad(c.cells[row] if row >= 0 else c.title, c.width, right=c.right) for c in columns]
        line = _GAP.join(cells).rstrip()
        mark = colours[row] if row >= 0 else ""
        lines.append(click.style(line, fg=mark) if mark else line)
    return "\n".join(lines)


def cells_wide(text: str) -> int:
    """Columns of a terminal that ``text`` takes: Chinese letters and emoji take two."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, room: int) -> str:
    """``text``, its middle left out where it is wider than ``room``: the numbers of photos are at the end."""
    if cells_wide(text) <= room:
        return text
    tail_room = (room - 1) * 2 // 3
    head, tail = _start(text, room - 1 - tail_room), _start(text[::-1], tail_room)[::-1]
    return f"{head}…{tail}"


def _start(text: str, room: int) -> str:
    used = 0
    for end, character in enumerate(text):
        used += _cells(character)
        if used > room:
            return text[:end]
    return text


def _pad(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - cells_wide(text))
    return space + text if right else text + space
