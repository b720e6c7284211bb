"""Files that are written whole or not at all, whatever ends the process or fills the disk."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fsynth_training.fit.errors import FitError

_ABOUT = "about.json"


def write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Let ``fill`` write a file beside ``path``, and put it in the place of ``path`` once it is on the disk.

    Raises:
        FitError: the disk does not take it. Nothing is left of it, and ``path`` is as it was.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FitError(
            f"{path} cannot be written: {error.strerror or error}. What was written before it is whole; make room or "
            "give another folder, and run the same command again to go on."
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON; errors as of ``write``."""
    text = json.dumps(value, indent=1) + "\n"
    write(path, lambda file: file.write(text.encode()))


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write named arrays and JSON about them as .npz, without compression; errors as of ``write``."""
    packed = {_ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays}
    write(path, lambda file: np.savez(file, **packed))  # type: ignore[arg-type]


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What ``write_arrays`` wrote.

    Raises:
        FitError: the file is missing, damaged or none of these.
    """
    try:
        # Opened here: np.load leaves a file that is no zip open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return arrays, json.loads(arrays.pop(_ABOUT).tobytes())
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise FitError(f"{path} cannot be read: {error}. Remove it to go on from an earlier checkpoint.") from error
