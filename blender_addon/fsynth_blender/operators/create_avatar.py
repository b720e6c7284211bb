# SPDX-License-Identifier: GPL-3.0-or-later
"""From a photo to an avatar in the scene."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import bpy

from .. import properties, scene
from ..job import Job
from ..work import SeveralFaces
from . import choose_face
from .in_background import InBackground
from .modes import check_local, object_mode


class FSYNTH_OT_create_avatar(InBackground, properties.Options, properties.Face, bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.create_avatar"
    bl_label = "Create Avatar"
    bl_description = "Make a 3D head of the person in the photo"
    # Without REGISTER: what "Adjust Last Operation" would repeat takes seconds, in which the window would not answer.
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only in Object Mode."""
        return object_mode(cls, context)

    def start(self, context: bpy.types.Context) -> Job:
        """See ``InBackground``."""
        check_local(context.scene)
        properties.take_unset_from_panel(self, context)
        self._where = scene.Options(
            material=self.material, armature=self.armature, location=tuple(context.scene.cursor.location)
        )
        return Job(properties.request_of(self, context, face=self.face))

    def steps(self, context: bpy.types.Context, result: Any) -> Generator[float, None, object]:
        """See ``InBackground``."""
        return scene.build(context, result, self._where)

    def several(self, context: bpy.types.Context, faces: SeveralFaces) -> None:
        """See ``InBackground``."""
        choose_face.ask(context, faces, self)
