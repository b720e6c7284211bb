# SPDX-License-Identifier: GPL-3.0-or-later
"""Avatars in Blender's data: made, replaced, found and removed.

``build`` and ``replace`` are generators of short steps (each below 50 ms), so that a modal operator can take one per timer
event. Between two steps no undo may happen (references to data would dangle): swallow such events while one runs.
To run one to its end: ``finish(build(...))``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import bpy

    from ..work import Made

T = TypeVar("T")

MATERIALS = ("REALISTIC", "EXPORT")
"""Presets: "REALISTIC" with subsurface scattering and clear coats, "EXPORT" with what every engine reads."""

Steps = Generator[float, None, "bpy.types.Collection"]
"""Yields how much is done, 0..1; its return value is the avatar's collection."""


@dataclass(frozen=True)
class Options:
    """How the head comes into the scene.

    Attributes:
        name: of the avatar; the photo's name without suffix where it is empty.
        material: one of ``MATERIALS``.
        armature: whether to make one, with bones for neck, head, jaw and eyes.
        location: (x, y, z) metres, where the foot of the neck comes.
    """

    name: str = ""
    material: str = "REALISTIC"
    armature: bool = False
    location: tuple[float, float, float] = (0.0, 0.0, 0.0)


def build(context: bpy.types.Context, made: Made, options: Options = Options()) -> Steps:
    """Make an avatar in ``context.scene``: a new collection, linked to the scene's own, with one object per part.

    Whatever goes wrong, and also where the generator is closed before its end, all that it made is removed again.

    Raises:
        WorkError: the scene can't be changed (it is linked from a library).
    """
    raise NotImplementedError


def replace(context: bpy.types.Context, avatar: bpy.types.Collection, made: Made, options: Options = Options()) -> Steps:
    """Put another head into an avatar ("Refit" and "Replace photo").

    Objects keep their names, transforms, modifiers, constraints and animation; materials keep their settings, and get the
    new textures; shape keys keep their values and animation. Meshes and images are new. ``options`` counts only for what
    the avatar has none of yet. Until the last step the avatar stays as it was; where it fails before, it stays so.

    Raises:
        WorkError: the avatar can't be changed (it is linked from a library).
    """
    raise NotImplementedError


def remove(avatar: bpy.types.Collection) -> None:
    """Remove an avatar with all its objects and the data that nobody else uses."""
    raise NotImplementedError


def is_avatar(collection: bpy.types.Collection) -> bool:
    """Whether a collection was made by ``build``."""
    raise NotImplementedError


def find_avatar(context: bpy.types.Context) -> bpy.types.Collection | None:
    """The avatar that the active object belongs to, or the scene's only one, or None."""
    raise NotImplementedError


def head_of(avatar: bpy.types.Collection) -> bpy.types.Object:
    """The avatar's head: the object of its skin, which has all shape keys, and that all others follow."""
    raise NotImplementedError


def finish(steps: Generator[object, None, T]) -> T:
    """Run a generator of steps to its end; what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
