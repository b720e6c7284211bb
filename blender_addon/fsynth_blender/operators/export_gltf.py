# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar as a .glb file."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from .modes import avatar_of, has_avatar, object_mode

_EXPORTER = "io_scene_gltf2"


class FSYNTH_OT_export_gltf(bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.export_gltf"
    bl_label = "Export glTF"
    bl_description = "Write the selected avatar into a .glb file, with textures, shape keys and bones"

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default="*.glb", options={"HIDDEN"})
    check_existing: BoolProperty(default=True, options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only in Object Mode, and where there is an avatar."""
        return object_mode(cls, context) and has_avatar(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file."""
        avatar = avatar_of(context)
        self.filepath = str(Path(bpy.data.filepath).parent / f"{bpy.path.clean_name(avatar.name)}.glb")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write beside the file, then put it in its place, so that a failed export leaves what was there."""
        if not self.filepath:
            return self._failed("Name the file to write: filepath=...")
        target = Path(bpy.path.ensure_ext(bpy.path.abspath(self.filepath), ".glb"))
        if _EXPORTER not in context.preferences.addons:
            return self._failed("Switch on Blender's own add-on glTF 2.0 format: Edit > Preferences > Add-ons.")
        # Blender's exporter wants the suffix .glb, too.
        beside = target.with_name(f".{target.stem}.{os.getpid()}.glb")
        try:
            with beside.open("wb"):
                pass
            with _only_selected(context, avatar_of(context)):
                bpy.ops.export_scene.gltf(
                    filepath=str(beside), export_format="GLB", use_selection=True, export_morph_normal=False
                )
            os.replace(beside, target)
        except OSError as error:
            return self._failed(f"{target} can't be written: {error.strerror}. Choose another folder.")
        except RuntimeError as error:  # what Blender's operators raise for what they report
            return self._failed(f"Blender's glTF exporter failed: {error}")
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        self.report({"INFO"}, f"Written: {target}")
        return {"FINISHED"}

    def _failed(self, sentence: str) -> set[str]:
        self.report({"ERROR"}, sentence)
        return {"CANCELLED"}


@contextlib.contextmanager
def _only_selected(context: bpy.types.Context, avatar: bpy.types.Collection) -> Iterator[None]:
    """Select the avatar's objects and nothing else, as long as this lasts."""
    layer = context.view_layer
    before = [item for item in layer.objects if item.select_get()]
    active = layer.objects.active
    mine = set(avatar.all_objects)
    try:
        for item in layer.objects:
            item.select_set(item in mine)
        yield
    finally:
        for item in layer.objects:
            item.select_set(item in before)
        layer.objects.active = active
