from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.morphable.heads import make_small_head

from fsynth_morphable.formats.obj_mesh import read_obj
from fsynth_morphable.head import Head


@pytest.fixture(scope="module")
def small_head() -> Head:
    return make_small_head()


def test_keeps_quads_coordinates_and_parts(small_head: Head, tmp_path: Path) -> None:
    smiling = small_head.with_expression({"smile": 1})
    texture, materials, path = smiling.save(tmp_path / "ada lovelace.obj")
    mesh = read_obj(path)
    np.testing.assert_allclose(mesh.vertices, smiling.posed, atol=1e-6)
    np.testing.assert_array_equal(mesh.polygons, small_head.polygons)
    np.testing.assert_array_equal(mesh.uv_polygons, small_head.uv_polygons)
    assert small_head.uvs is not None
    np.testing.assert_allclose(mesh.uvs, small_head.uvs, atol=1e-6)
    assert mesh.materials == ("skin", "hair")
    with Image.open(texture) as image:
        np.testing.assert_array_equal(np.asarray(image), small_head.texture)
    lines = path.read_text().splitlines()
    assert lines[0] == "mtllib ada lovelace.mtl"
    assert [line for line in lines if line.startswith("g ")] == ["g skin", "g brows"]
    text = materials.read_text()
    assert text.count("map_Kd ada lovelace.png") == 2
    assert text.count("map_d -imfchan m ada lovelace.png") == 1  # of the hair alone


def test_normals_go_with_their_vertices(small_head: Head, tmp_path: Path) -> None:
    lines = small_head.save(tmp_path / "head.obj")[-1].read_text().splitlines()
    normals = np.array([line.split()[1:] for line in lines if line.startswith("vn ")], float)
    np.testing.assert_allclose(normals, small_head.normals(), atol=1e-4)
    corners = [corner.split("/") for line in lines if line.startswith("f ") for corner in line.split()[1:]]
    assert all(vertex == normal for vertex, _, normal in corners)


def test_a_head_without_texture(small_head: Head, tmp_path: Path) -> None:
    plain = replace(small_head, texture=None, uvs=None, uv_polygons=None)
    materials, path = plain.save(tmp_path / "head.obj")
    mesh = read_obj(path)
    np.testing.assert_array_equal(mesh.polygons, small_head.polygons)
    assert (mesh.uv_polygons == -1).all()
    np.testing.assert_allclose(mesh.vertices, small_head.vertices, atol=1e-6)
    first = path.read_text().splitlines()[2].split()
    assert small_head.colours is not None
    np.testing.assert_allclose([float(number) for number in first[4:]], small_head.colours[0], atol=1e-6)
    assert "map_" not in materials.read_text()


@pytest.mark.requires_extra("mesh")
def test_trimesh_reads_it(small_head: Head, tmp_path: Path) -> None:
    import trimesh

    scene = trimesh.load_scene(small_head.save(tmp_path / "head.obj")[-1])
    assert sum(len(part.faces) for part in scene.geometry.values()) == len(small_head.triangles[0])
    np.testing.assert_allclose(
        scene.bounds, [small_head.vertices.min(axis=0), small_head.vertices.max(axis=0)], atol=1e-6
    )
