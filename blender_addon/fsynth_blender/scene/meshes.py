# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes, filled from arrays."""

from __future__ import annotations

import bpy
import numpy as np

from ..parts import Part
from .removal import Created

UV_MAP = "UVMap"
COLOURS = "Color"
"""Name of the vertex colours; the one that other programs expect."""


def make_mesh(name: str, part: Part, material: bpy.types.Material, created: Created) -> bpy.types.Mesh:
    """A smooth mesh of a part, with its UVs or vertex colours, without shape keys."""
    mesh = created.add(bpy.data.meshes.new(name))
    mesh.vertices.add(len(part.vertices))
    mesh.vertices.foreach_set("co", part.vertices.ravel())
    mesh.loops.add(len(part.corners))
    mesh.loops.foreach_set("vertex_index", part.corners)
    mesh.polygons.add(len(part.starts))
    mesh.polygons.foreach_set("loop_start", part.starts)
    if not bpy.types.MeshPolygon.bl_rna.properties["loop_total"].is_readonly:  # before Blender 4.1
        totals = np.diff(np.append(part.starts, len(part.corners))).astype(np.int32)
        mesh.polygons.foreach_set("loop_total", totals)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(part.starts), bool))
    mesh.update(calc_edges=True)
    if part.uvs is not None:
        mesh.uv_layers.new(name=UV_MAP, do_init=False).data.foreach_set("uv", part.uvs.astype(np.float32).ravel())
    if part.colours is not None:
        from fsynth_morphable.colour import to_linear

        light = np.ones((len(part.vertices), 4), np.float32)
        light[:, :3] = to_linear(part.colours)
        layer = mesh.color_attributes.new(COLOURS, "FLOAT_COLOR", "POINT")
        layer.data.foreach_set("color", light.ravel())
        mesh.color_attributes.active_color = layer
    mesh.materials.append(material)
    return mesh
