"""Which photographs a dataset is made of, whose they are, and what they may give."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from fsynth_training.dataset.errors import DatasetError

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp", ".heic", ".heif", ".avif", ".bmp"}
)
"""What counts as a photo inside a folder."""

Role = Literal["target", "features"]

_EXPRESSIONS = ("", "neutral", "smiling")
_ROLES = ("target", "features")


@dataclass(frozen=True)
class Photo:
    """One photograph.

    Attributes:
        path: where it lies.
        file: its name in tables and reports: the path relative to the folder or the CSV that named it.
        identity: whose it is; photos of one person have the same.
        set: photos that were taken alike (one studio, one source) may share a name; white balance goes by it.
        expression: "neutral" or "smiling" where that is known, else empty.
        role: "target" may become a target; "features" gives identity features only, never pixels.
    """

    path: Path
    file: str
    identity: str
    set: str = ""
    expression: str = ""
    role: Role = "target"


def list_photos(source: Path) -> list[Photo]:
    """The photos of a folder, or those a CSV names.

    Args:
        source: a folder: identities are the names of the folders in it, a photo that lies in no folder is a person of
            its own. Or a CSV in UTF-8 with the column file (relative to the CSV) and, optional, identity, set,
            expression (neutral or smiling) and role (target or features); other columns are passed over.

    Returns:
        The photos, sorted by path in a folder and in the order of the CSV.

    Raises:
        DatasetError: there is no photo, or the CSV can't be read; the message has the line.
    """
    photos = _from_folder(source) if source.is_dir() else _from_csv(source)
    if not photos:
        raise DatasetError(f"{source} names no photo. Photos end in {', '.join(sorted(PHOTO_SUFFIXES))}.")
    return photos


def _from_folder(folder: Path) -> list[Photo]:
    found = []
    for inside, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if Path(name).suffix.lower() in PHOTO_SUFFIXES and not name.startswith("."):
                path = Path(inside, name)
                relative = path.relative_to(folder)
                found.append(Photo(path, relative.as_posix(), _folder_of(relative)))
    return found


def by_folders(photos: list[Photo]) -> list[Photo]:
    """``photos`` with the folders they lie in as identities; one that lies in none is a person of its own."""
    return [replace(photo, identity=_folder_of(Path(photo.file))) for photo in photos]


def _folder_of(relative: Path) -> str:
    person = relative.parent if relative.parent != Path() else relative.with_suffix("")
    return person.as_posix()


def read_table(path: Path, required: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a CSV that has at least the columns ``required``.

    Raises:
        DatasetError: it can't be read, or lacks a column or, in some line, a value.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            columns = reader.fieldnames or []
            for column in required:
                if column not in columns:
                    raise DatasetError(f"{path} has no column {column!r}; its first line is {','.join(columns)!r}.")
            rows = []
            for row in reader:
                if None in row or None in row.values():
                    raise DatasetError(f"{path}, line {reader.line_num}, has not as many values as the first line.")
                rows.append(row)
            return rows
    except OSError as error:
        raise DatasetError(f"{path} can't be read ({error.strerror or error}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is not a CSV in UTF-8 ({error}).") from error


def _from_csv(path: Path) -> list[Photo]:
    photos = []
    for line, row in enumerate(read_table(path, ["file"]), start=2):
        file = row["file"].strip()
        role, expression = row.get("role", "").strip() or "target", row.get("expression", "").strip()
        for column, value, allowed in (("role", role, _ROLES), ("expression", expression, _EXPRESSIONS)):
            if value not in allowed:
                names = " or ".join(name for name in allowed if name)
                raise DatasetError(f"{path}, line {line}: {column} is {value!r}, but it is {names}.")
        if not file:
            raise DatasetError(f"{path}, line {line}: file is empty.")
        identity = row.get("identity", "").strip() or file
        place = row.get("set", "").strip()
        photos.append(Photo(path.parent / file, file, identity, place, expression, cast(Role, role)))
    return photos


def with_identities(photos: list[Photo], table: Path) -> list[Photo]:
    """``photos`` with the identities that the CSV ``table`` (columns file, identity) gives them.

    Raises:
        DatasetError: the table can't be read, or lacks a photo.
    """
    names: Mapping[str, str] = {row["file"]: row["identity"] for row in read_table(table, ["file", "identity"])}
    for photo in photos:
        if not names.get(photo.file, "").strip():
            raise DatasetError(f"{table} gives no identity to {photo.file}. Add a line for it, or take the photo out.")
    return [replace(photo, identity=names[photo.file].strip()) for photo in photos]
