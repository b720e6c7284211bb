"""Wavefront OBJ: quads, texture coordinates, normals and a material for each kind of surface, with a PNG beside it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fsynth_morphable.materials import MATERIALS, material_of_polygons

if TYPE_CHECKING:
    from fsynth_morphable.head import Head


def encode_obj(head: Head, path: Path) -> dict[Path, bytes]:
    """The files of ``head`` with the expression that is on: texture, materials, and last the mesh ``path``."""
    files: dict[Path, bytes] = {}
    materials, texture = path.with_suffix(".mtl"), path.with_suffix(".png")
    if head.texture is not None:
        files[texture] = encode_png(head.texture)
    used = np.unique(material_of_polygons(head))
    files[materials] = _encode_mtl(used, texture.name if head.texture is not None else None)
    files[path] = _encode_mesh(head, materials.name)
    return files


def encode_png(image: np.ndarray) -> bytes:
    """A PNG file of an image (H, W, 3 or 4) uint8."""
    from PIL import Image

    stream = io.BytesIO()
    # Level 3 takes a third of the time of the default 6, for files a tenth larger.
    Image.fromarray(image).save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def _encode_mesh(head: Head, materials: str) -> bytes:
    vertices = head.posed
    lines = [f"mtllib {materials}", f"o {head.name}"]
    if head.texture is None and head.colours is not None:
        # Colours behind the position: no part of the format, but many programs read them.
        vertices = np.concatenate([vertices, head.colours], axis=1)
    lines += ["v " + " ".join(f"{number:.6f}" for number in vertex) for vertex in vertices.tolist()]
    if head.uvs is not None:
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in head.uvs.tolist()]
    lines += [f"vn {x:.4f} {y:.4f} {z:.4f}" for x, y, z in head.normals(head.posed).tolist()]
    uv_polygons = None if head.uv_polygons is None else (head.uv_polygons + 1).tolist()
    polygons = (head.polygons + 1).tolist()
    material_rows = material_of_polygons(head)
    for part, part_name in enumerate(head.part_names):
        rows = np.flatnonzero(head.polygon_part == part)
        if not len(rows):
            continue
        lines += [f"g {part_name}", f"usemtl {MATERIALS[material_rows[rows[0]]].name}"]
        for row in rows.tolist():
            corners = [
                f"{vertex}/{'' if uv_polygons is None else uv_polygons[row][corner]}/{vertex}"
                for corner, vertex in enumerate(polygons[row])
                if vertex
            ]
            lines.append("f " + " ".join(corners))
    return ("\n".join(lines) + "\n").encode()


def _encode_mtl(used: np.ndarray, texture: str | None) -> bytes:
    lines = []
    for row in used:
        material = MATERIALS[row]
        lines += [
            f"newmtl {material.name}",
            "Ka 0 0 0",
            "Kd 1 1 1" if material.textured else "Kd 0 0 0",
            f"d {material.opacity:g}",
        ]
        lines += [f"Ks {material.specular:g} {material.specular:g} {material.specular:g}"]
        # Phong's exponent that looks like the roughness of a glTF material.
        lines += [f"Ns {min(2 / material.roughness**4, 1000):.1f}", "illum 2"]
        if texture is not None and material.textured:
            lines += [f"map_Kd {texture}"]
            if material.cut_out:
                lines += [f"map_d -imfchan m {texture}"]
        lines += [""]
    return "\n".join(lines).encode()
