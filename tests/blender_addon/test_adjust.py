from __future__ import annotations

from pathlib import Path

import pytest
from tests.blender_addon.conftest import InBlender

START = """
import time
import numpy as np
bpy.ops.wm.read_factory_settings(use_empty=True)
made = work.make(work.Request(ARGUMENTS["photo"], texture_size=512))
avatar = scene.finish(scene.build(bpy.context, made))
head = scene.head_of(avatar)
parts = scene.parts_of(avatar)
def places(points):
    co = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", co)
    return co.reshape(-1, 3)
"""


def test_sliders_shape_all_parts_and_shape_keys(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        START
        + """
from fsynth_morphable import load
from fsynth_morphable.sockets import close_sockets
model = load("fsynth")
seconds = []
adjust.set_identity(avatar, strength=1.1)  # reads the model
for strength, changes in ((0.5, None), (1.5, [2.0] + [0.0] * 9), (0.0, [0.0] * 10)):
    started = time.perf_counter()
    adjust.set_identity(avatar, strength=strength, changes=changes)
    seconds.append(time.perf_counter() - started)
# What lies behind the lids was laid onto the eyeballs of the head as it was fitted, and moves along with the rest.
mean = model.vertices() + close_sockets(model, fitted := model.vertices(made.identity)) - fitted
off = {}
for part in made.parts:
    x, y, z = (mean[part.rows] - made.origin).T
    want = np.stack([x, -z, y], axis=1)
    mesh = parts[part.name].data
    off[part.name] = float(np.abs(places(mesh.vertices) - want).max())
    for name, by in part.shape_keys.items():
        key = mesh.shape_keys.key_blocks[name]
        off[part.name + name] = float(np.abs(places(key.data) - want - by).max())
average = [float(adjust.strength(avatar)), float(np.abs(adjust.identity(avatar)).max())]
adjust.set_identity(avatar, strength=1.0, changes=[1.0] + [0.0] * 9)
shaped = adjust.identity(avatar) - made.identity
adjust.set_identity(avatar, changes=[0.0] * 10)
back = max(float(np.abs(places(parts[p.name].data.vertices) - p.vertices).max()) for p in made.parts)
report([max(off.values()), len(off), average, shaped[:2].tolist(), back, sorted(seconds)])
""",
        photo=astronaut,
    )
    worst, meshes, average, shaped, back, seconds = found
    assert worst < 1e-6  # metres
    assert meshes > 100
    assert average == [0, 0]
    assert shaped == pytest.approx([1, 0], abs=1e-6)
    assert back < 1e-6
    assert seconds[0] < 0.1


def test_expressions_have_everyday_names(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        START
        + """
adjust.set_expression(avatar, {"smile": 0.5, "jawOpen": 0.25})
smiling = {name: value for name, value in adjust.expression(avatar).items() if value}
adjust.set_expression(avatar, {"jawOpen": 0})
closed = adjust.expression(avatar)["jawOpen"]
adjust.set_expression(avatar, {}, others=0)
errors = []
for wrong in ({"smyle": 1}, {"smile": 2}):
    try:
        adjust.set_expression(avatar, wrong)
    except work.WorkError as error:
        errors.append(str(error))
report([smiling, closed, len(adjust.expression(avatar)), any(adjust.expression(avatar).values()), errors])
""",
        photo=astronaut,
    )
    assert found[0] == {
        "jawOpen": 0.25,
        "mouthSmileLeft": 0.5,
        "mouthSmileRight": 0.5,
        "cheekSquintLeft": 0.25,
        "cheekSquintRight": 0.25,
    }
    assert found[1:4] == [0, 52, False]
    assert "Did you mean 'smile'?" in found[4][0]
    assert "from 0 to 1" in found[4][1]


def test_edited_meshes_are_left_alone_and_sculpted_ones_keep_it(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        START
        + """
bump = head.data.shape_keys.key_blocks[0]
before = places(bump.data)
sculpted = before.copy()
sculpted[100] += 0.01
bump.data.foreach_set("co", sculpted.ravel())
adjust.set_identity(avatar, strength=0.5)
adjust.set_identity(avatar, strength=1.0)
kept = float((places(bump.data) - before)[100].min())
extra = parts["tongue"].data
extra.vertices.add(1)
try:
    adjust.set_identity(avatar, strength=0.5)
except work.WorkError as error:
    report([kept, str(error), adjust.strength(avatar), float(np.abs(places(bump.data) - sculpted).max())])
""",
        photo=astronaut,
    )
    assert found[0] == pytest.approx(0.01, abs=1e-6)
    assert "tongue has other vertices" in found[1]
    assert found[2] == 1.0
    assert found[3] < 1e-6
