from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from fsynth_morphable.errors import ArgumentError, ModelFileError, OutputError
from fsynth_morphable.formats import embedded
from fsynth_morphable.model import MorphableModel


def coarse() -> embedded.Arrays:
    """A cube of 8 vertices as the embedded head is written: whole numbers with units, and subdivided once."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32) / 10
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    info = {
        "format": "fsynth head",
        "version": 1,
        "name": "cube",
        "licence": "CC0",
        "source": "here",
        "part_names": ["skin", "teeth"],
        "expression_names": ["jawOpen"],
        "subdivision_levels": 1,
    }
    return {
        "info": np.frombuffer(json.dumps(info).encode(), np.uint8),
        "mean": corners,
        "identity": np.arange(48, dtype=np.int16).reshape(2, 8, 3),
        "identity_unit": np.array([1e-3, 1e-4], np.float32),
        "expression": np.full((1, 8, 3), 100, np.int16),
        "expression_unit": np.array([1e-4], np.float32),
        "polygons": np.array(quads, np.int16),
        "polygon_part": np.array([0, 0, 0, 0, 0, 1], np.uint8),
        "uvs": np.random.default_rng(0).random((24, 2)).astype(np.float32),
        "uv_polygons": np.arange(24, dtype=np.int16).reshape(6, 4),
        "texture": np.zeros((8, 8, 4), np.uint8),
        "colour_mean": np.full((8, 3), 51, np.uint8),
        "colour_basis": np.full((1, 8, 3), -100, np.int8),
        "colour_unit": np.array([1e-3], np.float32),
        "landmark_vertices": np.array([[0, 1], [2, 3]], np.int16),
        "landmark_weights": np.array([[0.25, 0.75], [1, 0]], np.float32),
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    embedded.write_arrays(coarse(), tmp_path / "head.npz")
    return tmp_path / "head.npz"


def test_reads_whole_numbers_with_units(path: Path) -> None:
    model = embedded.read(path)
    np.testing.assert_allclose(model.identity[1], np.arange(24, 48).reshape(8, 3) * 1e-4, rtol=1e-6)
    np.testing.assert_allclose(model.expression, 0.01, rtol=1e-6)
    assert model.colour_mean is not None
    assert model.colour_basis is not None
    np.testing.assert_allclose(model.colour_mean, 0.2, rtol=1e-6)
    np.testing.assert_allclose(model.colour_basis, -0.1, rtol=1e-6)
    assert model.landmarks is not None
    np.testing.assert_allclose(model.landmarks.of(model.mean)[1], model.mean[2])


def test_surface_is_subdivided_with_its_uvs_and_parts(path: Path) -> None:
    model = embedded.read(path)
    # A cube: 8 corners, 12 edges, 6 faces.
    assert model.vertices().shape == (26, 3)
    assert model.polygons.shape == (24, 4)
    np.testing.assert_array_equal(np.bincount(model.polygon_part), [20, 4])
    # Every face is an island of the texture: 9 points each, and the corners keep their places.
    assert model.uvs is not None
    assert model.uv_polygons is not None
    assert model.uvs.shape == (6 * 9, 2)
    np.testing.assert_allclose(model.uvs[:24], coarse()["uvs"], rtol=1e-6)
    assert model.uv_polygons.shape == (24, 4)


def test_any_model_comes_back_as_it_was(tmp_path: Path, small_model: MorphableModel) -> None:
    assert small_model.landmarks is not None
    arrays = embedded.to_arrays(small_model) | embedded.landmark_arrays(small_model.landmarks)
    embedded.write_arrays(embedded.renamed(arrays, "other"), tmp_path / "new" / "model.npz")
    model = embedded.read(tmp_path / "new" / "model.npz")
    assert model.name == "other"
    assert model.expression_range == small_model.expression_range
    np.testing.assert_array_equal(model.identity, small_model.identity)
    np.testing.assert_array_equal(model.polygons, small_model.polygons)
    np.testing.assert_allclose(
        model.landmark_positions(np.ones(12)), small_model.landmark_positions(np.ones(12)), atol=1e-9
    )
    assert model.uvs is None
    assert model.colour_mean is None
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["model.npz"]


def test_subdivided_models_have_no_arrays(path: Path) -> None:
    with pytest.raises(ArgumentError, match="only its file can be copied"):
        embedded.to_arrays(embedded.read(path))


def test_checksum(path: Path) -> None:
    checksum = path.with_name("head.npz.sha256")
    checksum.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  head.npz\n")
    assert embedded.read(path).name == "cube"
    checksum.write_text(f"{'0' * 64}  head.npz\n")
    with pytest.raises(ModelFileError, match=r"is damaged: its sha256 is not the one in head\.npz\.sha256"):
        embedded.read(path)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.99])
def test_truncated(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelFileError, match=r"is truncated, or no \.npz archive"):
        embedded.read(path)


def test_flipped_bits(path: Path) -> None:
    """Each is found, or is where it changes nothing."""
    whole = embedded.read(path)
    content = path.read_bytes()
    refused = 0
    for place in range(200, len(content), 331):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            damaged = embedded.read(path)
        except ModelFileError:
            refused += 1
        else:
            np.testing.assert_array_equal(damaged.identity, whole.identity)
            np.testing.assert_array_equal(damaged.polygons, whole.polygons)
    assert refused > 0


def test_pickles_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "head.npz", **coarse() | {"mean": np.array([print, None], object)})  # type: ignore[arg-type]
    with pytest.raises(ModelFileError, match=r"no \.npz archive of plain arrays"):
        embedded.read(tmp_path / "head.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"info": np.zeros(3, np.uint8)}, "is no model of fsynth's: it does not say so"),
        ({"info": np.frombuffer(b'{"format": "cat", "version": 1}', np.uint8)}, "is no model of fsynth's but `cat`"),
        ({"info": np.frombuffer(b'{"format": "fsynth head", "version": 9}', np.uint8)}, "has the format 9"),
        ({"info": np.frombuffer(b'{"format": "fsynth head", "version": 1}', np.uint8)}, "has no 'subdivision_levels'"),
        ({"polygons": np.full((6, 4), 9)}, "is damaged"),
        ({"mean": np.zeros((8, 2))}, "is damaged"),
        ({"identity_unit": np.zeros(5, np.float32)}, "is damaged"),
        ({"landmark_weights": np.zeros((3, 2))}, "is damaged"),
        ({"texture": np.zeros(4)}, "is damaged: `texture` must have the shape"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
def test_damaged(tmp_path: Path, change: embedded.Arrays, message: str) -> None:
    embedded.write_arrays(coarse() | change, tmp_path / "head.npz")
    with pytest.raises(ModelFileError, match=message):
        embedded.read(tmp_path / "head.npz")


def test_missing_array(tmp_path: Path) -> None:
    arrays = coarse()
    del arrays["identity"]
    embedded.write_arrays(arrays, tmp_path / "head.npz")
    with pytest.raises(ModelFileError, match="is incomplete: it has no 'identity'"):
        embedded.read(tmp_path / "head.npz")


def test_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="can't be written"):
        embedded.write_arrays(coarse(), tmp_path / "models" / "head.npz")
