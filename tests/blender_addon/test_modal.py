"""The modal operator, driven tick by tick as a window would: it never waits, stops when asked to, and cleans up."""

from __future__ import annotations

from pathlib import Path

from tests.blender_addon.conftest import InBlender

# An operator without a window: what bpy.types.Operator gives is written down instead.
OPERATOR = """
import time
from types import SimpleNamespace
from fsynth_blender.operators.in_background import InBackground
from fsynth_blender.job import Job

class Operator(InBackground):
    def __init__(self, photo, **wanted):
        self.request = work.Request(photo, texture_size=512, **wanted)
        self.reports, self.asked = [], None
    def report(self, kind, sentence):
        self.reports.append([*kind, sentence])
    def start(self, context):
        return Job(self.request)
    def steps(self, context, result):
        return scene.build(context, result)
    def several(self, context, faces):
        self.asked = len(faces.crops)

def event(type, value="PRESS"):
    return SimpleNamespace(type=type, value=value)

def begin(photo, **wanted):
    operator = Operator(photo, **wanted)
    operator._run = operator._begin(bpy.context)
    return operator

def tick_until(operator, wanted):
    while not wanted():
        ended = operator.modal(bpy.context, event("TIMER"))
        if ended != {"RUNNING_MODAL"}:
            return ended
        time.sleep(0.005)
"""


def test_ends_with_an_avatar(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        OPERATOR
        + """
operator = begin(ARGUMENTS["photo"])
passed = operator.modal(bpy.context, event("MOUSEMOVE"))
tick_until(operator, lambda: operator._run.building)
swallowed = operator.modal(bpy.context, event("Z"))
ended = tick_until(operator, lambda: False)
report([*map(list, (passed, swallowed, ended)), scene.find_avatar(bpy.context) is not None, run.active() is None])
""",
        photo=astronaut,
    )
    # While Blender's data are being made, undo must not come between two steps; before that the window is the artist's.
    assert found == [["PASS_THROUGH"], ["RUNNING_MODAL"], ["FINISHED"], True, True]


def test_cancelling_leaves_the_scene_as_it_was(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        OPERATOR
        + """
from fsynth_blender.operators import in_background
before = census()
outcomes = []
run.STEP_SECONDS = 0            # one step for each tick, so that every stage is met
for key, ticks in (("ESC", None), ("RIGHTMOUSE", 0), ("ESC", 1), ("ESC", 7), ("ESC", 20)):
    operator = begin(ARGUMENTS["photo"])
    if ticks is not None:
        tick_until(operator, lambda: operator._run.building)
        for _ in range(ticks):
            operator.modal(bpy.context, event("TIMER"))
    during = census()
    ended = operator.modal(bpy.context, event(key))
    outcomes.append([list(ended), operator.reports, census() == before, run.active() is None, during != before])
operator = begin(ARGUMENTS["photo"])
bpy.ops.fsynth.cancel()         # the button
outcomes.append([list(operator.modal(bpy.context, event("TIMER"))), operator.reports, census() == before,
                 run.active() is None, False])
report(outcomes)
""",
        photo=astronaut,
    )
    for ended, reports, as_before, idle, _ in found:
        assert ended == ["CANCELLED"]
        assert reports == [["INFO", "Cancelled. Nothing was changed."]]
        assert as_before
        assert idle
    assert [made for *_, made in found] == [False, True, True, True, True, False]


def test_opening_a_file_stops_it(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        OPERATOR
        + """
operator = begin(ARGUMENTS["photo"])
tick_until(operator, lambda: operator._run.building)
bpy.ops.wm.read_homefile(use_factory_startup=True)
report([run.active() is None, list(operator.modal(bpy.context, event("TIMER"))), len(bpy.data.collections)])
""",
        photo=astronaut,
    )
    assert found == [True, ["CANCELLED"], 1]


def test_closing_stops_it(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        OPERATOR
        + """
before = census()
not_begun = Operator(ARGUMENTS["photo"])
not_begun.cancel(bpy.context)       # a file browser was closed without choosing
operator = begin(ARGUMENTS["photo"])
tick_until(operator, lambda: operator._run.building)
operator.cancel(bpy.context)
report([run.active() is None, census() == before, operator.reports])
""",
        photo=astronaut,
    )
    assert found == [True, True, []]


def test_a_photo_without_faces(in_blender: InBlender, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (200, 200), "grey").save(tmp_path / "grey.png")
    found = in_blender(
        OPERATOR
        + """
operator = begin(ARGUMENTS["photo"])
ended = tick_until(operator, lambda: False)
report([list(ended), operator.reports, run.active() is None])
""",
        photo=tmp_path / "grey.png",
    )
    ended, [[kind, sentence]], idle = found
    assert ended == ["CANCELLED"]
    assert kind == "ERROR"
    assert "No face was found in" in sentence
    assert idle


def test_two_people(in_blender: InBlender, astronaut: Path, tmp_path: Path) -> None:
    from PIL import Image

    with Image.open(astronaut) as photo:
        two = Image.new("RGB", (1024, 512))
        two.paste(photo, (0, 0))
        two.paste(photo, (512, 0))
        two.save(tmp_path / "two.png")
    found = in_blender(
        OPERATOR
        + """
from fsynth_blender import thumbnail
operator = begin(ARGUMENTS["photo"])
ended = tick_until(operator, lambda: False)
second = begin(ARGUMENTS["photo"], face=1)
made = tick_until(second, lambda: False)
face = scene.request_of(scene.find_avatar(bpy.context)).face
report([list(ended), operator.asked, operator.reports, list(made), face])
""",
        photo=tmp_path / "two.png",
    )
    assert found == [["CANCELLED"], 2, [], ["FINISHED"], 1]
