"""What morphs are made of, computed once for a dataset: nearest neighbours, and each texture's part in a composite.

A folder of

    neighbours.npy   (R, k) int32, rows of the dataset
    parts.npy        (R, S, S, 3) float32, memory-mapped: so many images never have to be in memory at once
    source.json      written last: of which dataset and settings these are
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fsynth_training.augment.compositing import Compositor, blending_mask
from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.neighbours import distances, nearest
from fsynth_training.dataset.store import Dataset
from fsynth_training.dataset.workers import in_order

VERSION = 1

_ROWS = 8
"""Textures that a process solves for at a time."""


@dataclass(frozen=True, eq=False)
class MorphSource:
    """A dataset's faces, ready to be morphed.

    Attributes:
        dataset: the dataset.
        config: the settings.
        rows: (R,) rows of the dataset's targets whose people are not held out: morphs are made of these alone.
        neighbours: (R, k) int32, the rows nearest to each, of other people.
        parts: (R, S, S, 3) float32, ``Compositor.part`` of each texture in 0..1.
    """

    dataset: Dataset
    config: AugmentConfig
    rows: np.ndarray
    neighbours: np.ndarray
    parts: np.ndarray

    @functools.cached_property
    def position(self) -> dict[int, int]:
        """Where in ``rows`` each row stands."""
        return {int(row): i for i, row in enumerate(self.rows)}


def prepare(dataset: Dataset, config: AugmentConfig, folder: Path, *, workers: int = 1) -> MorphSource:
    """The source of morphs of ``dataset``, kept in ``folder``; taken from there if it has been made before.

    Raises:
        AugmentError: fewer than two people may be morphed, or ``folder`` can't be written to.
    """
    rows = usable_rows(dataset)
    about = _about(dataset, config)
    try:
        if _read_about(folder) != about:
            _make(dataset, config, rows, folder, workers)
            _write_whole(folder / "source.json", (json.dumps(about, indent=1) + "\n").encode())
    except OSError as error:
        raise AugmentError(
            f"{folder} can't be written ({error.strerror or error}). Make room on its disk and run the command again."
        ) from error
    return open_source(dataset, config, folder)


def open_source(dataset: Dataset, config: AugmentConfig, folder: Path) -> MorphSource:
    """What ``prepare`` left in ``folder``, memory-mapped.

    Raises:
        AugmentError: there is none, or it is of another dataset, other settings or damaged.
    """
    if _read_about(folder) != _about(dataset, config):
        raise AugmentError(f"{folder} is not of this dataset and these settings. Run fsynth train augment again.")
    try:
        neighbours = np.load(folder / "neighbours.npy", allow_pickle=False)
        parts = np.load(folder / "parts.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise AugmentError(f"{folder} is damaged ({error}). Delete this folder and run the command again.") from error
    return MorphSource(dataset, config, usable_rows(dataset), neighbours, parts)


def usable_rows(dataset: Dataset) -> np.ndarray:
    """The targets of people who are not held out, (R,) rows.

    Raises:
        AugmentError: they are of fewer than two people.
    """
    owner = np.asarray(dataset.target_identity)
    rows = np.flatnonzero(~np.asarray(dataset.validation)[owner])
    people = len(np.unique(owner[rows]))
    if people < 2:
        raise AugmentError(
            f"Morphing needs targets of two people or more, and the dataset has {people} besides those held out."
        )
    return rows


def fingerprint(dataset: Dataset) -> str:
    """sha256 of all that morphs depend on."""
    digest = hashlib.sha256()
    for name in ("textures", "mattes", "landmarks", "target_identity", "validation", "mean_landmarks", "mean_mesh",
                 "backgrounds"):  # fmt: skip
        array = np.ascontiguousarray(getattr(dataset, name))
        digest.update(f"{name} {array.dtype} {array.shape} ".encode())
        digest.update(array.view(np.uint8).reshape(-1).data)
    return digest.hexdigest()


def _about(dataset: Dataset, config: AugmentConfig) -> dict[str, Any]:
    names = ("neighbours", "landmark_factor", "mask_sigma")
    return {
        "version": VERSION,
        "dataset": fingerprint(dataset),
        "config": {name: getattr(config, name) for name in names},
    }


def _read_about(folder: Path) -> Any:
    try:
        return json.loads((folder / "source.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _make(dataset: Dataset, config: AugmentConfig, rows: np.ndarray, folder: Path, workers: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.json").unlink(missing_ok=True)
    textures = np.asarray(dataset.textures)[rows]
    distance = distances(textures, np.asarray(dataset.landmarks)[rows], config.landmark_factor)
    near = nearest(distance, np.asarray(dataset.target_identity)[rows], config.neighbours)
    np.save(folder / "neighbours.npy", rows[near].astype(np.int32))

    solve = functools.partial(_solve, dataset.mean_landmarks.astype(np.float64).tobytes(), config.mask_sigma)
    beside = folder / "parts.npy.partial"
    header = {"descr": "<f4", "fortran_order": False, "shape": textures.shape}
    try:
        # Not through a memory map, where a full disk is no error but the end of the process.
        with beside.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for solved in in_order(solve, _pieces(textures), workers):
                file.write(solved.astype("<f4", copy=False).tobytes())
        os.replace(beside, folder / "parts.npy")
    finally:
        beside.unlink(missing_ok=True)


def _pieces(textures: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(textures), _ROWS):
        yield textures[start : start + _ROWS]


def _solve(landmarks: bytes, sigma: float, textures: np.ndarray) -> np.ndarray:
    compositor = _compositor(landmarks, textures.shape[1], sigma)
    return np.stack([compositor.part(texture / 255.0) for texture in textures]).astype(np.float32)


@functools.lru_cache(maxsize=1)
def _compositor(landmarks: bytes, size: int, sigma: float) -> Compositor:
    return Compositor(blending_mask(np.frombuffer(landmarks).reshape(-1, 2), size, sigma))


def _write_whole(path: Path, data: bytes) -> None:
    beside = path.with_name(f"{path.name}.partial")
    beside.write_bytes(data)
    os.replace(beside, path)
