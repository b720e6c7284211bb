"""One photo at a time, kept on disk: what is found, and what a second run does not do again."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsynth import encoder
from fsynth.errors import WeightsError
from fsynth.faces import EYE_TARGETS, align, eye_centres, find_faces, read_photo
from fsynth.networks.files import read_network
from fsynth_training.dataset import photo_stage
from fsynth_training.dataset.photo_list import Photo
from fsynth_training.dataset.photo_stage import StageSettings, load, look_at
from fsynth_training.dataset.second_encoder import SecondEncoder
from fsynth_training.dataset.store import DatasetError

SETTINGS = StageSettings(encoder="faceres", degraded=2, seed=0, segmentation=None)


@pytest.fixture
def photo(astronaut: Path) -> Photo:
    return Photo(astronaut, "astronaut.jpg", "astronaut")


def test_the_face_is_aligned_and_encoded_in_all_views(tmp_path: Path, photo: Photo) -> None:
    seen = load(look_at(photo, SETTINGS, tmp_path))

    pixels = read_photo(photo.path)
    (face,) = find_faces(pixels)
    faceres = encoder.load("faceres")
    chip = faceres.crop(pixels, face.mesh)
    expected = faceres.encode(np.stack([chip, chip[:, ::-1]]))
    assert seen.failure == ""
    np.testing.assert_array_equal(seen.image, align(pixels, face).image)
    np.testing.assert_allclose(seen.features[:2], expected, atol=1e-4)
    np.testing.assert_allclose(eye_centres(seen.mesh), EYE_TARGETS, atol=1e-2)
    assert seen.features.shape == (4, 1024)
    assert seen.mirrored.shape == (4,)
    assert seen.mirrored[:2].tolist() == [False, True]
    assert len(seen.mask) == 0


def test_a_second_look_changes_nothing(tmp_path: Path, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = look_at(photo, SETTINGS, tmp_path)
    content = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(photo_stage, "see", None)  # it is not called
        assert look_at(photo, SETTINGS, tmp_path) == path

    path.unlink()
    assert look_at(photo, SETTINGS, tmp_path) == path
    assert path.read_bytes() == content


def test_a_result_that_lost_its_end_is_made_again(tmp_path: Path, photo: Photo) -> None:
    path = look_at(photo, SETTINGS, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:-1000])

    assert look_at(photo, SETTINGS, tmp_path).read_bytes() == content


@pytest.mark.parametrize("change", [{"degraded": 1}, {"seed": 1}, {"encoder": "dlib"}])
def test_other_settings_have_other_results(tmp_path: Path, photo: Photo, change: dict[str, object]) -> None:
    other = look_at(photo, replace(SETTINGS, **change), tmp_path)

    assert other != look_at(photo, SETTINGS, tmp_path)


def test_photos_for_features_leave_no_pixels(tmp_path: Path, photo: Photo) -> None:
    seen = load(look_at(replace(photo, role="features"), SETTINGS, tmp_path))

    assert len(seen.image) == len(seen.mask) == len(seen.thumbnail) == 0
    np.testing.assert_array_equal(seen.features, load(look_at(photo, SETTINGS, tmp_path)).features)


def test_the_degradations_follow_the_content_of_the_photo_not_its_name(tmp_path: Path, photo: Photo) -> None:
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(photo.path.read_bytes())

    assert look_at(Photo(copy, "copy.jpg", "x"), SETTINGS, tmp_path) == look_at(photo, SETTINGS, tmp_path)


def test_failures_are_kept_with_their_reason(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (90, 120, 90)).save(tmp_path / "meadow.png")
    (tmp_path / "notes.jpg").write_text("not a photo", encoding="utf-8")
    meadow, notes, missing = (
        load(look_at(Photo(tmp_path / name, name, "x"), SETTINGS, tmp_path / "work"))
        for name in ("meadow.png", "notes.jpg", "missing.jpg")
    )

    assert meadow.failure == "No face was found."
    assert notes.failure.startswith(f"{tmp_path / 'notes.jpg'} is not an image")
    assert missing.failure == f"{tmp_path / 'missing.jpg'} can't be read (No such file or directory)."
    assert len(meadow.features) == 0
    thumbnail = Image.open(io.BytesIO(meadow.thumbnail.tobytes()))
    assert max(thumbnail.size) <= 112
    assert len(notes.thumbnail) == 0


def test_a_full_disk_is_not_the_photos_fault(tmp_path: Path, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **arrays: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(photo_stage.np, "savez", full)
    with pytest.raises(DatasetError, match=r"can't be written to \(No space left on device\)"):
        look_at(photo, SETTINGS, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.requires_extra("tensorflow")
def test_masks_are_the_networks_output_at_the_size_of_the_face(tmp_path: Path, photo: Photo) -> None:
    import onnx
    from onnx import TensorProto, helper

    # In place of the segmentation: the mean of red, green and blue is how much of a pixel is person.
    nodes = [helper.make_node("ReduceMean", ["image"], ["mask"], axes=[3], keepdims=1)]
    shapes = [("image", ["n", 256, 256, 3]), ("mask", ["n", 256, 256, 1])]
    ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name, shape in shapes]
    model = helper.make_model(
        helper.make_graph(nodes, "mean", *ends), opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    onnx.save(model, tmp_path / "mean.onnx")

    seen = load(look_at(photo, replace(SETTINGS, segmentation=tmp_path / "mean.onnx"), tmp_path))

    assert seen.mask.shape == (224, 224)
    assert seen.mask.dtype == np.float16
    expected = seen.image.mean(axis=-1) / 255
    assert np.abs(seen.mask - expected).mean() < 0.02
    assert np.corrcoef(seen.mask.ravel(), expected.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("network", ["facemesh", "text"])
def test_another_network_is_not_taken_for_the_segmentation(tmp_path: Path, photo: Photo, network: str) -> None:
    path = tmp_path / "selfie.onnx"
    path.write_bytes(b"no network" if network == "text" else read_network(network))

    sentence = "selfie.onnx is not the selfie segmentation" if network != "text" else "selfie.onnx: The data is no ONNX"
    with pytest.raises(WeightsError, match=sentence):
        look_at(photo, replace(SETTINGS, segmentation=path), tmp_path)


@pytest.mark.requires_extra("tensorflow")
def test_a_second_recogniser_sees_the_photo_and_its_mirror_image(tmp_path: Path, photo: Photo) -> None:
    from tests.training.small_recogniser import small_recogniser

    path = tmp_path / "small.onnx"
    path.write_bytes(small_recogniser())

    seen = load(look_at(photo, replace(SETTINGS, second_encoder=path), tmp_path / "a"))

    network = SecondEncoder(path.read_bytes(), path.name)
    pixels = read_photo(photo.path)
    chip = network.crop(pixels, find_faces(pixels)[0].mesh)
    np.testing.assert_allclose(seen.second, network.encode(np.stack([chip, chip[:, ::-1]])), atol=1e-6)
    assert load(look_at(photo, SETTINGS, tmp_path / "a")).second.size == 0
