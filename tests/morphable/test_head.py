from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tests.morphable.heads import make_small_head

from fsynth_morphable.errors import ArgumentError, OutputError
from fsynth_morphable.head import Head


@pytest.fixture(scope="module")
def small_head() -> Head:
    return make_small_head()


def test_expression_moves_the_vertices(small_head: Head) -> None:
    assert small_head.posed is small_head.vertices
    smiling = small_head.with_expression({"smile": 0.5})
    expected = small_head.vertices + 0.5 * small_head.shape_keys["mouthSmileLeft"]
    np.testing.assert_allclose(smiling.posed, expected, atol=1e-7)
    assert small_head.expression == {}


def test_normals_point_outwards(small_head: Head) -> None:
    normals = small_head.normals()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    ball = small_head.vertices[:-4]
    assert (np.einsum("nd,nd->n", normals[:-4], ball / np.linalg.norm(ball, axis=1, keepdims=True)) > 0.9).all()


def test_a_texture_needs_coordinates(small_head: Head) -> None:
    with pytest.raises(ArgumentError, match="needs `uvs`"):
        Head(
            small_head.vertices,
            small_head.polygons,
            small_head.part_names,
            small_head.polygon_part,
            texture=small_head.texture,
        )


@pytest.mark.parametrize("name", ["head.fbx", "head", "head.glb.zip"])
def test_other_suffixes_are_refused(small_head: Head, tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"must end in one of \.glb, \.obj, \.ply"):
        small_head.save(tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["head.obj", "head.ply", "HEAD.PLY"])
def test_existing_files_stay_unless_overwritten(small_head: Head, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already"):
        small_head.save(path)
    assert path.read_bytes() == b"precious"
    assert small_head.save(path, overwrite=True)[-1] == path
    assert path.stat().st_size > 1000


def test_files_beside_an_obj_are_not_overwritten_either(small_head: Head, tmp_path: Path) -> None:
    (tmp_path / "head.png").write_bytes(b"a holiday photo")
    with pytest.raises(OutputError, match=r"head\.png exists already"):
        small_head.save(tmp_path / "head.obj")
    assert os.listdir(tmp_path) == ["head.png"]


def test_says_when_there_is_nowhere_to_write(small_head: Head, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        small_head.save(tmp_path / "missing" / "head.ply")
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        small_head.save(tmp_path / "folder.ply", overwrite=True)


def test_a_folder_that_may_not_be_written_to(small_head: Head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OutputError, match=r"head\.ply can't be written \(Permission denied\)"):
        small_head.save(tmp_path / "head.ply")
    assert os.listdir(tmp_path) == []


def test_a_failure_leaves_nothing_behind(small_head: Head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OutputError, match="No space left on device"):
        small_head.save(tmp_path / "head.obj")
    assert os.listdir(tmp_path) == []
