"""Disable and enable the extension, then make an avatar as a window's timer would, tick by tick: REPORT PHOTO."""

import importlib
import json
import sys
import time
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.fsynth"
TICK_SECONDS = 0.05
report, photo = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.preferences.addon_enable(module=MODULE)
bpy.ops.preferences.addon_disable(module=MODULE)
left = hasattr(bpy.types, "FSYNTH_OT_create_avatar")
bpy.ops.preferences.addon_enable(module=MODULE)

run, scene, job, work = (importlib.import_module(f"{MODULE}.{name}") for name in ("run", "scene", "job", "work"))
steps = []


def build(context, made):
    """Count the steps that Blender's data are made in."""
    for share in scene.build(context, made):
        steps.append(share)
        yield share


going = run.begin(lambda: job.Job(work.Request(Path(photo))), build)
ended, ticks = False, []
while not ended:
    started = time.thread_time()
    ended = going.step(bpy.context)
    ticks.append(time.thread_time() - started)
    time.sleep(0.001 if going.building else TICK_SECONDS)
with open(report, "w") as file:
    json.dump(
        {
            "left by disabling": left,
            "objects": [item.name for item in bpy.data.objects],
            "longest tick": max(ticks),
            "steps of building": len(steps),
        },
        file,
    )
