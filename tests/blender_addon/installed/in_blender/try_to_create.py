"""Make an avatar, and note what Blender reports: REPORT PHOTO ["disable and enable"]."""

import json
import sys

import bpy

report, photo, *twice = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.preferences.addon_enable(module="bl_ext.user_default.fsynth")
if twice:
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.fsynth")
    assert not hasattr(bpy.types, "FSYNTH_OT_create_avatar")
    bpy.ops.preferences.addon_enable(module="bl_ext.user_default.fsynth")
error = ""
try:
    bpy.ops.fsynth.create_avatar(photo=photo, texture_size="512")
except RuntimeError as reported:  # what Blender's operators raise for what they report
    error = str(reported)
with open(report, "w") as file:
    json.dump({"error": error, "objects": [item.name for item in bpy.data.objects]}, file)
