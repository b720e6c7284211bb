"""What every encoder does, whichever it is."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from fsynth import encoder
from fsynth.encoder import DlibResNet, Encoder, FaceRes
from fsynth.errors import ArgumentError, EngineError
from fsynth.faces import five_points


def test_load_gives_the_encoder_of_the_name() -> None:
    assert isinstance(encoder.load(), FaceRes)
    assert isinstance(encoder.load("dlib"), DlibResNet)


def test_unknown_name_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"'facenet'.*'faceres' or 'dlib'"):
        encoder.load("facenet")


def test_unknown_device_is_refused() -> None:
    with pytest.raises(ArgumentError, match="`device` is one of"):
        encoder.load("dlib", device="gpu")


def test_missing_device_is_refused_on_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineError, match="'cuda' is not available"):
        encoder.load("dlib", device="cuda")


def test_import_is_lazy() -> None:
    code = "import fsynth.encoder, sys; print({'numpy', 'onnxruntime', 'keras'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"


def test_module_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'facenet'"):
        encoder.facenet  # noqa: B018


def test_follows_the_protocol(network: Encoder) -> None:
    assert isinstance(network, Encoder)
    assert network.name in ("faceres", "dlib")


def test_crop_and_encode_give_the_promised_shapes(network: Encoder, chips: np.ndarray) -> None:
    size = network.input_size
    assert chips.shape == (3, size, size, 3)
    features = network.encode(chips)
    assert features.shape == (3, network.feature_width)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_no_chips_give_no_features(network: Encoder) -> None:
    empty = np.empty((0, network.input_size, network.input_size, 3), np.uint8)
    assert network.encode(empty).shape == (0, network.feature_width)


def test_features_do_not_depend_on_the_batch(network: Encoder, chips: np.ndarray) -> None:
    many = np.tile(chips, (7, 1, 1, 1))[:20]
    alone = np.concatenate([network.encode(chip[None]) for chip in chips])
    np.testing.assert_allclose(network.encode(many), np.tile(alone, (7, 1))[:20], atol=1e-5)


def test_a_face_is_nearer_to_its_mirror_image_than_to_noise(network: Encoder, chips: np.ndarray) -> None:
    face, mirrored, noise = network.encode(chips)
    assert np.linalg.norm(face - mirrored) < np.linalg.norm(face - noise) / 2


def test_encode_leaves_its_input_alone(network: Encoder, chips: np.ndarray) -> None:
    before = chips.copy()
    chips.flags.writeable = False
    network.encode(chips)
    np.testing.assert_array_equal(chips, before)


@pytest.mark.parametrize("name", ["faceres", "dlib"])
def test_landmarks_land_on_the_template(name: str) -> None:
    """Blobs drawn at a turned and scaled face's points stand at the template's places in the chip."""
    network = encoder.load(name)
    assert isinstance(network, FaceRes | DlibResNet)
    angle, scale = 0.3, 1.7
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    places = network.template @ turn.T + [180, 60]
    mesh = mesh_with_points(name, places)
    y, x = np.mgrid[:640, :640]
    squared = (x[..., None] - places[:, 0]) ** 2 + (y[..., None] - places[:, 1]) ** 2
    photo = np.repeat((255 * np.exp(-squared / 50).max(axis=-1))[..., None], 3, axis=-1).astype(np.uint8)
    chip = network.crop(photo, mesh)[..., 0].astype(float)
    y, x = np.mgrid[: network.input_size, : network.input_size]
    for place in network.template:
        near = chip * ((x - place[0]) ** 2 + (y - place[1]) ** 2 < 81)
        centroid = np.array([(near * x).sum(), (near * y).sum()]) / near.sum()
        np.testing.assert_allclose(centroid, place, atol=0.25)


def mesh_with_points(name: str, places: np.ndarray) -> np.ndarray:
    """A mesh (468, 3) whose points of alignment are ``places`` (5, 2); the others are nowhere near."""
    mesh = np.full((468, 3), 1e4, np.float32)
    if name == "faceres":
        for corners, place in zip(([33, 133], [362, 263]), places[:2], strict=True):
            mesh[corners, :2] = place + np.array([[-10, 3], [10, -3]])
        mesh[[4, 61, 291], :2] = places[2:]
        np.testing.assert_allclose(five_points(mesh), places, atol=1e-3)
    else:
        mesh[[33, 133, 362, 263, 2], :2] = places
    return mesh


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda chips: chips.astype(np.float32), "uint8 and is .* float32"),
        (lambda chips: chips[0], r"\(N, (\d+), \1, 3\) uint8"),
        (lambda chips: chips[:, :-1], "`chips` must be"),
        (lambda chips: chips[..., :1], "`chips` must be"),
    ],
)
def test_wrong_chips_are_refused(network: Encoder, chips: np.ndarray, change, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ArgumentError, match=message):
        network.encode(change(chips))


MESH = np.random.default_rng(0).uniform(0, 50, (468, 3))
PHOTO = np.zeros((60, 60, 3), np.uint8)


@pytest.mark.parametrize(
    ("photo", "mesh", "message"),
    [
        (PHOTO, MESH[:400], "`mesh` must have shape"),
        (PHOTO, MESH[:, :1], "`mesh` must have shape"),
        (PHOTO, np.full((468, 3), np.nan), "`mesh` must hold finite numbers"),
        (PHOTO, np.full((468, 3), "a"), "`mesh` must hold finite numbers"),
        (PHOTO, np.ones((468, 3)), "`mesh` .* one and the same point"),
        (PHOTO.astype(float), MESH, "`photo` must be .* uint8"),
        (PHOTO[..., 0], MESH, "`photo` must be .* uint8"),
        (PHOTO[:0], MESH, "`photo` must be .* uint8"),
    ],
)
def test_wrong_photos_and_meshes_are_refused(
    network: Encoder, photo: np.ndarray, mesh: np.ndarray, message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        network.crop(photo, mesh)
