# SPDX-License-Identifier: GPL-3.0-or-later
"""Drop a photo on the 3D Viewport. Blender asks what to do with it; "Create Avatar" is one of the answers."""

import bpy
from bpy.props import StringProperty

EXTENSIONS = ".jpg;.jpeg;.png;.webp;.tif;.tiff;.bmp;.gif;.avif;.heic;.heif"


class FSYNTH_OT_drop_photo(bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.drop_photo"
    bl_label = "Create Avatar"
    bl_description = "Make a 3D head of the person in the photo that was dropped"
    bl_options = {"INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """As ``fsynth.create_avatar``."""
        return bpy.ops.fsynth.create_avatar.poll()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Choose the photo in the panel, and begin."""
        return self._create(context, "INVOKE_DEFAULT")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The same without a window."""
        return self._create(context, "EXEC_DEFAULT")

    def _create(self, context: bpy.types.Context, how: str) -> set[str]:
        context.scene.fsynth.photo = self.filepath
        try:
            bpy.ops.fsynth.create_avatar(how)
        except RuntimeError as error:  # what the operator reported
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
            return {"CANCELLED"}
        return {"FINISHED"}


CLASSES: tuple[type, ...] = (FSYNTH_OT_drop_photo,)

if hasattr(bpy.types, "FileHandler"):  # Blender 4.1 and later

    class FSYNTH_FH_photo(bpy.types.FileHandler):
        """Offers photos that are dropped to ``fsynth.drop_photo``."""

        bl_idname = "FSYNTH_FH_photo"
        bl_label = "Create Avatar"
        bl_import_operator = "fsynth.drop_photo"
        bl_file_extensions = EXTENSIONS

        @classmethod
        def poll_drop(cls, context: bpy.types.Context) -> bool:
            """Only on the 3D Viewport and its sidebar."""
            return context.area is not None and context.area.type == "VIEW_3D"

    CLASSES += (FSYNTH_FH_photo,)


def register() -> None:
    """Register the operator, and in Blenders that have such, the file handler."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take back what ``register`` did."""
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
