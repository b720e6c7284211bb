# SPDX-License-Identifier: GPL-3.0-or-later
"""A head becomes a collection of objects."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path

import bpy

from ..parts import Part
from ..work import Made
from . import avatar as avatars
from .images import make_image
from .materials import look_of, make_material
from .meshes import make_mesh
from .removal import Created
from .shape_keys import add_shape_keys, follow

_LONGEST_NAME = 40
"""Bytes of an avatar's name: Blender cuts names at 63, and parts append theirs."""

_SIDES = {"_left": ".L", "_right": ".R"}


def build(
    context: bpy.types.Context, made: Made, *, name: str, material: str, armature: bool, location: tuple[float, ...]
) -> Generator[float, None, bpy.types.Collection]:
    """See ``scene.build``."""
    scene = context.scene
    avatars.check_editable(scene)
    with Created() as created:
        collection = created.add(bpy.data.collections.new(name))
        collection[avatars.PART] = avatars.AVATAR
        name = collection.name  # with a number, where the name is taken
        images = make_images(name, made, created)
        yield 0.02
        materials = make_materials(name, made.parts, images, material, created)
        yield 0.05
        work = sum(_effort(part) for part in made.parts)
        done = 0.0
        objects = []
        for part in made.parts:
            held = make_object(name, part, materials[part.material], created)
            objects.append(held)
            collection.objects.link(held)
            for _ in add_shape_keys(held, part):
                yield 0.05 + 0.9 * done / work
            done += _effort(part)
            yield 0.05 + 0.9 * done / work
        head, *others = objects
        head.location = location
        for held in others:
            held.parent = head
            for _ in follow(held, head):
                yield 0.96
        avatars.describe(head, made)
        head["fsynth_material"] = material
        yield 0.98
        # Only now anything shows.
        scene.collection.children.link(collection)
        yield 0.99
        if armature:
            from .armature import add_armature

            for _ in add_armature(context, collection, made, created):
                yield 0.99
        select(context, head)
    return collection


def name_of(made: Made, wanted: str) -> str:
    """What to call an avatar: as ``wanted``, or like its photo."""
    name = wanted.strip() or Path(made.request.photo).stem.strip() or "avatar"
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore")


def make_images(name: str, made: Made, created: Created) -> dict[str, bpy.types.Image]:
    """The textures as packed images, by ``Made.images``' names."""
    images = {}
    for kind, png in made.images.items():
        images[kind] = make_image(f"{name}_{kind}", kind, png, created)
    return images


def make_materials(
    name: str, parts: tuple[Part, ...], images: Mapping[str, bpy.types.Image], preset: str, created: Created
) -> dict[str, bpy.types.Material]:
    """A material for each kind of surface among ``parts``, by ``Part.material``."""
    materials = {}
    for kind in dict.fromkeys(part.material for part in parts):
        image = images.get("hair" if kind == "hair" else "colour")
        materials[kind] = make_material(f"{name}_{kind}", look_of(kind, preset), image, created)
    return materials


def make_object(name: str, part: Part, material: bpy.types.Material, created: Created) -> bpy.types.Object:
    """An object of a part, in no collection yet, without shape keys."""
    own = f"{name}_{object_suffix(part)}"
    held = created.add(bpy.data.objects.new(own, make_mesh(own, part, material, created)))
    held[avatars.PART] = part.name
    return held


def object_suffix(part: Part) -> str:
    """What a part's object is called: as artists write sides."""
    if part.name == avatars.HEAD:
        return "head"
    side = next((side for side in _SIDES if part.name.endswith(side)), None)
    return part.name if side is None else part.name.removesuffix(side) + _SIDES[side]


def select(context: bpy.types.Context, head: bpy.types.Object) -> None:
    """Make the head the only selected object, and the active one."""
    for held in context.selected_objects:
        held.select_set(False)
    try:
        head.select_set(True)
    except RuntimeError:  # the view layer leaves the collection out
        return
    context.view_layer.objects.active = head


def _effort(part: Part) -> float:
    return len(part.vertices) * (1 + len(part.shape_keys))
