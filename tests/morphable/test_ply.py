from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.morphable.heads import make_small_head

from fsynth_morphable.head import Head


@pytest.fixture(scope="module")
def small_head() -> Head:
    return make_small_head()


def read_ply(content: bytes) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Header lines, vertex columns (N, 9), faces (F, corners); by the letter of the format."""
    header, _, body = content.partition(b"end_header\n")
    lines = header.decode().splitlines()
    vertices, faces = (int(line.split()[2]) for line in lines if line.startswith("element"))
    kinds = [("f4", 6), ("u1", 3)] if b"uchar red" in header else [("f4", 6)]
    table = np.dtype([(f"c{i}", kind, (count,)) for i, (kind, count) in enumerate(kinds)])
    rows = np.frombuffer(body, table, vertices)
    rest = body[vertices * table.itemsize :]
    corners = rest[0]
    polygons = np.frombuffer(rest, np.dtype([("n", "u1"), ("c", "<i4", (corners,))]))
    assert len(polygons) == faces
    assert (polygons["n"] == corners).all()
    return lines, np.concatenate([rows[name] for name in table.names or ()], axis=1), polygons["c"]


def test_holds_quads_normals_and_colours(small_head: Head, tmp_path: Path) -> None:
    smiling = small_head.with_expression({"jawOpen": 0.5})
    (path,) = smiling.save(tmp_path / "head.ply")
    _, columns, faces = read_ply(path.read_bytes())
    assert smiling.colours is not None
    np.testing.assert_array_equal(columns[:, :3], smiling.posed)
    np.testing.assert_allclose(columns[:, 3:6], smiling.normals(smiling.posed), atol=1e-6)
    np.testing.assert_allclose(columns[:, 6:] / 255, smiling.colours, atol=0.5 / 255 + 1e-6)
    np.testing.assert_array_equal(faces, small_head.polygons)


def test_a_mesh_with_triangles_becomes_triangles(small_head: Head, tmp_path: Path) -> None:
    polygons = small_head.polygons.copy()
    polygons[3, 3] = -1
    mixed = replace(small_head, polygons=polygons, uvs=None, uv_polygons=None, texture=None, colours=None)
    lines, columns, faces = read_ply(mixed.save(tmp_path / "head.ply")[-1].read_bytes())
    assert "property uchar red" not in lines
    assert columns.shape[1] == 6
    assert faces.shape == (2 * len(polygons) - 1, 3)


@pytest.mark.requires_extra("mesh")
def test_trimesh_reads_it(small_head: Head, tmp_path: Path) -> None:
    import trimesh

    mesh = trimesh.load_mesh(small_head.save(tmp_path / "head.ply")[-1], process=False)
    np.testing.assert_allclose(mesh.vertices, small_head.vertices)
    assert len(mesh.faces) == 2 * len(small_head.polygons)
    assert mesh.visual.vertex_colors[10, 0] == int(small_head.colours[10, 0] * 255 + 0.5)  # type: ignore[index]
