"""How photos are called where people read it: in the table and on the contact sheet."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def shown_names(photos: Iterable[Path]) -> dict[Path, str]:
    """For each photo its path from the folder that all are in, fit to be shown: without control characters."""
    photos = list(photos)
    folders = {os.path.dirname(os.path.abspath(photo)) for photo in photos}
    try:
        top = os.path.commonpath(folders) if folders else ""
    except ValueError:  # on several drives
        return {photo: printable(str(photo)) for photo in photos}
    return {photo: printable(os.path.relpath(os.path.abspath(photo), top)) for photo in photos}


def printable(text: str) -> str:
    """``text`` with a replacement character for all that is none: control characters, bytes that are no text."""
    return "".join(
        character if character.isprintable() or character == "\u200d" else "\ufffd"  # the joiner makes emoji
        for character in text
    )


def without_name(sentence: str, photo: Path) -> str:
    """``sentence``, printable, without the path of ``photo`` at its beginning: to be shown beside its name."""
    for start in (f"{photo}: ", f"{photo} "):
        sentence = sentence.removeprefix(start)
    return printable(sentence)
