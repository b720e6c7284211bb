# SPDX-License-Identifier: GPL-3.0-or-later
"""An armature for an avatar: neck, head, jaw and eyes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import bpy
import numpy as np
from mathutils import Vector

from ..parts import Part
from ..work import Made
from . import avatar as avatars
from .removal import Created

BONES = {"neck": "neck", "head": "head", "jaw": "jaw", "eye_left": "eye.L", "eye_right": "eye.R"}
"""Names of bones by those of joints; as Blender writes sides, so that poses can be mirrored."""

_PARENTS = {"head": "neck", "jaw": "head", "eye_left": "head", "eye_right": "head"}

_TAILS = {"head": (0, 0, 0.1), "jaw": (0, -0.08, -0.06), "eye_left": (0, -0.03, 0), "eye_right": (0, -0.03, 0)}
"""Metres from a bone's head to its tail; the neck ends where the head begins."""

_LEVELS = 64
"""Weights are rounded to this many levels, which are written together."""


def add_armature(
    context: bpy.types.Context, collection: bpy.types.Collection, made: Made, created: Created
) -> Iterator[None]:
    """Make an armature in a collection that the scene shows, and bind all parts to it, one in each step.

    Must be called in object mode.
    """
    name = f"{collection.name}_armature"
    rig = created.add(bpy.data.objects.new(name, created.add(bpy.data.armatures.new(name))))
    rig[avatars.PART] = avatars.ARMATURE
    collection.objects.link(rig)
    parts = avatars.parts_of(collection)
    head = parts[avatars.HEAD]
    rig.location, head.location = head.location.copy(), (0, 0, 0)
    head.parent = rig
    rig.show_in_front = True
    _make_bones(context, rig, made.joints)
    for part in made.parts:
        yield
        held = parts[part.name]
        weigh(held, part)
        held.modifiers.new("Armature", "ARMATURE").object = rig


def weigh(held: bpy.types.Object, part: Part) -> None:
    """Write a part's weights into vertex groups of an object, instead of those that these hold."""
    for joint, weights in part.weights.items():
        group = held.vertex_groups.get(BONES[joint]) or held.vertex_groups.new(name=BONES[joint])
        levels = np.rint(weights * _LEVELS).astype(int)
        for level in np.unique(levels[levels > 0]):
            group.add(np.flatnonzero(levels == level).tolist(), level / _LEVELS, "REPLACE")


def _make_bones(context: bpy.types.Context, rig: bpy.types.Object, joints: Mapping[str, np.ndarray]) -> None:
    context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        bones = {}
        for joint, name in BONES.items():
            if joint not in joints:
                continue
            bone = bones[joint] = rig.data.edit_bones.new(name)
            bone.head = Vector(joints[joint].tolist())
            bone.tail = bone.head + Vector(_TAILS.get(joint, (0, 0, 0.08)))
            if joint == "neck" and "head" in joints:
                bone.tail = Vector(joints["head"].tolist())
            bone.parent = bones.get(_PARENTS.get(joint, ""))
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
