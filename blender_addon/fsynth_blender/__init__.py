# SPDX-License-Identifier: GPL-3.0-or-later
"""fsynth in Blender: pick a photo, press Create Avatar.

Neither importing nor registering this extension imports fsynth, ONNX Runtime or Pillow: the first button pressed does.
"""

from types import ModuleType

bl_info = {  # what Blenders before extensions (4.2) show; blender_manifest.toml holds for all others
    "name": "fsynth",
    "description": "Turn a photo of a person into an avatar with ARKit shape keys",
    "author": "The fsynth authors",
    "version": (0, 1, 0),
    "blender": (4, 2, 0),
    "location": "3D Viewport > Sidebar > fsynth",
    "category": "Add Mesh",
}

OLDEST = bl_info["blender"]


def _modules() -> tuple[ModuleType, ...]:
    from . import drop_photo, operators, panel, preferences, properties

    return preferences, properties, operators, drop_photo, panel


def register() -> None:
    """Enable the extension."""
    import bpy

    if bpy.app.version < OLDEST:
        from . import too_old

        bpy.utils.register_class(too_old.FSYNTH_PT_too_old)
        return
    for module in _modules():
        module.register()
    from . import translations

    bpy.app.translations.register(__name__, translations.by_locale())


def unregister() -> None:
    """Disable the extension: stops what is going on, and leaves nothing behind."""
    import bpy

    if bpy.app.version < OLDEST:
        from . import too_old

        bpy.utils.unregister_class(too_old.FSYNTH_PT_too_old)
        return
    from . import thumbnail

    bpy.app.translations.unregister(__name__)
    for module in reversed(_modules()):
        module.unregister()
    thumbnail.clear()
