"""Reads the photographs of an evaluation: which they are, where the face is, and what the encoders see."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsynth import encoder
from fsynth.encoder import encode_both_sides
from fsynth.errors import FsynthError, NoFaceError
from fsynth.faces import align, find_faces, read_photo
from fsynth_training.dataset import open_sets
from fsynth_training.dataset.photo_list import Photo, list_photos
from fsynth_training.evaluate.kept import kept_arrays
from fsynth_training.evaluate.photos import EvaluationPhotos

_COLUMNS = ("aligned", "mesh", "identity", "expression", "name")


@dataclass(frozen=True, eq=False)
class Reading:
    """The photographs in which a face was found, and a sentence for each of the others."""

    photos: EvaluationPhotos
    skipped: tuple[str, ...]


def evaluation_photos(source: Path) -> list[Photo]:
    """The photographs that ``source`` stands for.

    Args:
        source: a folder with ``lfw/lfw.csv`` and ``london/london.csv`` stands for the people held out of training: 200
            of Labeled Faces in the Wild, 20 of the London set with a neutral and a smiling photo each. Any other folder
            has one folder for each person. A CSV has the columns file, identity and, where it is known, expression.

    Raises:
        DatasetError: there is no photo, or the CSV can't be read.
    """
    if not ((source / "lfw" / "lfw.csv").is_file() and (source / "london" / "london.csv").is_file()):
        return list_photos(source)
    people = open_sets.lfw_evaluation(source).items()
    wild = [Photo(path, f"lfw/{path.name}", name, "lfw") for name, paths in people for path in paths]
    pairs = open_sets.london_pairs(source, open_sets.held_out_london(source))
    return wild + [
        Photo(path, f"london/{path.name}", name, "london", expression)
        for name, *paths in pairs
        for path, expression in zip(paths, ("neutral", "smiling"), strict=True)
    ]


def read(photos: Sequence[Photo], encoders: Sequence[str], folder: Path, progress: Callable[[str], None]) -> Reading:
    """Find the largest face of each photograph and encode it, or take what an earlier run left in ``folder``.

    Args:
        photos: which.
        encoders: names of the encoders whose features are needed.
        folder: of the files that are kept.
        progress: told now and then how far it is.

    Raises:
        NoFaceError: there is a face in none of them.
    """
    depends: list[object] = [*sorted(encoders), "both sides"]
    for photo in photos:
        content = photo.path.read_bytes() if photo.path.is_file() else b""
        depends.append([photo.file, photo.set, photo.identity, photo.expression, hashlib.sha256(content).hexdigest()])
    arrays = kept_arrays(folder, "photos", depends, lambda: _arrays(_read(photos, sorted(encoders), progress)))
    features = {name.partition("-")[2]: rows for name, rows in arrays.items() if name.startswith("features-")}
    found = EvaluationPhotos(features=features, **{name: arrays[name] for name in _COLUMNS})
    return Reading(found, tuple(str(line) for line in arrays["skipped"]))


def _read(photos: Sequence[Photo], encoders: Sequence[str], progress: Callable[[str], None]) -> Reading:
    networks = {name: encoder.load(name) for name in encoders}
    images, meshes, kept, skipped = [], [], [], []
    features: dict[str, list[np.ndarray]] = {name: [] for name in encoders}
    for number, photo in enumerate(photos):
        if number % 50 == 0:
            progress(f"reading photographs: {number} of {len(photos)}")
        try:
            image = read_photo(photo.path)
            faces = find_faces(image, smallest_share=1)
        except FsynthError as error:
            skipped.append(f"{photo.file}: {error}")
            continue
        if not faces:
            skipped.append(f"{photo.file}: no face was found")
            continue
        aligned = align(image, faces[0])
        depth = faces[0].mesh[:, 2:] * np.sqrt(np.linalg.det(aligned.transform[:, :2]))
        images.append(aligned.image)
        meshes.append(np.concatenate([aligned.to_crop(faces[0].mesh[:, :2]), depth], axis=1).astype(np.float32))
        for name, network in networks.items():
            features[name].append(encode_both_sides(network, network.crop(image, faces[0].mesh)[None])[0])
        kept.append(photo)
    if not kept:
        raise NoFaceError("There is a face in none of the photographs: give others.")
    found = EvaluationPhotos(
        aligned=np.stack(images),
        mesh=np.stack(meshes),
        features={name: np.stack(rows) for name, rows in features.items()},
        identity=np.array([f"{photo.set}/{photo.identity}" for photo in kept]),
        expression=np.array([photo.expression for photo in kept]),
        name=np.array([photo.file for photo in kept]),
    )
    return Reading(found, tuple(skipped))


def _arrays(reading: Reading) -> dict[str, np.ndarray]:
    features = {f"features-{name}": rows for name, rows in reading.photos.features.items()}
    columns = {name: getattr(reading.photos, name) for name in _COLUMNS}
    return {"skipped": np.array(reading.skipped, dtype=np.str_), **columns, **features}
