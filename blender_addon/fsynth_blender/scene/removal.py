# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking things out of Blender's data again: all that a failed run made, or a whole avatar."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

import bpy

T = TypeVar("T", bound=bpy.types.ID)


class Created:
    """What a run has made so far. As a context it removes all of it again where the run does not come to its end.

    ``GeneratorExit`` counts as not coming to its end, so that closing a generator of steps cleans up.
    """

    def __init__(self) -> None:
        self._made: list[bpy.types.ID] = []

    def add(self, made: T) -> T:
        """Remember a data-block, at once when it is made; the same data-block."""
        self._made.append(made)
        return made

    def __enter__(self) -> Created:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            bpy.data.batch_remove([made for made in self._made if is_alive(made)])


def is_alive(data: bpy.types.ID) -> bool:
    """Whether a data-block still exists: undo, or the artist, may have removed it."""
    try:
        return bool(data.name)
    except ReferenceError:
        return False


def remove_unused(data: list[bpy.types.ID]) -> None:
    """Remove those of ``data`` that nothing uses."""
    bpy.data.batch_remove([one for one in data if is_alive(one) and one.users == 0])


def data_of(objects: list[bpy.types.Object]) -> list[bpy.types.ID]:
    """Meshes, armatures, materials and images of objects."""
    found: dict[bpy.types.ID, None] = {}
    for held in objects:
        if held.data is not None:
            found[held.data] = None
        for slot in held.material_slots:
            if slot.material is not None:
                found[slot.material] = None
                found |= dict.fromkeys(images_of(slot.material))
    return list(found)


def images_of(material: bpy.types.Material) -> list[bpy.types.Image]:
    """The images that a material's own nodes show."""
    if material.node_tree is None:
        return []
    return [node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image is not None]
