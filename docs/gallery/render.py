"""Avatars as Cycles sees them: front and three-quarter, neutral and smiling.

    FSYNTH_BLENDER_PYTHON docs/gallery/render.py FOLDER PHOTO...

writes FOLDER/<photo>.png for each photo: four pictures in a row. To be run by a Python that has Blender's module (bpy)
and what fsynth needs (onnxruntime, Pillow), with sdk, morphable and blender_addon on its path. See README.md.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from PIL import Image

from fsynth_blender import adjust, scene
from fsynth_blender.work import Request, make

VIEWS = ((0.0, {}), (35.0, {}), (0.0, {"smile": 0.6}), (35.0, {"smile": 0.6}))
"""Degrees around the head, and the expression."""


def main() -> None:
    """Render all photos that the command line names."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("photos", type=Path, nargs="+")
    arguments.add_argument("--size", type=int, default=384)
    arguments.add_argument("--samples", type=int, default=48)
    arguments.add_argument("--texture-size", type=int, default=1024)
    arguments.add_argument("--fit-photo", action="store_true")
    arguments.add_argument("--views", type=int, default=len(VIEWS))
    arguments.add_argument("--close", action="store_true", help="the eyes alone")
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for photo in given.photos:
        made = make(Request(photo, face=0, texture_size=given.texture_size, fit_photo=given.fit_photo))
        set_up(given.size, given.samples)
        avatar = scene.finish(scene.build(bpy.context, made))
        pictures = [render(avatar, turn, expression, given.close) for turn, expression in VIEWS[: given.views]]
        Image.fromarray(np.concatenate(pictures, axis=1)).save(given.folder / f"{photo.stem}.png")
        print(photo.stem, flush=True)


def set_up(size: int, samples: int) -> None:
    """An empty scene with three soft lamps before a grey wall."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    here = bpy.context.scene
    here.render.engine = "CYCLES"
    here.cycles.device, here.cycles.samples = "CPU", samples
    here.cycles.use_denoising = True
    here.render.resolution_x = here.render.resolution_y = size
    here.view_settings.view_transform = "Standard"
    world = bpy.data.worlds.new("world")
    if bpy.app.version < (5, 0):
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.32, 0.33, 0.35, 1)
    background.inputs["Strength"].default_value = 0.75
    here.world = world
    for place, watts, width in (((-0.8, -1.2, 0.9), 13, 0.6), ((1.1, -1.0, 0.4), 7, 0.8), ((0.5, 0.9, 0.9), 9, 0.4)):
        lamp = bpy.data.lights.new("lamp", "AREA")
        lamp.energy, lamp.size = watts, width
        held = bpy.data.objects.new("lamp", lamp)
        held.location = place
        held.rotation_euler = (Vector((0, 0, 0.13)) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
        here.collection.objects.link(held)


def render(avatar: bpy.types.Collection, turn: float, expression: dict[str, float], close: bool) -> np.ndarray:
    """A picture (size, size, 3) uint8 sRGB from ``turn`` degrees to the head's left; ``close``: of the eyes alone."""
    adjust.set_expression(avatar, expression, others=0)
    here = bpy.context.scene
    lens = bpy.data.cameras.new("camera")
    lens.lens_unit, lens.angle, lens.clip_start = "FOV", math.radians(16), 0.01
    held = bpy.data.objects.new("camera", lens)
    eyes = scene.parts_of(avatar)["eye_left"]
    height = sum(corner[2] for corner in eyes.bound_box) / 8 + eyes.parent.location.z
    middle, away = (Vector((0, -0.06, height)), 0.32) if close else (Vector((0, -0.02, height - 0.035)), 1.05)
    side = math.radians(turn)
    held.location = middle + away * Vector((math.sin(side), -math.cos(side), 0.03))
    held.rotation_euler = (middle - held.location).to_track_quat("-Z", "Y").to_euler()
    here.collection.objects.link(held)
    here.camera = held
    with tempfile.TemporaryDirectory() as folder:
        here.render.filepath = str(Path(folder) / "picture.png")
        bpy.ops.render.render(write_still=True)
        return np.asarray(Image.open(here.render.filepath).convert("RGB"))


if __name__ == "__main__":
    main()
