"""Import FILE (.glb or .fbx) and write its points: REPORT FILE POINTS."""

import json
import os
import sys

import bpy
import numpy as np
from meshes import points_of_meshes

report, path, target = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
if path.endswith(".glb"):
    bpy.ops.import_scene.gltf(filepath=path)
else:
    bpy.ops.import_scene.fbx(filepath=path)
points, keys = points_of_meshes()
np.savez(target, **points)
images = {image.name: [*image.size] for image in bpy.data.images if image.has_data or image.size[0]}
with open(report, "w") as file:
    json.dump({"keys": keys, "images": images}, file)

os._exit(0)  # bpy 4.2 crashes at its regular end once its glTF add-on was used, whatever the scene and the extensions
