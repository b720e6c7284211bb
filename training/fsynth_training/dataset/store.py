"""The training dataset on disk: a folder of plain .npy arrays, a JSON file that describes them, and a table of photos.

::

    dataset.json   version, encoder, sizes, the configuration it was made with, the sha256 of each array's file
    <array>.npy    one for each array of ``Dataset`` that is not None; memory-mapped when opened
    photos.csv     one row a photo that was looked at: whether it was kept, and why not
    report.html    the same for people, self-contained
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fsynth_training.dataset.array_files import check_array, check_finite, open_array, read_about, save_array, sha256
from fsynth_training.dataset.errors import DatasetError

VERSION = 1

SHAPES: dict[str, tuple[str, str]] = {
    "textures": ("N S S 3", "uint8"),
    "mattes": ("N S S", "uint8"),
    "landmarks": ("N L 2", "float32"),
    "target_identity": ("N", "int32"),
    "target_features": ("N W", "float32"),
    "features": ("M V W", "float32"),
    "photo_identity": ("M", "int32"),
    "photo_target": ("M", "int32"),
    "view_mirrored": ("M V", "bool"),
    "validation": ("I", "bool"),
    "mean_landmarks": ("L 2", "float32"),
    "mean_mesh": ("468 2", "float32"),
    "backgrounds": ("B S S 3", "uint8"),
}
"""Axes and dtype of each array. A letter is the same number wherever it stands; B alone may be 0."""

OPTIONAL = {
    "fine": ("N S S", "float16"),
    "second_features": ("M 2 K", "float32"),
    "second_network": ("Q", "uint8"),
}
"""Arrays that a dataset may lack."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """N clean targets, and M photos of I people as identity features.

    Attributes:
        textures: (N, 224, 224, 3) uint8 sRGB, clean targets in the mean geometry; beyond the head its colours go on.
        mattes: (N, 224, 224) uint8, 0..255: how much of a pixel is head and neck.
        landmarks: (N, 65, 2) float32, (x, y) in pixels, pixel centres on integers, order of ``LANDMARKS_65``.
        target_identity: (N,) int32, whose target it is.
        target_features: (N, W) float32, the mean over that person's photos of the features of each as it is.
        features: (M, V, W) float32, each photo in V views: 0 as it is, 1 mirrored, 2.. degraded copies.
        photo_identity: (M,) int32.
        photo_target: (M,) int32, the target of each photo; -1 for photos that give features only.
        view_mirrored: (M, V) bool, whether the view is mirrored; its target is then the mirrored one.
        validation: (I,) bool, people held out from fitting.
        mean_landmarks: (65, 2) float32 and mean_mesh: (468, 2) float32 px, the geometry of the textures, symmetric.
        backgrounds: (B, 224, 224, 3) uint8 sRGB, photos in the mean geometry with hair and surroundings as they are:
            what gradient-domain compositing (Eq. 3) pastes faces onto. None is of someone held out.
        fine: (N, 224, 224) float16 luma that the textures are too coarse for, or None.
        second_features: (M, 2, K) float32 of length 1, what a second recogniser sees of each photo and its mirror
            image, or None; ``second_network``: (Q,) uint8, that recogniser, the bytes of its ONNX file.
        encoder: name of the encoder of the features, None for features that came from elsewhere.
        config: the configuration the dataset was made with, as JSON has it.
        photos: the rows of photos.csv. Those whose ``kept`` is not "no" are the M photos, in their order.
    """

    textures: np.ndarray
    mattes: np.ndarray
    landmarks: np.ndarray
    target_identity: np.ndarray
    target_features: np.ndarray
    features: np.ndarray
    photo_identity: np.ndarray
    photo_target: np.ndarray
    view_mirrored: np.ndarray
    validation: np.ndarray
    mean_landmarks: np.ndarray
    mean_mesh: np.ndarray
    backgrounds: np.ndarray
    fine: np.ndarray | None = None
    second_features: np.ndarray | None = None
    second_network: np.ndarray | None = None
    encoder: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    photos: tuple[Mapping[str, str], ...] = ()

    @property
    def feature_width(self) -> int:
        """W, the number of features of a photo."""
        return int(self.features.shape[2])

    @property
    def image_size(self) -> int:
        """Width and height of the textures in pixels."""
        return int(self.textures.shape[1])

    @property
    def identity_names(self) -> tuple[str, ...]:
        """(I,) the name of each identity as photos.csv has it; empty strings where there is no such table."""
        names = [""] * len(self.validation)
        kept = (row for row in self.photos if row["kept"] != "no")
        for row, identity in zip(kept, self.photo_identity, strict=False):
            names[identity] = row["identity"]
        return tuple(names)

    def check(self, name: str = "The dataset") -> None:
        """Raise DatasetError, naming the array and what is wrong with it, if the arrays don't fit together."""
        sizes: dict[str, int] = {}
        for key, (axes, dtype) in SHAPES.items():
            check_array(name, key, getattr(self, key), axes, dtype, sizes)
        for key in ("target_features", "features", "landmarks", "mean_landmarks", "mean_mesh"):
            check_finite(name, key, getattr(self, key))
        for key, (axes, dtype) in OPTIONAL.items():
            if getattr(self, key) is not None:
                check_array(name, key, getattr(self, key), axes, dtype, sizes)
                check_finite(name, key, getattr(self, key))
        limits = {
            "target_identity": (0, sizes["I"]),
            "photo_identity": (0, sizes["I"]),
            "photo_target": (-1, sizes["N"]),
        }
        for key, (low, high) in limits.items():
            values = getattr(self, key)
            if values.min() < low or values.max() >= high:
                raise DatasetError(f"{name} has {key} outside of {low}..{high - 1}. Prepare it again.")
        has_target = np.asarray(self.photo_target) >= 0
        owner = np.asarray(self.target_identity)[np.asarray(self.photo_target)[has_target]]
        if (owner != np.asarray(self.photo_identity)[has_target]).any():
            raise DatasetError(f"{name} gives a photo the target of another person. Prepare it again.")
        kept = sum(row.get("kept") != "no" for row in self.photos)
        if self.photos and kept != sizes["M"]:
            raise DatasetError(f"{name} has features of {sizes['M']} photos, but photos.csv keeps {kept}.")

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, verify: bool = True) -> Dataset:
        """Memory-map a dataset and check it.

        Args:
            folder: as ``write`` or ``fsynth train prepare`` leaves it.
            verify: also compare each file's sha256, which reads all of it once (a second for 2 GB).

        Raises:
            DatasetError: the folder or a file of it is missing, cut off, changed, of another version, or the arrays
                don't fit together or are not finite.
        """
        folder = Path(folder)
        about = read_about(folder, VERSION)
        present = [*SHAPES, *(key for key in OPTIONAL if key in about["sha256"])]
        arrays = {key: open_array(folder, key, about["sha256"], verify=verify) for key in present}
        try:
            with (folder / "photos.csv").open(newline="", encoding="utf-8") as file:
                photos = tuple(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise DatasetError(
                f"{folder / 'photos.csv'} can't be read ({error}). Prepare the dataset again."
            ) from error
        dataset = cls(**arrays, encoder=about["encoder"], config=about["config"], photos=photos)
        dataset.check(str(folder))
        return dataset

    def write(
        self, folder: str | os.PathLike[str], *, overwrite: bool = False, pages: Mapping[str, bytes] | None = None
    ) -> None:
        """Write the dataset to ``folder``, whole or not at all: it is written beside and renamed.

        Args:
            folder: must not exist yet, unless ``overwrite``, which replaces a dataset (and nothing else).
            overwrite: see there.
            pages: further files of the folder, by name, such as report.html.

        Raises:
            DatasetError: the arrays don't fit together, ``folder`` exists, or the disk does not take it.
        """
        folder = Path(folder)
        self.check()
        check_free(folder, overwrite=overwrite)
        beside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}.tmp")
        try:
            beside.mkdir(parents=True)
            self._write_files(beside, pages or {})
            if folder.exists():
                replaced = beside.with_suffix(".old")
                os.replace(folder, replaced)
                os.replace(beside, folder)
                shutil.rmtree(replaced)
            else:
                os.replace(beside, folder)
        except OSError as error:
            raise DatasetError(
                f"{folder} can't be written ({error.strerror or error}). Nothing was left half-written."
            ) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _write_files(self, folder: Path, pages: Mapping[str, bytes]) -> None:
        hashes = {}
        for key, (_, dtype) in (SHAPES | OPTIONAL).items():
            if getattr(self, key) is None:
                continue
            path = folder / f"{key}.npy"
            save_array(path, np.ascontiguousarray(getattr(self, key), dtype))
            hashes[key] = sha256(path)
        about = {
            "version": VERSION,
            "encoder": self.encoder,
            "feature_width": self.feature_width,
            "image_size": self.image_size,
            "landmarks": int(self.landmarks.shape[1]),
            "config": self.config,
            "sha256": hashes,
        }
        (folder / "dataset.json").write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        (folder / "photos.csv").write_bytes(photos_table(self.photos))
        for name, page in pages.items():
            (folder / name).write_bytes(page)


def check_free(folder: Path, *, overwrite: bool) -> None:
    """Raise DatasetError if a dataset may not be written to ``folder``: it holds something, and what that is."""
    if not folder.exists():
        return
    if not overwrite:
        raise DatasetError(f"{folder} exists already. Name another folder, or add --overwrite to replace it.")
    if not (folder / "dataset.json").is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise DatasetError(f"{folder} exists and is no dataset, so it is not replaced. Name another folder.")


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        DatasetError: it can't be written.
    """
    beside = path.with_name(f".{path.name}-{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise DatasetError(f"{path} can't be written ({error.strerror or error}).") from error


def photos_table(photos: tuple[Mapping[str, str], ...]) -> bytes:
    """photos.csv: one row a photo, under the columns of the first row."""
    columns = list(photos[0]) if photos else ["file", "identity", "set", "role", "kept", "reason"]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(photos)
    return text.getvalue().encode("utf-8", "surrogateescape")
