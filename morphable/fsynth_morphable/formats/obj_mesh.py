"""Reads what model files need of Wavefront OBJ: vertices, texture coordinates, polygons and their materials."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsynth_morphable.errors import ModelFileError


@dataclass(frozen=True, eq=False)
class ObjMesh:
    """A mesh as the file has it, but counted from 0.

    Attributes:
        vertices: (n, 3) float64.
        uvs: (U, 2) float64.
        polygons: (F, 4) int32, column 3 -1 for triangles.
        uv_polygons: (F, 4) int32, the same for ``uvs``; -1 everywhere in polygons without.
        materials: names in the order of their first use.
        polygon_material: (F,) int32 rows of ``materials``.
    """

    vertices: np.ndarray
    uvs: np.ndarray
    polygons: np.ndarray
    uv_polygons: np.ndarray
    materials: tuple[str, ...]
    polygon_material: np.ndarray


def read_obj(path: Path) -> ObjMesh:
    """Read a mesh of triangles and quads.

    Raises:
        ModelFileError: the file is missing, no OBJ, truncated, or has polygons of more than four corners.
    """
    lines = _lines(path)
    uvs = _numbers(path, lines, b"vt ", 2)
    polygons, uv_polygons, polygon_material, materials = [], [], [], {b"": 0}
    material = 0
    for line in lines:
        if line.startswith(b"f "):
            corners = [corner.split(b"/") for corner in line.split()[1:]]
            try:
                polygons.append([int(corner[0]) for corner in corners])
                uv_polygons.append([int(corner[1]) if len(corner) > 1 and corner[1] else 0 for corner in corners])
            except ValueError as error:
                raise ModelFileError(f"{path}: the polygon `{_text(line)}` can't be read.") from error
            polygon_material.append(material)
        elif line.startswith(b"usemtl "):
            material = materials.setdefault(line[7:].strip(), len(materials))
    vertices = read_obj_vertices(path, lines)
    used, material_rows = np.unique(np.array(polygon_material, np.int32), return_inverse=True)
    names = list(materials)
    return ObjMesh(
        vertices,
        uvs,
        _rows(path, polygons, len(vertices)),
        _rows(path, uv_polygons, len(uvs)),
        tuple(_text(names[row]) for row in used),
        material_rows.astype(np.int32),
    )


def read_obj_vertices(path: Path, lines: list[bytes] | None = None) -> np.ndarray:
    """The vertices alone, (n, 3) float64, in the order of the file.

    Raises:
        ModelFileError: as ``read_obj``.
    """
    vertices = _numbers(path, _lines(path) if lines is None else lines, b"v ", 3)
    if not len(vertices):
        raise ModelFileError(f"{path} is no OBJ mesh: it has no vertices.")
    return vertices


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except OSError as error:
        raise ModelFileError(f"{path} can't be read ({error.strerror or error}).") from error


def _numbers(path: Path, lines: list[bytes], keyword: bytes, count: int) -> np.ndarray:
    """The first ``count`` numbers of each line that starts with ``keyword``, (rows, count)."""
    found = [line.split()[1 : 1 + count] for line in lines if line.startswith(keyword)]
    short = next((row for row in found if len(row) < count), None)
    if short is not None:
        raise ModelFileError(f"{path} is truncated: a line `{_text(keyword)}...` has only {len(short)} numbers.")
    try:
        return np.array(found, dtype=np.float64).reshape(-1, count)
    except ValueError as error:
        raise ModelFileError(f"{path}: a line `{_text(keyword)}...` has something else than numbers.") from error


def _rows(path: Path, polygons: list[list[int]], count: int) -> np.ndarray:
    """OBJ's polygons, counted from 1 or, if negative, back from the end, as (F, 4) counted from 0."""
    sizes = {len(corners) for corners in polygons}
    if not sizes <= {3, 4}:
        raise ModelFileError(f"{path} has polygons of {max(sizes)} corners; only triangles and quads can be read.")
    rows = np.array([corners if len(corners) == 4 else [*corners, 0] for corners in polygons], np.int64).reshape(-1, 4)
    rows = np.where(rows < 0, rows + count, rows - 1)
    if rows.size and (rows.max() >= count or rows.min() < -1):
        raise ModelFileError(f"{path} is truncated: a polygon names row {rows.max() + 1} of {count}.")
    return rows.astype(np.int32)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()
