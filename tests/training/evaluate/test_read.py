from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsynth import encoder
from fsynth.errors import NoFaceError
from fsynth.faces import find_faces, read_photo
from fsynth_training.dataset.open_sets import held_out_london, lfw_evaluation
from fsynth_training.dataset.store import DatasetError
from fsynth_training.evaluate import read as module
from fsynth_training.evaluate.read import evaluation_photos, read


@pytest.fixture
def folder(astronaut: Path, tmp_path: Path) -> Path:
    """Two people with a photo each, and one photo without a face."""
    source = tmp_path / "people"
    for person in ("anna", "ben"):
        (source / person).mkdir(parents=True)
        shutil.copy(astronaut, source / person / "1.jpg")
    Image.new("RGB", (200, 200), "grey").save(source / "ben" / "wall.png")
    return source


def silent(message: str) -> None:
    pass


def table(path: Path, columns: list[str], rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def test_folders_are_people(folder: Path) -> None:
    found = [(photo.identity, photo.file) for photo in evaluation_photos(folder)]

    assert found == [("anna", "anna/1.jpg"), ("ben", "ben/1.jpg"), ("ben", "ben/wall.png")]


def test_a_table_names_people_and_expressions(folder: Path) -> None:
    table(folder / "list.csv", ["file", "identity", "expression"], [["anna/1.jpg", "A", "neutral"]])

    (photo,) = evaluation_photos(folder / "list.csv")

    assert (photo.identity, photo.expression) == ("A", "neutral")


def test_an_empty_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="names no photo"):
        evaluation_photos(tmp_path)


def test_the_layout_of_the_open_data_gives_the_people_held_out(tmp_path: Path) -> None:
    lfw = [[f"Person_{i}", f"Person_{i}_{k}.jpg"] for i in range(210) for k in range(3 + i % 4)]
    table(tmp_path / "lfw" / "lfw.csv", ["identity", "file"], lfw)
    london = [[f"{i:03}", f"{i:03}_{e}.jpg", e] for i in range(30) for e in ("smiling", "neutral")]
    table(tmp_path / "london" / "london.csv", ["identity", "file", "expression"], london)

    found = evaluation_photos(tmp_path)

    wild = [photo for photo in found if photo.set == "lfw"]
    assert {photo.identity for photo in wild} == set(lfw_evaluation(tmp_path))
    assert max(sum(p.identity == person for p in wild) for person in lfw_evaluation(tmp_path)) == 5
    assert {photo.expression for photo in wild} == {""}
    pairs = [photo for photo in found if photo.set == "london"]
    assert {photo.identity for photo in pairs} == held_out_london(tmp_path)
    assert [photo.expression for photo in pairs] == ["neutral", "smiling"] * 20
    assert all(photo.expression in photo.path.name for photo in pairs)


def test_faces_are_found_aligned_and_encoded(folder: Path, tmp_path: Path) -> None:
    reading = read(evaluation_photos(folder), ["faceres", "dlib"], tmp_path / "cache", silent)

    assert reading.photos.name.tolist() == ["anna/1.jpg", "ben/1.jpg"]
    assert reading.skipped == ("ben/wall.png: no face was found",)
    assert reading.photos.aligned.shape == (2, 224, 224, 3)
    photo = read_photo(folder / "anna" / "1.jpg")
    mesh = find_faces(photo)[0].mesh
    for name in ("faceres", "dlib"):
        network = encoder.load(name)
        expected = encoder.encode_both_sides(network, network.crop(photo, mesh)[None])[0]
        np.testing.assert_allclose(reading.photos.features_for(name)[0], expected, atol=1e-3)


def test_photographs_are_read_once_and_again_when_they_change(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = evaluation_photos(folder)
    first = read(photos, ["dlib"], tmp_path / "cache", silent)

    with monkeypatch.context() as patch:
        patch.setattr(module, "find_faces", lambda *a, **k: pytest.fail("looked for faces again"))
        again = read(photos, ["dlib"], tmp_path / "cache", silent)
    assert again.photos.digest() == first.photos.digest()
    assert again.skipped == first.skipped

    with Image.open(folder / "anna" / "1.jpg") as picture:
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "anna" / "1.jpg")
    assert read(photos, ["dlib"], tmp_path / "cache", silent).photos.digest() != first.photos.digest()


def test_photographs_without_any_face_are_an_error(tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "wall.png")

    with pytest.raises(NoFaceError, match="none of the photographs"):
        read(evaluation_photos(tmp_path), ["dlib"], tmp_path / "cache", silent)
