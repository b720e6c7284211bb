"""Make an avatar, and note what Blender reports: REPORT PHOTO."""

import json
import sys

import bpy

report, photo = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.preferences.addon_enable(module="bl_ext.user_default.fsynth")
error = ""
try:
    bpy.ops.fsynth.create_avatar(photo=photo, texture_size="512")
except RuntimeError as reported:  # what Blender's operators raise for what they report
    error = str(reported)
with open(report, "w") as file:
    json.dump({"error": error, "objects": [item.name for item in bpy.data.objects]}, file)
