"""PLY: the mesh with vertex colours, binary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fsynth_morphable.head import Head


def encode_ply(head: Head) -> bytes:
    """A binary PLY file of ``head`` with the expression that is on: positions, normals, colours and quads.

    A mesh with triangles among its quads is cut into triangles, as some readers take faces of one kind only. Written
    here because trimesh, which would write it, cuts all quads.
    """
    vertices = head.posed
    properties = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("nx", "<f4"), ("ny", "<f4"), ("nz", "<f4")]
    columns = [*vertices.T, *head.normals(vertices).T]
    if head.colours is not None:
        properties += [("red", "u1"), ("green", "u1"), ("blue", "u1")]
        columns += [*(np.clip(head.colours, 0, 1) * 255 + 0.5).astype(np.uint8).T]
    table = np.empty(len(vertices), properties)
    for (name, _), column in zip(properties, columns, strict=True):
        table[name] = column

    polygons = head.polygons if head.polygons[:, 3].min() >= 0 else head.triangles[0]
    kinds = {"<f4": "float", "u1": "uchar"}
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertices)}"]
    header += [f"property {kinds[kind]} {name}" for name, kind in properties]
    header += [f"element face {len(polygons)}", "property list uchar int vertex_indices", "end_header", ""]
    corners = polygons.shape[1]
    faces = np.empty(len(polygons), [("count", "u1"), ("corners", "<i4", (corners,))])
    faces["count"], faces["corners"] = corners, polygons
    return "\n".join(header).encode() + table.tobytes() + faces.tobytes()
