# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars in Blender's data: made, replaced, found and removed.

``build`` and ``replace`` are generators of short steps (each below 50 ms), so that a modal operator can take one per
timer event. Between two steps no undo may happen (references to data would dangle): swallow such events while one runs.
To run one to its end: ``finish(build(...))``. Importing this package imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import bpy

from .avatar import find_avatar, head_of, is_avatar, parts_of, request_of

if TYPE_CHECKING:
    from ..work import Made

__all__ = [
    "MATERIALS",
    "Options",
    "Steps",
    "build",
    "find_avatar",
    "finish",
    "head_of",
    "is_avatar",
    "parts_of",
    "remove",
    "replace",
    "request_of",
]

T = TypeVar("T")

MATERIALS = ("REALISTIC", "EXPORT")
"""Presets: "REALISTIC" with subsurface scattering, "EXPORT" with what every file format and engine knows."""

Steps = Generator[float, None, "bpy.types.Collection"]
"""Yields how much is done, 0..1; its return value is the avatar's collection."""


@dataclass(frozen=True)
class Options:
    """How the head comes into the scene.

    Attributes:
        name: of the avatar; the photo's name without suffix where it is empty.
        material: one of ``MATERIALS``.
        armature: whether to make one, with bones for neck, head, jaw and eyes.
        location: (x, y, z) metres, where the neck comes.
    """

    name: str = ""
    material: str = "REALISTIC"
    armature: bool = False
    location: tuple[float, float, float] = (0.0, 0.0, 0.0)


def build(context: bpy.types.Context, made: Made, options: Options = Options()) -> Steps:
    """Make an avatar in ``context.scene``: a new collection, linked to the scene's own, with one object per part.

    Whatever goes wrong, and also where the generator is closed before its end, all that it made is removed again.
    Nothing shows before all
    is there. The head ends up selected and active.

    Raises:
        WorkError: the scene can't be changed (it is linked from a library).
    """
    from . import building

    return building.build(
        context,
        made,
        name=building.name_of(made, options.name),
        material=options.material,
        armature=options.armature,
        location=options.location,
    )


def replace(
    context: bpy.types.Context, avatar: bpy.types.Collection, made: Made, options: Options = Options()
) -> Steps:
    """Put another head into an avatar ("Refit" and "Replace photo").

    Objects keep their names, transforms, modifiers, constraints and animation; materials keep their settings, and get
    the new textures; shape keys keep their values, animation and drivers. Meshes and images are new. Of ``options``
    only ``material`` counts, for parts that the avatar did not have. Until the last step the avatar stays as it was;
    where it fails before, it stays so.

    Raises:
        WorkError: the avatar can't be changed (it is linked from a library), or its head is gone.
    """
    from . import replacing

    return replacing.replace(context, avatar, made, material=options.material)


def remove(avatar: bpy.types.Collection) -> None:
    """Remove an avatar with all its objects, and their data that nobody else uses."""
    from .removal import data_of, remove_unused

    objects = list(parts_of(avatar).values())
    unused = data_of(objects)
    bpy.data.batch_remove([*objects, avatar])
    for kind in (bpy.types.Mesh, bpy.types.Armature, bpy.types.Material, bpy.types.Image):
        remove_unused([data for data in unused if isinstance(data, kind)])


def finish(steps: Generator[object, None, T]) -> T:
    """Run a generator of steps to its end; what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
