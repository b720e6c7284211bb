"""Install and enable the extension: REPORT ZIP."""

import importlib.util
import json
import sys

import bpy

report, extension = sys.argv[1:]
MODULE = "bl_ext.user_default.fsynth"
OURS = ("fsynth", "fsynth_morphable", "onnxruntime", "PIL")
before = [name for name in OURS if importlib.util.find_spec(name)]
try:
    result = sorted(
        bpy.ops.extensions.package_install_files(repo="user_default", filepath=extension, enable_on_install=True)
    )
    refused = ""
except RuntimeError as error:  # what Blender's operators raise for what they report
    result, refused = [], str(error)
enabled = MODULE in bpy.context.preferences.addons

with open(report, "w") as file:
    json.dump(
        {
            "before": before,
            "result": result,
            "refused": refused,
            "enabled": enabled,
            "imported": [name for name in OURS if name in sys.modules],
            "operator": hasattr(bpy.types, "FSYNTH_OT_create_avatar"),
        },
        file,
    )
