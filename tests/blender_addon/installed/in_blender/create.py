"""Make an avatar of a photo and export it: REPORT PHOTO FOLDER. The avatar's points go to FOLDER/avatar.npz."""

import importlib
import json
import os
import resource
import sys
import time

import bpy
import numpy as np
from meshes import points_of_meshes

MODULE = "bl_ext.user_default.fsynth"
report, photo, folder = sys.argv[1:]
network = []


def note_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"} and not isinstance(arguments[-1], str):
        network.append(f"{event}{arguments[1:]}")


sys.addaudithook(note_network)
bpy.ops.wm.read_factory_settings(use_empty=True)

# What the extension adds to a start of Blender, which has the wheels unpacked by then. CPU seconds: others may be busy.
started = time.process_time()
module = importlib.import_module(MODULE)
module.register()
registering = time.process_time() - started
module.unregister()

bpy.ops.preferences.addon_enable(module=MODULE)
result = sorted(bpy.ops.fsynth.create_avatar(photo=photo))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
peak_of_processes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
places = {name: sys.modules[name].__file__ for name in ("fsynth", "fsynth_morphable", "onnxruntime", "PIL")}

points, keys = points_of_meshes()
np.savez(f"{folder}/avatar.npz", **points)

bpy.ops.fsynth.export_gltf(filepath=f"{folder}/avatar.glb")
bpy.ops.export_scene.fbx(filepath=f"{folder}/avatar.fbx", path_mode="COPY", embed_textures=True, add_leaf_bones=False)

with open(report, "w") as file:
    json.dump(
        {
            "registering": registering,
            "result": result,
            "network": network,
            "peak": max(peak, peak_of_processes),
            "places": places,
            "keys": keys,
            "images": {image.name: [*image.size, bool(image.packed_file)] for image in bpy.data.images},
            "collections": [collection.name for collection in bpy.data.collections],
        },
        file,
    )

os._exit(0)  # bpy 4.2 crashes at its regular end once its glTF add-on was used, whatever the scene and the extensions
