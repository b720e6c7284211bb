"""Writes the embedded head: plain arrays and one JSON text, as ``morphable/fsynth_morphable/data/README.md`` says."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

VERSION = 1


@dataclass(frozen=True, eq=False)
class HeadArrays:
    """All of a head, on its control mesh of n vertices. Metres; colours are sRGB in 0..1.

    Attributes:
        info: name, licence, source and whatever else the file should say of itself in JSON.
        mean: (n, 3). identity: (K, n, 3), per standard deviation. expression: (E, n, 3).
        expression_names: E names. polygons: (F, 4), -1 for triangles. part_names; polygon_part: (F,).
        uvs: (U, 2), v up. uv_polygons: (F, 4). texture: (T, T, 4) uint8 sRGB + alpha, first row at v = 1.
        subdivision_levels: how often to subdivide.
        colour_mean: (n, 3). colour_basis: (C, n, 3), per standard deviation.
        landmark_vertices: (L, k) of the control mesh. landmark_weights: (L, k).
    """

    info: dict[str, object]
    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    expression_names: list[str]
    polygons: np.ndarray
    part_names: list[str]
    polygon_part: np.ndarray
    uvs: np.ndarray
    uv_polygons: np.ndarray
    texture: np.ndarray
    subdivision_levels: int = 1
    colour_mean: np.ndarray | None = None
    colour_basis: np.ndarray | None = None
    landmark_vertices: np.ndarray | None = None
    landmark_weights: np.ndarray | None = None


def write_head(head: HeadArrays, path: Path) -> None:
    """Write ``path`` (.npz) and ``path`` + .sha256 beside it, whole or not at all; equal heads give equal bytes."""
    identity, identity_unit = quantize(head.identity, 32767)
    expression, expression_unit = quantize(head.expression, 32767)
    info = {
        "format": "fsynth head",
        "version": VERSION,
        **head.info,
        "expression_names": head.expression_names,
        "part_names": head.part_names,
        "subdivision_levels": head.subdivision_levels,
    }
    arrays: dict[str, np.ndarray] = {
        "info": np.frombuffer(json.dumps(info, indent=1).encode(), np.uint8),
        "mean": head.mean.astype(np.float32),
        "identity": identity.astype(np.int16),
        "identity_unit": identity_unit,
        "expression": expression.astype(np.int16),
        "expression_unit": expression_unit,
        "polygons": head.polygons.astype(np.int16),
        "polygon_part": head.polygon_part.astype(np.uint8),
        "uvs": head.uvs.astype(np.float32),
        "uv_polygons": head.uv_polygons.astype(np.int16),
        "texture": head.texture,
    }
    if head.colour_mean is not None:
        arrays["colour_mean"] = np.rint(np.clip(head.colour_mean, 0, 1) * 255).astype(np.uint8)
    if head.colour_basis is not None:
        colour, colour_unit = quantize(head.colour_basis, 127)
        arrays |= {"colour_basis": colour.astype(np.int8), "colour_unit": colour_unit}
    if head.landmark_vertices is not None and head.landmark_weights is not None:
        arrays["landmark_vertices"] = head.landmark_vertices.astype(np.int16)
        arrays["landmark_weights"] = head.landmark_weights.astype(np.float32)
    content = _npz(arrays)
    _replace(path, content)
    _replace(path.with_name(f"{path.name}.sha256"), f"{hashlib.sha256(content).hexdigest()}  {path.name}\n".encode())


def quantize(modes: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """``modes`` (K, ...) as whole numbers up to ``top``, and the unit (K,) float32 of each mode's numbers."""
    unit = np.abs(modes.reshape(len(modes), -1)).max(axis=1).astype(np.float32) / top
    unit = np.maximum(unit, np.finfo(np.float32).tiny)
    return np.rint(modes / unit.reshape(-1, *[1] * (modes.ndim - 1))), unit


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    """As np.savez_compressed, without the time of day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, member.getvalue())
    return buffer.getvalue()


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)
