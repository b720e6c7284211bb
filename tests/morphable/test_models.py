from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fsynth_morphable import correspondence, models
from fsynth_morphable.errors import ArgumentError, LandmarksError, ModelFileError, OutputError
from fsynth_morphable.formats import embedded
from fsynth_morphable.model import MorphableModel


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FSYNTH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path, small_model: MorphableModel) -> Path:
    assert small_model.landmarks is not None
    arrays = embedded.to_arrays(small_model) | embedded.landmark_arrays(small_model.landmarks)
    embedded.write_arrays(arrays, tmp_path / "mine.npz")
    return tmp_path / "mine.npz"


def blind(image: np.ndarray) -> None:
    """A detector that finds nothing."""


def test_the_embedded_head_is_the_default() -> None:
    model = models.load()
    assert model.name == models.EMBEDDED
    assert "CC0" in model.licence
    assert [entry.name for entry in models.available()] == ["fsynth"]


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/fsynth"),
        ("linux", {"HOME": "/home/me"}, "/home/me/.local/share/fsynth"),
        ("darwin", {"HOME": "/Users/me"}, "/Users/me/Library/Application Support/fsynth"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/fsynth"),
        ("linux", {"FSYNTH_HOME": "/mine", "XDG_DATA_HOME": "/data"}, "/mine"),
    ],
)
def test_home(platform: str, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FSYNTH_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(models.sys, "platform", platform)
    assert models.home() == Path(expected)


def test_added_models_are_copies(file: Path, home: Path) -> None:
    added = models.add(file, blind, name="mine-2")
    file.unlink()
    assert [entry.name for entry in models.available()] == ["fsynth", "mine-2"]
    model = models.load("mine-2")
    assert model.name == added.name == "mine-2"
    assert model.landmarks is not None
    assert (home / "models" / "mine-2.npz").is_file()


def test_a_subdivided_file_is_copied_as_it_is(tmp_path: Path) -> None:
    model = models.load()
    if model.landmarks is None:
        pytest.skip("the embedded head has no landmarks yet")
    copy = tmp_path / "copy.npz"
    shutil.copy(models.available()[0].path, copy)
    models.add(copy, blind, name="copy")
    np.testing.assert_array_equal(models.load("copy").vertices(), model.vertices())


def test_nothing_is_replaced_unasked(file: Path, home: Path) -> None:
    models.add(file, blind, name="mine")
    before = (home / "models" / "mine.npz").read_bytes()
    with pytest.raises(OutputError, match="There is a model `mine` already"):
        models.add(file, blind, name="mine")
    assert (home / "models" / "mine.npz").read_bytes() == before
    models.add(file, blind, name="mine", overwrite=True)


@pytest.mark.parametrize("name", ["fsynth", "Mine", "../mine", "", "a/b", ".hidden"])
def test_names(file: Path, name: str) -> None:
    with pytest.raises(ArgumentError, match="A model can't be called"):
        models.add(file, blind, name=name)


def test_load_takes_paths(file: Path) -> None:
    assert models.load(file).name == "small"
    assert models.load(str(file)).name == "small"


def test_no_such_model() -> None:
    with pytest.raises(ModelFileError, match="There is no model `basel`: neither a file nor one of fsynth"):
        models.load("basel")


def test_files_that_are_no_models(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"not a model")
    with pytest.raises(ModelFileError, match=r"photo\.jpg is no model: fsynth reads \.npz"):
        models.load(photo)
    with pytest.raises(ModelFileError, match="is no folder of ICT-FaceKit"):
        models.load(tmp_path)
    with pytest.raises(ModelFileError, match=r"gone\.mat does not exist"):
        models.add(tmp_path / "gone.mat", blind)


@pytest.mark.requires_extra("models")
def test_nothing_is_kept_where_no_face_is_seen(tmp_path: Path, home: Path, small_model: MorphableModel) -> None:
    embedded.write_arrays(embedded.to_arrays(small_model), tmp_path / "faceless.npz")
    with pytest.raises(LandmarksError, match="No face can be seen on the mean head of small from the front"):
        models.add(tmp_path / "faceless.npz", blind)
    assert not home.exists()


@pytest.mark.requires_shared
@pytest.mark.requires_extra("models")
def test_landmarks_are_found_and_kept(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a detector that finds a circle in the middle of every picture, and few pictures."""
    monkeypatch.setattr(correspondence, "vote_landmarks", partial(correspondence.vote_landmarks, views=1))

    def circle(image: np.ndarray) -> np.ndarray:
        turns = np.linspace(0, 2 * np.pi, 65, endpoint=False)
        return len(image) / 2 + len(image) / 10 * np.stack([np.cos(turns), np.sin(turns)], axis=1)

    added = models.add(shared / "data" / "morphable" / "ict_facekit", circle)
    assert added.landmarks is not None
    kept = models.load("ict").landmarks
    assert kept is not None
    np.testing.assert_array_equal(kept.vertices, added.landmarks.vertices)
