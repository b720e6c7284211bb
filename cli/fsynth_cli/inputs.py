"""Which photos the arguments of a command name, and under which name each one's results are written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp", ".heic", ".heif", ".avif", ".bmp"}
)
"""What counts as a photo inside a folder. A file that is named itself is read whatever its name."""

RESULT_SUFFIXES = (".normalized.png", ".texture.png", ".side-by-side.png")
"""How the pictures end that fsynth writes; inside a folder they are results, not photos."""


@dataclass(frozen=True)
class Input:
    """A photo, and the path (without any suffix) that the names of its results begin with."""

    photo: Path
    stem: Path


def find_inputs(arguments: Iterable[Path], output_dir: Path | None, *, recursive: bool) -> list[Input]:
    """List the photos that ``arguments`` name, each once, in a stable order.

    Args:
        arguments: photos, and folders that stand for the photos in them.
        output_dir: where results go, in subfolders like those of the photos; None puts them beside the photos.
        recursive: whether folders stand for the photos in their subfolders as well.

    Returns:
        The inputs. Where two would write the same files, as with ``a.jpg`` and ``a.png``, the later one's stem gets a
        number: ``a-2``.
    """
    inputs: list[Input] = []
    seen: set[Path] = set()
    taken: set[str] = set()
    for photo, relative in _photos(arguments, recursive):
        if (resolved := photo.resolve()) in seen:
            continue
        seen.add(resolved)
        folder = photo.parent if output_dir is None else output_dir / relative.parent
        stem = _free_stem(folder, photo.stem, taken)
        inputs.append(Input(photo, stem))
    return inputs


def _photos(arguments: Iterable[Path], recursive: bool) -> Iterator[tuple[Path, Path]]:
    """Each photo, and its path relative to the argument that named it."""
    for argument in arguments:
        if not argument.is_dir():
            yield argument, Path(argument.name)
            continue
        for folder, subfolders, names in os.walk(argument):
            subfolders[:] = sorted(name for name in subfolders if recursive and not name.startswith("."))
            for name in sorted(names):
                if is_photo_name(name):
                    photo = Path(folder, name)
                    yield photo, photo.relative_to(argument)


def is_photo_name(name: str) -> bool:
    """Whether a file of this name inside a folder is taken for a photo."""
    lower = name.lower()
    return Path(lower).suffix in PHOTO_SUFFIXES and not lower.startswith(".") and not lower.endswith(RESULT_SUFFIXES)


def _free_stem(folder: Path, stem: str, taken: set[str]) -> Path:
    """``folder / stem``, numbered if it is taken already; compared without case, as some file systems do."""
    candidate, number = folder / stem, 1
    while (key := os.path.abspath(candidate).casefold()) in taken:
        number += 1
        candidate = folder / f"{stem}-{number}"
    taken.add(key)
    return candidate
