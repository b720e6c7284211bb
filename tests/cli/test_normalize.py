from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NO_FACE = "No face was found. A face should be at least about 20 pixels wide and not covered."

pytestmark = pytest.mark.usefixtures("quick")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_one_photo_gives_one_picture_beside_it(run, make_photo, tmp_path: Path) -> None:
    photo = make_photo("ada.jpg")
    before = photo.read_bytes()
    result = run("normalize", "ada.jpg")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 face from 1 photo beside the photos, in ")
    assert result.stderr == ""
    assert sorted(os.listdir(tmp_path)) == ["ada.jpg", "ada.normalized.png"]
    assert photo.read_bytes() == before
    assert np.all(pixels(tmp_path / "ada.normalized.png") == 50)


def test_every_face_has_its_files(run, make_photo, tmp_path: Path) -> None:
    make_photo("two.png", faces=2)
    options = ["--landmarks", "--texture", "--side-by-side"]
    assert run("normalize", "two.png", "-o", "out", *options).exit_code == 0
    kinds = ["landmarks.json", "normalized.png", "side-by-side.png", "texture.png"]
    names = [f"two.face2.{kind}" for kind in kinds] + [f"two.{kind}" for kind in kinds]
    assert sorted(os.listdir(tmp_path / "out")) == sorted(names)
    assert np.all(pixels(tmp_path / "out" / "two.face2.texture.png") == 101)
    side = pixels(tmp_path / "out" / "two.side-by-side.png")
    assert side.shape == (224, 456, 3)
    assert (side[0, 0, 0], side[0, 228, 0], side[0, -1, 0]) == (150, 255, 50)


def test_largest_face_alone(run, make_photo, tmp_path: Path) -> None:
    make_photo("two.png", faces=2)
    result = run("normalize", "two.png", "--faces", "largest", "-o", "out")
    assert "1 face from 1 photo in out" in result.stdout
    assert os.listdir(tmp_path / "out") == ["two.normalized.png"]


def test_landmarks_are_in_the_pixels_they_name(run, make_photo, tmp_path: Path) -> None:
    make_photo("ada.png")
    run("normalize", "ada.png", "--landmarks")
    record = json.loads((tmp_path / "ada.landmarks.json").read_text())
    assert (record["photo"], record["face"]) == ("ada.png", 1)
    assert record["normalized"]["size"] == [224, 224]
    for part in ("normalized", "aligned", "detected"):
        assert np.shape(record[part]["landmarks"]) == (65, 2)
    matrix = np.array(record["aligned"]["photo_to_aligned"])
    mapped = np.array(record["detected"]["landmarks"]) @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(mapped, record["aligned"]["landmarks"], atol=2e-3)
    assert record["detected"]["box"] == [20, 20, 60, 60]


def test_bad_photos_are_listed_and_the_others_go_on(run, make_photo, tmp_path: Path) -> None:
    make_photo("a.png")
    (tmp_path / "b.png").write_bytes(b"")
    make_photo("c.png", faces=0)
    make_photo("d.png")
    result = run("normalize", ".", "-o", "out")
    assert result.exit_code == 3
    assert result.stderr.splitlines() == ["b.png is empty (0 bytes).", f"c.png: {NO_FACE}"]
    assert "2 faces from 2 photos in out" in result.stdout
    assert "2 photos failed." in result.stdout
    assert sorted(os.listdir(tmp_path / "out")) == ["a.normalized.png", "d.normalized.png"]


def test_quiet_prints_failures_only(run, make_photo) -> None:
    make_photo("a.png")
    make_photo("none.png", faces=0)
    result = run("normalize", "a.png", "none.png", "--quiet")
    assert result.stdout == ""
    assert result.stderr == f"none.png: {NO_FACE}\n"


def test_no_largest_face_is_a_failure_too(run, make_photo) -> None:
    make_photo("none.png", faces=0)
    result = run("normalize", "none.png", "--faces", "largest")
    assert result.exit_code == 3
    assert result.stderr == "none.png: No face was found in the photo.\n"


def test_an_existing_result_is_an_error_unless_overwritten(run, make_photo, tmp_path: Path) -> None:
    make_photo("a.png")
    make_photo("b.png")
    (tmp_path / "a.normalized.png").write_text("mine")
    result = run("normalize", "a.png", "b.png")
    assert result.exit_code == 3
    assert result.stderr == "a.png: a.normalized.png exists already. Add --overwrite to replace it.\n"
    assert (tmp_path / "a.normalized.png").read_text() == "mine"
    assert (tmp_path / "b.normalized.png").exists()
    assert run("normalize", "a.png", "b.png", "--overwrite").exit_code == 0
    assert pixels(tmp_path / "a.normalized.png").shape == (224, 224, 3)


def test_nothing_of_a_photo_is_written_if_one_file_may_not_be(run, make_photo, tmp_path: Path) -> None:
    make_photo("two.png", faces=2)
    (tmp_path / "two.face2.normalized.png").write_text("mine")
    assert run("normalize", "two.png").exit_code == 3
    assert not (tmp_path / "two.normalized.png").exists()


def test_results_in_a_folder_are_no_photos_for_the_next_run(run, make_photo) -> None:
    make_photo("a.png")
    run("normalize", ".", "--texture", "--side-by-side")
    assert "1 face from 1 photo " in run("normalize", ".", "--overwrite").stdout


def test_no_memory_for_a_photo_is_a_failure_of_that_photo(run, make_photo, monkeypatch) -> None:
    def fail(photo: Path) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr("fsynth.faces.photo.read_photo", fail)
    make_photo("a.png")
    result = run("normalize", "a.png")
    assert result.exit_code == 3
    assert result.stderr == "a.png: There is not enough memory for this photo.\n"


def test_broken_weights_end_with_their_sentence(run, make_photo, monkeypatch) -> None:
    import fsynth
    from fsynth.errors import WeightsError

    def load(weights: str, **options: str) -> None:
        raise WeightsError(f"{weights} is damaged (its sha256 differs).")

    monkeypatch.setattr(fsynth, "load", load)
    make_photo("a.png")
    result = run("normalize", "a.png", "--weights", "w.onnx")
    assert result.exit_code == 1
    assert result.stderr == "Error: w.onnx is damaged (its sha256 differs).\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Missing argument 'PHOTO...'"),
        (["missing.jpg"], "'missing.jpg' does not exist"),
        (["empty"], "There is no photo in the folder given."),
        (["a.png", "--report", "a.png"], "a.png must end in .html"),
        (["a.png", "--report", "old.html"], "old.html exists already"),
        (["a.png", "--faces", "smallest"], "'smallest' is not one of 'all', 'largest'"),
        (["a.png", "--engine", "torch"], "'torch' is not one of"),
        (["a.png", "-o", "a.png"], "'a.png' is a file"),
    ],
)
def test_usage_errors(run, make_photo, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    make_photo("a.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "old.html").touch()
    result = run("normalize", *arguments)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
    assert not (tmp_path / "a.normalized.png").exists()
