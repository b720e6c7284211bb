# SPDX-License-Identifier: GPL-3.0-or-later
"""Shape keys: all on the head, and on the other parts those that move them, driven by the head's."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

from ..parts import Part

BASIS = "Basis"
_AT_ONCE = 4
"""Shape keys of one step."""


def add_shape_keys(held: bpy.types.Object, part: Part) -> Iterator[None]:
    """Give an object a part's shape keys, a few in each step."""
    if not part.shape_keys:
        return
    held.shape_key_add(name=BASIS, from_mix=False)
    for number, (name, displacement) in enumerate(part.shape_keys.items()):
        key = held.shape_key_add(name=name, from_mix=False)
        key.value = 0.0  # Blender 5 makes keys that are on
        write(key, part.vertices + displacement)
        if number % _AT_ONCE == _AT_ONCE - 1:
            yield
    held.active_shape_key_index = 0


def follow(held: bpy.types.Object, head: bpy.types.Object) -> Iterator[None]:
    """Let an object's shape keys have the values of the head's, by drivers without Python."""
    keys = held.data.shape_keys
    if keys is None:
        return
    for number, key in enumerate(keys.key_blocks[1:]):
        driver = key.driver_add("value").driver
        driver.type = "SUM"
        variable = driver.variables.new()
        variable.targets[0].id_type = "KEY"
        variable.targets[0].id = head.data.shape_keys
        variable.targets[0].data_path = f'key_blocks["{key.name}"].value'
        if number % _AT_ONCE == _AT_ONCE - 1:
            yield


def read(key: bpy.types.ShapeKey) -> np.ndarray:
    """Where a shape key has its vertices, (V, 3) float32."""
    places = np.empty(3 * len(key.data), np.float32)
    _points(key).foreach_get("co", places)
    return places.reshape(-1, 3)


def write(key: bpy.types.ShapeKey, places: np.ndarray) -> None:
    """Put a shape key's vertices at ``places`` (V, 3)."""
    _points(key).foreach_set("co", np.ascontiguousarray(places, np.float32).ravel())


def shift(mesh: bpy.types.Mesh, by: np.ndarray) -> None:
    """Move a mesh's vertices and all its shape keys, each vertex by its row of ``by`` (V, 3)."""
    by = np.ascontiguousarray(by, np.float32).ravel()
    places = np.empty_like(by)
    holders = [mesh.vertices]
    if mesh.shape_keys is not None:
        holders += [_points(key) for key in mesh.shape_keys.key_blocks]
    for points in holders:
        points.foreach_get("co", places)
        places += by
        points.foreach_set("co", places)
    mesh.update()


def _points(key: bpy.types.ShapeKey) -> bpy.types.bpy_prop_collection:
    """The points of a key of a mesh: from Blender 4.1 on there is a faster way to them."""
    return key.points if hasattr(key, "points") else key.data
