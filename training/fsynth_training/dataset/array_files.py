"""The single files of a dataset folder, and what must be true of an array."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fsynth_training.dataset.errors import DatasetError


def check_array(name: str, key: str, array: np.ndarray, axes: str, dtype: str, sizes: dict[str, int]) -> None:
    """Raise DatasetError if dtype or shape is not as expected.

    Args:
        name: what messages call the dataset.
        key: name of the array.
        array: the array.
        axes: one word an axis: a number, or a letter that is the same number in all arrays.
        dtype: name of the type.
        sizes: the letters known so far; takes up new ones.
    """
    if array.dtype != dtype:
        raise DatasetError(f"{name} has {key} of type {array.dtype}, but {dtype} was expected.")
    names = axes.split()
    expected = ", ".join(names)
    if array.ndim != len(names):
        raise DatasetError(f"{name} has {key} of shape {array.shape}, but ({expected}) was expected.")
    for axis, size in zip(names, array.shape, strict=True):
        wanted = int(axis) if axis.isdigit() else sizes.setdefault(axis, size)
        if size != wanted or (size == 0 and axis != "B"):
            told = f", with {axis} = {wanted}" if axis.isalpha() and wanted else ""
            raise DatasetError(f"{name} has {key} of shape {array.shape}, but ({expected}){told} was expected.")


def check_finite(name: str, key: str, array: np.ndarray) -> None:
    """Raise DatasetError, naming the first row, if a value is infinite or not a number."""
    # In pieces: the array may be larger than memory.
    for start in range(0, len(array), 4096):
        finite = np.isfinite(array[start : start + 4096])
        if not finite.all():
            row = start + int(np.flatnonzero(~finite.reshape(len(finite), -1).all(axis=1))[0])
            raise DatasetError(
                f"{name} has a value in {key} that is not a finite number, first in row {row}. "
                "Take that photo out, or compute its features again."
            )


def read_about(folder: Path, version: int) -> dict[str, Any]:
    """The content of dataset.json, which must be of ``version``."""
    path = folder / "dataset.json"
    if not path.is_file():
        raise DatasetError(f"{folder} is no dataset: it has no dataset.json. Make one with: fsynth train prepare.")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} can't be read ({error}). Prepare the dataset again.") from error
    found = about.get("version") if isinstance(about, dict) else None
    if found != version:
        raise DatasetError(
            f"{folder} is a dataset of version {found}, and this fsynth reads version {version}. Prepare it again."
        )
    missing = {"encoder", "config", "sha256"} - set(about)
    if missing or not isinstance(about["sha256"], dict):
        raise DatasetError(f"{path} is incomplete (no {', '.join(sorted(missing)) or 'hashes'}). Prepare it again.")
    return dict(about)


def open_array(folder: Path, key: str, hashes: Mapping[str, str], *, verify: bool) -> np.ndarray:
    """The array ``key`` of a dataset folder, memory-mapped; with ``verify`` its file's sha256 is compared."""
    path = folder / f"{key}.npy"
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if verify and sha256(path) != hashes.get(key):
            raise DatasetError(f"{path} is not the file that was written (its sha256 differs). Prepare it again.")
    except FileNotFoundError as error:
        raise DatasetError(f"{path} is missing. Prepare the dataset again.") from error
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path} is damaged or cut off ({error}). Prepare the dataset again.") from error
    return np.asarray(array) if array.size == 0 else array


def save_array(path: Path, array: np.ndarray) -> None:
    """Write a contiguous array as .npy, with the system's own error when the disk is full, unlike ``numpy.save``."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(array.data)


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
