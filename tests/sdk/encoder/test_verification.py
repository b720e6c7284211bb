"""The encoders tell people apart on photographs that nobody prepared: a check of crop, preprocessing and weights."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsynth import encoder
from fsynth.faces import find_faces

PEOPLE = 80


@pytest.fixture(scope="module")
def faces(shared: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """80 people of LFW (those whose sha256(name) comes first), two photos each: photo and mesh of the middle face."""
    folder = shared / "data" / "faces" / "lfw"
    files = defaultdict(list)
    with (folder / "lfw.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            files[row["identity"]].append(row["file"])
    people = [name for name, photos in files.items() if len(photos) >= 4]
    people.sort(key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return [pair for name in people[:PEOPLE] for pair in islice(middle_faces(folder, sorted(files[name])), 2)]


def middle_faces(folder: Path, files: list[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Photo and mesh of the face that covers the middle, where LFW has its person, of each photo that has one."""
    for file in files:
        photo = np.asarray(Image.open(folder / file).convert("RGB"))
        middle = np.array([photo.shape[1] / 2, photo.shape[0] / 2])
        for face in find_faces(photo):
            if np.all(face.box[:2] < middle) and np.all(middle < face.box[2:]):
                yield photo, face.mesh
                break


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", ["faceres", "dlib"])
def test_same_person_is_nearer_than_others(name: str, faces: list[tuple[np.ndarray, np.ndarray]]) -> None:
    network = encoder.load(name)
    features = network.encode(np.stack([network.crop(photo, mesh) for photo, mesh in faces]))
    features = features - features.mean(axis=0)
    if name == "faceres":  # FaceRes is compared by angle, dlib's network by distance
        features /= np.linalg.norm(features, axis=1, keepdims=True)
    distance = np.linalg.norm(features[:, None] - features[None], axis=-1)
    person = np.arange(2 * PEOPLE) // 2
    pairs = np.triu(np.ones_like(distance, bool), 1)
    same = distance[pairs & (person[:, None] == person)]
    other = distance[pairs & (person[:, None] != person)]
    assert len(faces) == 2 * PEOPLE
    area_under_curve = (same[:, None] < other).mean()
    assert area_under_curve > 0.997
    if name == "dlib":
        assert (same < network.same_person_distance).mean() > 0.95
        assert (other > network.same_person_distance).mean() > 0.98
