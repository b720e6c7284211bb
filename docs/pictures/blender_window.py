"""Draws the window pictures of docs/blender.md: runs in Blender itself, on a screen that nobody looks at.

    Xvfb :77 -screen 0 1600x1000x24 &
    DISPLAY=:77 PACKAGES=/tmp/packages blender --factory-startup --window-geometry 0 0 1600 1000 \
        --python docs/pictures/blender_window.py

PACKAGES is a folder with onnxruntime and Pillow for Blender's Python (pip install --target). xdotool must be installed.
Written for Blender 3.4.1, which Debian 12 has: the extension itself wants 4.2 or newer, and shows a bar in place
of the percentage there. What 3.4 does differently is made up for here, not in the extension.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
from mathutils import Euler

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PHOTOS = Path("/tmp/photos")  # what the panel shows
EXAMPLE = PHOTOS / "astronaut.jpg"
# What is clicked on, in pixels from the top left: the tab, and headers of panels, the lower one first.
TAB, EXPRESSION, IDENTITY = (1307, 245), (1167, 409), (1157, 383)

sys.path += [os.environ["PACKAGES"], *(str(ROOT / name) for name in ("sdk", "morphable", "blender_addon"))]
bpy.context.preferences.view.show_splash = False

import fsynth_blender  # noqa: E402
from fsynth_blender import adjust, run, scene  # noqa: E402

fsynth_blender.OLDEST = (3, 4, 0)

Wait = float | Callable[[], bool]
"""Seconds, or what must become true."""


def pictures() -> Iterator[Wait]:
    """Do what an artist does, and take a picture of each step."""
    PHOTOS.mkdir(exist_ok=True)
    shutil.copy(ROOT / "examples" / EXAMPLE.name, EXAMPLE)
    fsynth_blender.register()
    view().show_region_ui = True
    yield 3.0
    click(*TAB)
    yield 2.0
    bpy.context.scene.fsynth.photo = str(EXAMPLE)
    redraw()
    yield 5.0  # the thumbnail is made
    redraw()
    yield 3.0
    save("blender-panel.png", (900, 30, 1332, 400))
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    press("fsynth.create_avatar")
    yield lambda: run.active().progress > 0.3
    yield 0.5
    save("blender-progress.png", (900, 30, 1332, 400))
    yield lambda: run.active() is None
    avatar = scene.find_avatar(bpy.context)
    finish_materials(avatar)
    look_at_head()
    yield 50.0  # shaders are compiled
    save("blender-avatar.jpg", (0, 0, 1600, 1000), width=1200)
    adjust.set_expression(avatar, {"smile": 0.7}, others=0.0)
    bpy.context.scene.fsynth.photo = ""
    yield 2.0
    for header in (EXPRESSION, IDENTITY):
        click(*header)
        yield 2.0
    bpy.data.collections[avatar.name].fsynth.changes[1] = 0.8
    yield 10.0
    save("blender-sliders.jpg", (230, 30, 1332, 940), width=1000)
    bpy.context.scene.fsynth.photo = str(two_people())
    point(850, 400)  # where the menu opens
    press("fsynth.create_avatar")
    yield lambda: run.active() is None
    redraw()
    yield 8.0
    save("blender-faces.png", (630, 30, 1332, 680))


def two_people() -> Path:
    """A photo of two, so that one must be chosen."""
    from PIL import Image, ImageOps

    path = PHOTOS / "two.png"
    with Image.open(EXAMPLE) as photo:
        both = Image.new("RGB", (2 * photo.width, photo.height))
        both.paste(photo, (0, 0))
        both.paste(ImageOps.mirror(photo), (photo.width, 0))
        both.save(path)
    return path


def view() -> bpy.types.SpaceView3D:
    """The 3D Viewport."""
    areas = bpy.context.window_manager.windows[0].screen.areas
    return next(area for area in areas if area.type == "VIEW_3D").spaces[0]


def redraw() -> None:
    """What a moving mouse would do."""
    for area in bpy.context.window_manager.windows[0].screen.areas:
        area.tag_redraw()


def click(x: int, y: int) -> None:
    """Click with the mouse."""
    point(x, y)
    subprocess.run(["xdotool", "sleep", "1", "click", "1"], check=True)


def point(x: int, y: int) -> None:
    """Move the mouse."""
    subprocess.run(["xdotool", "mousemove", str(x), str(y)], check=True)


def press(operator: str) -> None:
    """Do what the button of an operator does."""
    group, name = operator.split(".")
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window):
        getattr(getattr(bpy.ops, group), name)("INVOKE_DEFAULT")


def finish_materials(avatar: bpy.types.Collection) -> None:
    """Give subsurface scattering the colour of the skin, as it has by itself from Blender 4.0 on."""
    for material in {slot.material for held in avatar.objects for slot in held.material_slots}:
        for node in material.node_tree.nodes:
            if node.type == "BSDF_PRINCIPLED" and node.inputs["Base Color"].links:
                colour = node.inputs["Base Color"].links[0].from_socket
                material.node_tree.links.new(colour, node.inputs["Subsurface Color"])


def look_at_head() -> None:
    """Material preview, from a little to the side."""
    space = view()
    space.shading.type = "MATERIAL"
    space.overlay.show_floor = space.overlay.show_axis_x = space.overlay.show_axis_y = False
    space.overlay.show_cursor = space.overlay.show_outline_selected = space.overlay.show_object_origins = False
    region = space.region_3d
    region.view_perspective = "PERSP"
    region.view_location = (0.06, 0, 0.1)
    region.view_distance = 0.6
    region.view_rotation = Euler((1.52, 0, 0.35)).to_quaternion()


def save(name: str, box: tuple[int, int, int, int], width: int | None = None) -> None:
    """Write the part ``box`` (left, top, right, bottom) of the window."""
    from PIL import Image

    whole = HERE / f"{name}.whole.png"
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.screen.screenshot(filepath=str(whole))
    with Image.open(whole) as picture:
        part = picture.convert("RGB").crop(box)
    if width is not None:
        part = part.resize((width, round(width * part.height / part.width)), Image.Resampling.LANCZOS)
    part.save(HERE / name, quality=88, optimize=True)
    whole.unlink()


steps = pictures()
waiting: Wait = 2.0


def go_on() -> float | None:
    """Called by Blender's timer: the next step, or the end. After an error Blender prints it, and stays open."""
    global waiting
    try:
        if callable(waiting) and not waiting():
            return 0.2
        waiting = next(steps)
    except StopIteration:
        os._exit(0)
    return 0.2 if callable(waiting) else waiting


bpy.app.timers.register(go_on, first_interval=2.0)
