"""What is kept on disk, so that another run with the same weights and photographs takes no time."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fsynth_training.dataset.store import write_file

_FORMAT = 1  # goes up when the same photographs and weights give something else


def kept(
    folder: Path, name: str, depends_on: Sequence[object], measure: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What ``measure`` gives as plain values, or gave in an earlier run.

    Args:
        folder: of the files.
        name: of the measurement, and the beginning of its file's name.
        depends_on: what decides the result, as JSON has it: digests of weights and photographs, settings.
        measure: gives a dictionary that JSON can hold; what is not a finite number becomes None.
    """
    path = folder / f"{name}-{_digest(name, depends_on)}.json"
    if not path.exists():
        write_file(path, json.dumps(plain(measure()), allow_nan=False).encode())
    return dict(json.loads(path.read_text(encoding="utf-8")))


def kept_arrays(
    folder: Path, name: str, depends_on: Sequence[object], make: Callable[[], Mapping[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """The same for arrays by their names."""
    path = folder / f"{name}-{_digest(name, depends_on)}.npz"
    if not path.exists():
        arrays: dict[str, Any] = dict(make())
        stream = io.BytesIO()
        np.savez(stream, **arrays)
        write_file(path, stream.getvalue())
    with np.load(path, allow_pickle=False) as data:
        return dict(data)


def plain(value: Any) -> Any:
    """``value`` with None for each number that is not finite."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _digest(name: str, depends_on: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps([_FORMAT, name, *depends_on]).encode()).hexdigest()[:24]
