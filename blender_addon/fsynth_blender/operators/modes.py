# SPDX-License-Identifier: GPL-3.0-or-later
"""When operators may run, with the reason shown on their buttons where they may not."""

from __future__ import annotations

import bpy

from .. import scene
from ..work import WorkError


def object_mode(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For ``poll``: objects can't be made or replaced while one is edited, painted or posed."""
    if context.mode == "OBJECT":
        return True
    cls.poll_message_set("Switch to Object Mode first, in the header of the 3D Viewport")
    return False


def has_avatar(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For ``poll``: there is an avatar to work on."""
    if scene.find_avatar(context) is not None:
        return True
    cls.poll_message_set("Select an avatar first: click on its head")
    return False


def avatar_of(context: bpy.types.Context) -> bpy.types.Collection:
    """The avatar to work on; WorkError where there is none."""
    avatar = scene.find_avatar(context)
    if avatar is None:
        raise WorkError("Select an avatar first: click on its head.")
    return avatar


def check_local(data: bpy.types.ID) -> None:
    """Raise WorkError for what is linked from another file."""
    if data.library is not None:
        raise WorkError(
            f"{data.name} is linked from another file, {bpy.path.basename(data.library.filepath)}, and can only be "
            "changed there. Open that file, or work in a scene of this one."
        )
