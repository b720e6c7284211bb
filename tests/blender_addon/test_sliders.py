"""The panel's sliders and buttons for an avatar: through undo and redo, and through a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageOps
from tests.blender_addon.conftest import InBlender

MAKE = """
import numpy as np
create = bpy.ops.fsynth.create_avatar
def vertices(avatar):
    mesh = scene.head_of(avatar).data
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    return found.reshape(-1, 3)
def moved(before, avatar):
    return float(np.abs(vertices(avatar) - before).max())
def avatar_now():
    return scene.find_avatar(bpy.context)
"""


def test_undo_redo_and_a_file(in_blender: InBlender, astronaut: Path, tmp_path: Path) -> None:
    found = in_blender(
        MAKE
        + """
bpy.ops.ed.undo_push(message="begin")
create(photo=ARGUMENTS["photo"], texture_size="512")
bpy.ops.ed.undo_push(message="avatar")
person = vertices(avatar_now())
avatar_now().fsynth.strength = 0.0
bpy.ops.ed.undo_push(message="likeness")
facts = {"mean": moved(person, avatar_now())}
bpy.ops.ed.undo()
facts["undone"] = [avatar_now().fsynth.strength, moved(person, avatar_now())]
avatar_now().fsynth.changes[1] = 2.0        # a slider after undo
facts["changed"] = [list(avatar_now().fsynth.changes)[:3], moved(person, avatar_now()), properties.message]
bpy.ops.ed.undo_push(message="identity")
bpy.ops.ed.undo()
bpy.ops.ed.redo()
facts["redone"] = [list(avatar_now().fsynth.changes)[:3], moved(person, avatar_now())]
avatar_now().fsynth.strength = 0.5
half = vertices(avatar_now())
bpy.ops.fsynth.set_expression(expression="smile")
bpy.ops.wm.save_as_mainfile(filepath=ARGUMENTS["file"])
bpy.ops.wm.read_homefile(use_factory_startup=True)
bpy.ops.wm.open_mainfile(filepath=ARGUMENTS["file"])
keys = scene.head_of(avatar_now()).data.shape_keys.key_blocks
facts["opened"] = [avatar_now().fsynth.strength, moved(half, avatar_now()), keys["mouthSmileLeft"].value]
avatar_now().fsynth.strength = 1.0
avatar_now().fsynth.changes[1] = 0.0
facts["back"] = moved(person, avatar_now())
report(facts)
""",
        photo=astronaut,
        file=tmp_path / "avatar.blend",
    )
    assert found["mean"] > 1e-3
    assert found["undone"] == [1.0, pytest.approx(0, abs=1e-6)]
    assert found["changed"][0] == [0, 2, 0]
    assert found["changed"][1] > 1e-4
    assert found["changed"][2] == ""
    assert found["redone"][0] == [0, 2, 0]
    assert found["redone"][1] == pytest.approx(found["changed"][1], abs=1e-6)
    assert found["opened"] == [0.5, pytest.approx(0, abs=1e-6), pytest.approx(0.6)]
    assert found["back"] == pytest.approx(0, abs=1e-5)


def test_sliders_say_why_they_can_not(in_blender: InBlender, astronaut: Path) -> None:
    said, shown = in_blender(
        MAKE
        + """
create(photo=ARGUMENTS["photo"], texture_size="512", shape_keys="NONE")
scene.head_of(avatar_now()).data.vertices.add(1)
avatar_now().fsynth.strength = 0.2
lines = []
class Layout:
    def column(self, align):
        return self
    def label(self, text, **how):
        lines.append(text)
from fsynth_blender import panel
panel._draw_sentence(Layout(), properties.message)
report([properties.message, lines])
""",
        photo=astronaut,
    )
    assert "can't shape it" in said
    assert " ".join(shown) == said
    assert len(shown) > 2
    assert max(map(len, shown)) <= 46


def test_refit_replace_and_export(in_blender: InBlender, astronaut: Path, tmp_path: Path) -> None:
    with Image.open(astronaut) as photo:
        ImageOps.mirror(photo).resize((400, 400)).save(tmp_path / "other.png")
    (tmp_path / "kept.glb").write_bytes(b"what was there")
    found = in_blender(
        MAKE
        + """
facts = {"no avatar": [bpy.ops.fsynth.refit.poll(), said(bpy.ops.fsynth.export_gltf, filepath=ARGUMENTS["glb"])]}
create(photo=ARGUMENTS["photo"], texture_size="512")
head = scene.head_of(avatar_now())
head.location = (4, 5, 6)
person, name = vertices(avatar_now()), head.name
before = census()
facts["refit"] = said(bpy.ops.fsynth.refit, fit_photo=True)
facts["moved by refit"] = moved(person, avatar_now())
request = scene.request_of(avatar_now())
facts["asked"] = [str(request.photo), request.fit_photo]
bpy.context.scene.fsynth.photo = ARGUMENTS["other"]
facts["replace"] = said(bpy.ops.fsynth.replace_photo, fit_photo=False)
facts["moved by replace"] = moved(person, avatar_now())
facts["photo"] = str(scene.request_of(avatar_now()).photo)
head = scene.head_of(avatar_now())
facts["stays"] = [list(head.location), head.name == name, census() == before]
facts["missing"] = said(bpy.ops.fsynth.replace_photo, photo="/nowhere.jpg")
facts["unharmed"] = str(scene.request_of(avatar_now()).photo)
other = bpy.data.objects.new("other", None)
bpy.context.scene.collection.objects.link(other)
head.select_set(False)
facts["export"] = said(bpy.ops.fsynth.export_gltf, filepath=ARGUMENTS["glb"])
facts["selection"] = [head.select_get(), other.select_get()]
facts["no folder"] = said(bpy.ops.fsynth.export_gltf, filepath="/nowhere/at/all.glb")
bpy.ops.preferences.addon_disable(module="io_scene_gltf2")
facts["no exporter"] = said(bpy.ops.fsynth.export_gltf, filepath=ARGUMENTS["kept"])
report(facts)
""",
        photo=astronaut,
        other=tmp_path / "other.png",
        glb=tmp_path / "avatar.glb",
        kept=tmp_path / "kept.glb",
    )
    assert found["no avatar"][0] is False
    assert "Select an avatar first" in found["no avatar"][1]
    assert found["refit"] is None
    assert found["moved by refit"] > 1e-4
    assert found["asked"] == [str(astronaut), True]
    assert found["replace"] is None
    assert found["moved by replace"] > 1e-5
    assert found["photo"] == found["unharmed"] == str(tmp_path / "other.png")
    assert found["stays"] == [[4, 5, 6], True, True]
    assert "does not exist" in found["missing"]
    assert found["export"] is None
    assert (tmp_path / "avatar.glb").read_bytes()[:4] == b"glTF"
    assert found["selection"] == [False, False]
    assert "can't be written" in found["no folder"]
    assert "glTF 2.0" in found["no exporter"]
    assert (tmp_path / "kept.glb").read_bytes() == b"what was there"
    assert not list(tmp_path.glob(".*.glb"))
