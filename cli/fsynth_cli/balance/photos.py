"""Which photos the arguments name; folders of results, and folders met twice, are left out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fsynth.balance.raw_file import RAW_SUFFIXES
from fsynth_cli.inputs import PHOTO_SUFFIXES

RESULTS = "balanced"
"""Name of the folder beside photos that finished pictures go to; a folder of that name inside another isn't read."""


@dataclass(frozen=True)
class Found:
    """A photo, and its path relative to the argument that named it."""

    photo: Path
    relative: Path


@dataclass
class Search:
    """What ``find_photos`` found.

    Attributes:
        photos: each once, folder by folder, by name.
        problems: folder -> why it can't be read, a sentence.
        notes: sentences about what was left out.
    """

    photos: list[Found] = field(default_factory=list)
    problems: dict[Path, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find_photos(arguments: Iterable[Path], output_dir: Path | None, *, recursive: bool) -> Search:
    """List the photos that ``arguments`` name: files, whatever their name, and folders, for the photos in them.

    Links are followed. Folders named ``balanced`` and ``output_dir``, if it is inside a folder, hold results.
    """
    search = Search()
    seen: set[str] = set()
    folders: set[str] = set()
    results = None if output_dir is None else os.path.realpath(output_dir)
    for argument in arguments:
        found = _walk(argument, recursive, results, folders, search) if argument.is_dir() else [argument]
        for photo in found:
            # Not Path.resolve, which some Pythons let fail on a link to itself.
            real = os.path.realpath(photo)
            if real not in seen:
                seen.add(real)
                relative = photo.relative_to(argument) if argument.is_dir() else Path(photo.name)
                search.photos.append(Found(photo, relative))
    return search


def _walk(folder: Path, recursive: bool, results: str | None, folders: set[str], search: Search) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in folders:
        search.notes.append(f"{folder} is a folder that was read already, by another way: it was left out.")
        return
    folders.add(real)
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        search.problems[folder] = f"{folder} can't be read: {error.strerror or error}."
        return
    subfolders = []
    for entry in found:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            subfolders.append(folder / entry.name)
        elif os.path.splitext(entry.name)[1].lower() in PHOTO_SUFFIXES | RAW_SUFFIXES:
            yield folder / entry.name
    for subfolder in subfolders if recursive else ():
        if subfolder.name != RESULTS and os.path.realpath(subfolder) != results:
            yield from _walk(subfolder, recursive, results, folders, search)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, on some systems
        return False
