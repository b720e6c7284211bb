from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.morphable.heads import make_small_head

import fsynth
from fsynth.errors import NoFaceError
from fsynth_morphable import create, models, preview
from fsynth_morphable.errors import LandmarksError
from fsynth_morphable.head import Head

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Let every photo give the same small head, and pictures be blank; the arguments that heads were made with."""
    calls: list[dict[str, object]] = []

    def make(image: np.ndarray, landmarks: np.ndarray, **options: object) -> Head:
        calls.append({"image": image, "landmarks": landmarks, **options})
        return make_small_head()

    def blank(head: Head, yaws: list[float], *, size: int = 16) -> list[np.ndarray]:
        return [np.full((size, size, 3), row, np.uint8) for row, _ in enumerate(yaws)]

    monkeypatch.setattr(preview, "render_views", blank)
    monkeypatch.setattr(create, "make_head", make)
    monkeypatch.setattr(models, "load", lambda name: name)
    return calls


def test_a_head_beside_the_photo(run, make_photo, made, tmp_path: Path) -> None:
    pytest.importorskip("pygltflib", reason='needs pip install "fsynth[mesh]"')
    photo = make_photo("ada.jpg")
    before = photo.read_bytes()
    result = run("avatar", "ada.jpg")
    assert result.exit_code == 0, result.output
    assert sorted(os.listdir(tmp_path)) == ["ada.glb", "ada.jpg"]
    assert (tmp_path / "ada.glb").read_bytes()[:4] == b"glTF"
    assert photo.read_bytes() == before
    assert result.stdout.splitlines()[0] == "ada.glb"
    assert result.stdout.splitlines()[1].startswith("164 vertices, 3 shapes, in ")
    (call,) = made
    assert call["model"] == "fsynth"
    assert call["name"] == "ada"
    assert call["fit_photo"] is False
    assert np.all(call["image"] == 50)
    assert np.all(call["photo_image"] == 150)


def test_options_reach_the_head(run, make_photo, made, tmp_path: Path) -> None:
    make_photo("ada.jpg")
    options = ["--model", "ict", "--expression", "smile=0.5", "--texture-size", "2048", "-q"]
    result = run("avatar", "ada.jpg", "-o", "out/head.obj", *options)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert sorted(os.listdir(tmp_path / "out")) == ["head.mtl", "head.obj", "head.png"]
    (call,) = made
    assert (call["model"], call["texture_size"], call["name"]) == ("ict", 2048, "head")
    head = make_small_head()
    first = (tmp_path / "out" / "head.obj").read_text().splitlines()[2]
    expected = head.vertices[0] + 0.5 * head.shape_keys["mouthSmileLeft"][0]
    np.testing.assert_allclose([float(part) for part in first.split()[1:]], expected, atol=1e-6)


def test_fit_photo_takes_the_pixels_that_the_photo_has(run, make_photo, made) -> None:
    make_photo("ada.jpg")
    assert run("avatar", "ada.jpg", "-o", "ada.ply", "--fit-photo").exit_code == 0
    (call,) = made
    assert call["fit_photo"] is True
    # The quick normalizer's faces are enlarged twice already.
    assert call["photo_image"].shape == (224, 224, 3)  # type: ignore[attr-defined]


def test_fit_photo_of_a_large_face_is_fine(run, made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Large:
        def __call__(self, photo: np.ndarray) -> fsynth.NormalizedFace:
            mesh = np.zeros((468, 3), np.float32)
            mesh[33], mesh[133], mesh[362], mesh[263] = (300, 500, 0), (400, 500, 0), (600, 500, 0), (700, 500, 0)
            face = fsynth.faces.Face(np.array([200, 300, 800, 900], np.float32), 0.9, mesh)
            return fsynth.NormalizedFace(
                np.zeros((224, 224, 3), np.uint8),
                np.zeros((65, 2), np.float32),
                np.zeros((224, 224, 3), np.uint8),
                np.zeros(1024, np.float32),
                fsynth.faces.align(photo, face),
            )

    monkeypatch.setattr(fsynth, "load", lambda *args, **kwargs: Large())
    y, x = np.mgrid[:1000, :1000]
    Image.fromarray(np.stack([x // 4, y // 4, 0 * x], axis=-1).astype(np.uint8)).save(tmp_path / "large.png")
    assert run("avatar", "large.png", "-o", "large.ply", "--fit-photo").exit_code == 0
    (call,) = made
    image, landmarks = call["photo_image"], call["photo_landmarks"]
    assert isinstance(image, np.ndarray)
    assert isinstance(landmarks, np.ndarray)
    assert image.shape == (896, 896, 3)  # 300 px between the eyes, 4 x 55 at most
    # The photo's colours say where each pixel is from: the outer corner of the right eye is at (300, 500).
    x_eye, y_eye = landmarks[list(fsynth.faces.LANDMARKS_65).index(33)]
    np.testing.assert_allclose(image[round(y_eye), round(x_eye), :2].astype(int) * 4, [300, 500], atol=6)


def test_previews(run, make_photo, made, tmp_path: Path) -> None:
    make_photo("ada.jpg")
    result = run("avatar", "ada.jpg", "-o", "ada.ply", "--preview")
    assert result.exit_code == 0, result.output
    assert sorted(os.listdir(tmp_path)) == ["ada.jpg", "ada.ply", "ada.preview.png", "ada.preview.webp"]
    with Image.open(tmp_path / "ada.preview.png") as image:
        assert image.width == 3 * image.height


@pytest.mark.parametrize("existing", ["ada.ply", "ada.preview.webp"])
def test_nothing_is_overwritten_unasked(run, make_photo, made, tmp_path: Path, existing: str) -> None:
    make_photo("ada.jpg")
    (tmp_path / existing).write_bytes(b"precious")
    result = run("avatar", "ada.jpg", "-o", "ada.ply", "--preview")
    assert result.exit_code == 2
    assert f"{existing} exists already. Add --overwrite to replace it." in result.stderr
    assert (tmp_path / existing).read_bytes() == b"precious"
    assert made == []
    assert run("avatar", "ada.jpg", "-o", "ada.ply", "--preview", "--overwrite").exit_code == 0
    assert (tmp_path / existing).read_bytes() != b"precious"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "ada.fbx"], "ada.fbx must end in one of .glb, .obj, .ply"),
        (["-o", "ada.ply", "--expression", "smile=much"], "must be a name and a number"),
        (["-o", "ada.ply", "--expression", "smile=7"], "must be from 0 to 1, it is 7"),
        (["-o", "ada.ply", "--expression", "smiel"], "Did you mean 'smile'?"),
        (["-o", "ada.ply", "--texture-size", "100"], "is not one of"),
    ],
)
def test_a_wrong_command_line(run, make_photo, made, tmp_path: Path, options: list[str], message: str) -> None:
    make_photo("ada.jpg")
    result = run("avatar", "ada.jpg", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert os.listdir(tmp_path) == ["ada.jpg"]


def test_no_face(run, make_photo, made, tmp_path: Path) -> None:
    make_photo("empty.jpg", faces=0)
    result = run("avatar", "empty.jpg", "-o", "empty.ply")
    assert result.exit_code == 1
    assert result.stderr == "Error: No face was found in the photo.\n"
    assert os.listdir(tmp_path) == ["empty.jpg"]


@pytest.mark.parametrize("error", [LandmarksError("Landmark 3 is not finite."), NoFaceError("No face.")])
def test_what_goes_wrong_is_one_sentence(
    run, make_photo, made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*args: object, **options: object) -> Head:
        raise error

    make_photo("ada.jpg")
    monkeypatch.setattr(create, "make_head", fail)
    result = run("avatar", "ada.jpg", "-o", "ada.ply")
    assert result.exit_code == 1
    assert result.stderr == f"Error: {error}\n"
    assert os.listdir(tmp_path) == ["ada.jpg"]


def test_a_model_that_is_not_there(run, make_photo, tmp_path: Path) -> None:
    make_photo("ada.jpg")
    result = run("avatar", "ada.jpg", "-o", "ada.ply", "--model", "missing")
    assert result.exit_code == 1
    assert "missing" in result.stderr
    assert "Traceback" not in result.stderr
    assert os.listdir(tmp_path) == ["ada.jpg"]
