"""Photographs to arrays, and the cache on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsynth import encoder
from fsynth.errors import NoFaceError
from fsynth.faces import EYE_TARGETS, LANDMARKS_65, align, eye_centres, find_faces, read_photo
from fsynth_training.dataset.open_sets import Photograph
from fsynth_training.dataset.prepare import PreparedSet, cached, person_masks, prepare


def test_arrays_have_the_shapes_they_are_said_to_have(astronaut_set: PreparedSet) -> None:
    shapes = {name: (value.shape, value.dtype.kind) for name, value in vars(astronaut_set).items()}

    assert shapes == {
        "aligned": ((1, 224, 224, 3), "u"),
        "landmarks": ((1, 65, 2), "f"),
        "mesh": ((1, 468, 3), "f"),
        "features": ((1, 2, 1024), "f"),
        "augmented": ((1, 1, 1024), "f"),
        "source": ((1,), "U"),
        "identity": ((1,), "U"),
        "smiling": ((1,), "b"),
        "path": ((1,), "U"),
    }
    assert astronaut_set.path[0] == "london/astronaut.jpg"


def test_faces_are_those_of_the_sdk(astronaut_set: PreparedSet, astronaut: Path) -> None:
    photo = read_photo(astronaut)
    (face,) = find_faces(photo)
    faceres = encoder.load("faceres")
    chip = faceres.crop(photo, face.mesh)

    np.testing.assert_array_equal(astronaut_set.aligned[0], align(photo, face).image)
    np.testing.assert_allclose(
        astronaut_set.features[0], faceres.encode(np.stack([chip, chip[:, ::-1]])), rtol=1e-4, atol=1e-4
    )


def test_mesh_and_landmarks_are_in_aligned_pixels(astronaut_set: PreparedSet, astronaut: Path) -> None:
    mesh = astronaut_set.mesh[0]

    np.testing.assert_allclose(eye_centres(mesh), EYE_TARGETS, atol=1e-2)
    np.testing.assert_allclose(astronaut_set.landmarks[0], mesh[LANDMARKS_65, :2], atol=1e-3)
    # A similarity keeps the form of the mesh, its depth included.
    (face,) = find_faces(read_photo(astronaut))
    lengths, there = (
        np.linalg.norm(points[[10, 234, 4]] - points[[152, 454, 168]], axis=1) for points in (mesh, face.mesh)
    )
    np.testing.assert_allclose(lengths / lengths[0], there / there[0], rtol=1e-3)


def test_augmented_features_are_of_the_same_person_seen_worse(astronaut_set: PreparedSet) -> None:
    plain, worse = astronaut_set.features[0, 0], astronaut_set.augmented[0, 0]
    cosine = plain @ worse / (np.linalg.norm(plain) * np.linalg.norm(worse))

    assert 0.5 < cosine < 0.9999


@pytest.fixture
def photographs(tmp_path: Path, astronaut: Path) -> list[Photograph]:
    """A photo without a face, a file that is no photo, and the example."""
    Image.new("RGB", (64, 64), (90, 120, 90)).save(tmp_path / "meadow.png")
    (tmp_path / "notes.jpg").write_text("not a photo", encoding="utf-8")
    return [
        Photograph("canada", "meadow", tmp_path / "meadow.png"),
        Photograph("canada", "notes", tmp_path / "notes.jpg"),
        Photograph("london", "astronaut", astronaut, smiling=True),
    ]


def test_what_shows_no_face_is_named_and_skipped(
    photographs: list[Photograph], capsys: pytest.CaptureFixture[str]
) -> None:
    prepared = prepare(photographs, augmentations=0)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["skipped meadow.png", "skipped notes.jpg"]
    assert prepared.identity.tolist() == ["astronaut"]
    assert prepared.smiling.tolist() == [True]
    assert prepared.augmented.shape == (1, 0, 1024)


def test_no_face_at_all_is_an_error(photographs: list[Photograph]) -> None:
    with pytest.raises(NoFaceError, match="a face in none of the photographs"):
        prepare(photographs[:2], augmentations=0)


def test_the_cache_gives_back_what_was_prepared(tmp_path: Path, astronaut: Path) -> None:
    path = tmp_path / "run" / "set.npz"
    photographs = [Photograph("london", "astronaut", astronaut)]

    first = cached(path, photographs, augmentations=2)

    def untouched() -> Iterator[Photograph]:
        raise AssertionError("the cache was not used")
        yield

    second = cached(path, untouched(), augmentations=2)
    expected = prepare(photographs, augmentations=2)
    for name, value in vars(expected).items():
        np.testing.assert_array_equal(getattr(first, name), value)
        np.testing.assert_array_equal(getattr(second, name), value)
    assert [file.name for file in path.parent.iterdir()] == ["set.npz"]


def test_a_failed_preparation_leaves_no_file(tmp_path: Path, photographs: list[Photograph]) -> None:
    with pytest.raises(NoFaceError):
        cached(tmp_path / "set.npz", photographs[:2], augmentations=0)

    assert not list(tmp_path.glob("set*"))


@pytest.mark.requires_extra("tensorflow")
def test_masks_are_the_networks_output_at_the_size_of_the_face(tmp_path: Path) -> None:
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
    images = np.zeros((2, 224, 224, 3), np.uint8)
    images[0, :, 112:] = 255
    images[1, 112:] = 255

    masks = person_masks(images, tmp_path / "mean.onnx")

    assert masks.shape == (2, 224, 224)
    for mask, image in zip(masks, images, strict=True):
        expected = image[..., 0] / 255
        near = np.abs(mask - expected) < 1e-5
        assert near.mean() > 0.97
        assert near[[0, 0, -1, -1, 100, 124], [0, -1, 0, -1, 100, 124]].all()
