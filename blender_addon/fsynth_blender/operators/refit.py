# SPDX-License-Identifier: GPL-3.0-or-later
"""The same avatar once more, by other options or from another photo."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import bpy

from .. import properties, scene
from ..job import Job
from ..work import SeveralFaces, WorkError
from . import choose_face
from .in_background import InBackground
from .modes import avatar_of, check_local, has_avatar, object_mode


class Refits(InBackground, properties.Options, properties.Face):
    """Puts a new head into the avatar that is selected."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only in Object Mode, and where there is an avatar."""
        return object_mode(cls, context) and has_avatar(cls, context)

    def start(self, context: bpy.types.Context) -> Job:
        """See ``InBackground``."""
        avatar = avatar_of(context)
        check_local(context.scene)
        check_local(avatar)
        self._avatar = avatar.name
        self._options = scene.Options(material=self.material, armature=self.armature)
        return Job(properties.request_of(self, context, face=self.face))

    def steps(self, context: bpy.types.Context, result: Any) -> Generator[float, None, object]:
        """See ``InBackground``."""
        avatar = bpy.data.collections.get(self._avatar)
        if avatar is None or not scene.is_avatar(avatar):
            raise WorkError(f"The avatar {self._avatar} is no longer there: it was renamed or removed meanwhile.")
        return scene.replace(context, avatar, result, self._options)

    def several(self, context: bpy.types.Context, faces: SeveralFaces) -> None:
        """See ``InBackground``."""
        choose_face.ask(context, faces, self)


class FSYNTH_OT_refit(Refits, bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.refit"
    bl_label = "Refit"
    bl_description = (
        "Fit the avatar to its photo again, by the options above. Places, names, materials and animation stay"
    )
    bl_options = {"UNDO"}

    def start(self, context: bpy.types.Context) -> Job:
        """Takes the avatar's own photo where none is named."""
        source = scene.request_of(avatar_of(context))
        if not self.properties.is_property_set("photo"):
            self.photo = str(source.photo)
            self.face = properties.ANY_FACE if source.face is None else source.face
        properties.take_unset_from_panel(self, context)
        return super().start(context)


class FSYNTH_OT_replace_photo(Refits, bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.replace_photo"
    bl_label = "Replace Photo"
    bl_description = "Make the avatar from the photo chosen above instead. Places, names, materials and animation stay"
    bl_options = {"UNDO"}

    def start(self, context: bpy.types.Context) -> Job:
        """Takes the photo of the panel where none is named."""
        properties.take_unset_from_panel(self, context)
        return super().start(context)
