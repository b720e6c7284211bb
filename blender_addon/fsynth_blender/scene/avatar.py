# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a collection an avatar: custom properties, which are saved with the file and exported with the head.

Every object has "fsynth_part"; the head also has what it was made from and of. Imports nothing heavy, so that panels
may ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..work import Request, WorkError

if TYPE_CHECKING:
    from ..work import Made

PART = "fsynth_part"
"""Of each object: the part's name. Of the collection: "avatar"."""

AVATAR, HEAD, ARMATURE = "avatar", "skin", "armature"

_REQUEST = ("photo", "face", "model", "texture_size", "shape_keys", "fit_photo", "weights", "device")
"""What of a request is kept, by its own names, with the prefix "fsynth_"."""


def is_avatar(collection: bpy.types.Collection) -> bool:
    """Whether a collection was made by ``build``, and still has its head."""
    return collection.get(PART) == AVATAR and HEAD in parts_of(collection)


def find_avatar(context: bpy.types.Context) -> bpy.types.Collection | None:
    """The avatar that the active object belongs to, or the scene's only one, or None."""
    active = context.object
    if active is not None:
        for collection in active.users_collection:
            if is_avatar(collection):
                return collection
    avatars = [collection for collection in context.scene.collection.children_recursive if is_avatar(collection)]
    return avatars[0] if len(avatars) == 1 else None


def parts_of(avatar: bpy.types.Collection) -> dict[str, bpy.types.Object]:
    """The avatar's objects by the names of their parts; its armature is "armature"."""
    return {held[PART]: held for held in avatar.objects if PART in held}


def head_of(avatar: bpy.types.Collection) -> bpy.types.Object:
    """The avatar's head: the object of its skin, which has all shape keys, and that all others follow.

    Raises:
        WorkError: it was deleted.
    """
    parts = parts_of(avatar)
    if HEAD not in parts:
        raise WorkError(f"The head of {avatar.name} is not there any more. Undo, or create the avatar again.")
    return parts[HEAD]


def request_of(avatar: bpy.types.Collection) -> Request:
    """What to ask for to make the same head again ("Refit" with ``dataclasses.replace``)."""
    head = head_of(avatar)
    values: dict[str, Any] = {name: head[f"fsynth_{name}"] for name in _REQUEST}
    values |= {name: bool(values[name]) for name in ("shape_keys", "fit_photo")}
    tint = head.get("fsynth_hair_tint")
    return Request(**values, hair_tint=None if tint is None else (tint[0], tint[1], tint[2]))


def describe(head: bpy.types.Object, made: Made) -> None:
    """Write onto a head what it was made from and of. Colours are sRGB, coefficients standard deviations."""
    request = made.request
    for name in _REQUEST:
        value = getattr(request, name)
        head[f"fsynth_{name}"] = str(value) if name in ("photo", "model", "weights") else value
    optional = {"hair_tint": request.hair_tint, "hair": made.hair}
    for name, colour in optional.items():
        if colour is not None:
            head[f"fsynth_{name}"] = list(colour)
        elif f"fsynth_{name}" in head:
            del head[f"fsynth_{name}"]
    head["fsynth_sha256"] = made.sha256
    head["fsynth_licence"] = made.licence
    head["fsynth_iris"] = list(made.iris)
    head["fsynth_identity"] = made.identity.tolist()
    head["fsynth_identity_range"] = list(made.identity_range)
    head["fsynth_strength"] = 1.0
    head["fsynth_changes"] = [0.0] * min(10, len(made.identity))


def check_editable(data: bpy.types.ID) -> None:
    """See that data may be changed.

    Raises:
        WorkError: it is linked from another file.
    """
    if data.library is not None:
        raise WorkError(
            f"{data.name} is linked from {bpy.path.basename(data.library.filepath)} and can't be changed here. Make it "
            "local (Object > Relations > Make Local), or work in that file."
        )
