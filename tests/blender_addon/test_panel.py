"""What panels draw, held against what Blender's layouts know: no window is needed to see a wrong argument."""

from __future__ import annotations

from pathlib import Path

from tests.blender_addon.conftest import InBlender

# A layout that writes down what is drawn, and refuses what bpy.types.UILayout, properties or operators do not have.
LAYOUT = """
from types import SimpleNamespace
from fsynth_blender import panel, preferences

class Layout:
    def __init__(self, drawn):
        object.__setattr__(self, "drawn", drawn)
    def __setattr__(self, name, value):
        assert name in bpy.types.UILayout.bl_rna.properties, name
    def __getattr__(self, name):
        parameters = bpy.types.UILayout.bl_rna.functions[name].parameters
        names = [found.identifier for found in parameters if not found.is_output]
        def call(*values, **named):
            given = dict(zip(names, values)) | named
            assert set(given) <= set(names), (name, set(given) - set(names))
            if given.get("icon"):
                assert given["icon"] in parameters["icon"].enum_items, given["icon"]
            if name == "operator":
                operator = getattr(bpy.ops.fsynth, given["operator"].partition(".")[2]).get_rna_type()
                self.drawn.append(given["operator"])
                return SimpleNamespace(**dict.fromkeys(operator.properties.keys()))
            if name == "prop":
                assert given["property"] in given["data"].bl_rna.properties, given["property"]
                self.drawn.append(given.get("text") or given["data"].bl_rna.properties[given["property"]].name)
            if name in ("label", "progress"):
                self.drawn.append(given["text"])
            return Layout(self.drawn)
        return call

def drawn(cls):
    lines = []
    if not hasattr(cls, "poll") or cls.poll(bpy.context):
        cls.draw(SimpleNamespace(layout=Layout(lines)), bpy.context)
        return lines
"""


def test_before_while_and_after(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        LAYOUT
        + """
from fsynth_blender.background import Task
import threading
empty = {cls.__name__: drawn(cls) for cls in panel.CLASSES}
bpy.context.scene.fsynth.hair = "TINT"
tint = drawn(panel.FSYNTH_PT_options)
going = run.begin(lambda: Task(lambda stop: stop.wait(60), "Checking"), lambda context, result: iter(()))
busy = drawn(panel.FSYNTH_PT_create)
run.stop()
bpy.ops.fsynth.create_avatar(photo=ARGUMENTS["photo"], texture_size="512")
properties.message = "It can't be."
full = {cls.__name__: drawn(cls) for cls in panel.CLASSES}
report([empty, tint, busy, full])
""",
        photo=astronaut,
    )
    empty, tint, busy, full = found
    assert "fsynth.create_avatar" in empty["FSYNTH_PT_create"]
    assert {"Model", "Texture", "Shape Keys", "Material", "Hair", "Detail of the Photo", "Armature"} <= {
        *empty["FSYNTH_PT_options"]
    }
    assert empty["FSYNTH_PT_avatar"] is None
    assert len(tint) == len(empty["FSYNTH_PT_options"]) + 1
    assert "Checking" in busy
    assert "fsynth.cancel" in busy
    assert "fsynth.create_avatar" not in busy
    assert full["FSYNTH_PT_avatar"] == [
        "astronaut",
        "Likeness",
        "It can't be.",
        "fsynth.refit",
        "fsynth.replace_photo",
        "fsynth.export_gltf",
    ]
    assert full["FSYNTH_PT_identity"] == [f"Shape {number}" for number in range(1, 11)]
    assert len(full["FSYNTH_PT_expression"]) == 6 + 52
    assert "jawOpen" in full["FSYNTH_PT_expression"]


def test_preferences(in_blender: InBlender) -> None:
    before, after = in_blender(
        LAYOUT
        + """
from fsynth_blender.checking import Check
class Preferences:
    bl_rna = preferences.FSYNTH_AP_preferences.bl_rna
    layout = property(lambda self: Layout(lines))
lines = []
preferences.FSYNTH_AP_preferences.draw(Preferences(), bpy.context)
before = list(lines)
preferences.checks = (Check("Device", True, "CPU"), Check("Pillow", False, "gone", "Get it."))
lines = []
preferences.FSYNTH_AP_preferences.draw(Preferences(), bpy.context)
report([before, lines])
"""
    )
    assert before == ["Default Model", "Device", "fsynth.add_model", "fsynth.check"]
    assert after == [*before, "Device", "CPU", "Pillow", "gone", "Get it."]


def test_a_dropped_photo(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        """
        handler = bpy.types.FSYNTH_FH_photo
        from types import SimpleNamespace
        polls = [handler.poll_drop(SimpleNamespace(area=area)) for area in
                 (None, SimpleNamespace(type="VIEW_3D"), SimpleNamespace(type="NODE_EDITOR"))]
        missing = said(bpy.ops.fsynth.drop_photo, filepath="/nowhere.jpg")
        assert bpy.ops.fsynth.drop_photo(filepath=ARGUMENTS["photo"]) == {"FINISHED"}
        report([polls, handler.bl_import_operator, bpy.context.scene.fsynth.photo == ARGUMENTS["photo"],
                scene.find_avatar(bpy.context) is not None, missing])
        """,
        photo=astronaut,
    )
    assert found == [[False, True, False], "fsynth.drop_photo", True, True, "/nowhere.jpg does not exist."]
