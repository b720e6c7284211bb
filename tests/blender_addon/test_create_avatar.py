"""``bpy.ops.fsynth.create_avatar`` from scripts: arguments, what it makes, and what it says where it can't."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.blender_addon.conftest import InBlender


@pytest.fixture
def photos(astronaut: Path, tmp_path: Path) -> Path:
    """A folder of photos that give trouble."""
    folder = tmp_path / "photos"
    folder.mkdir()
    with Image.open(astronaut) as photo:
        two = Image.new("RGB", (1024, 512))
        two.paste(photo, (0, 0))
        two.paste(photo.resize((400, 400)), (512, 0))
        two.save(folder / "two.jpg", quality=95)
    Image.fromarray(np.full((300, 300, 3), 128, np.uint8)).save(folder / "nobody.png")
    (folder / "letter.jpg").write_text("Dear Blender,")
    (folder / "cut.jpg").write_bytes(astronaut.read_bytes()[:20_000])
    return folder


def test_arguments_and_what_they_do(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        """
        bpy.context.scene.cursor.location = (1, 2, 3)
        bpy.context.scene.fsynth.texture_size = "512"      # what a call leaves out, the panel says
        assert bpy.ops.fsynth.create_avatar(photo=ARGUMENTS["photo"], shape_keys="NONE", hair="TINT",
                                            hair_tint=(0.5, 0.25, 0.75)) == {"FINISHED"}
        avatar = scene.find_avatar(bpy.context)
        head = scene.head_of(avatar)
        report({
            "location": list(head.location),
            "request": [scene.request_of(avatar).texture_size, scene.request_of(avatar).hair_tint],
            "keys": head.data.shape_keys is None,
            "active": bpy.context.view_layer.objects.active == head,
            "images": sorted(list(image.size) for image in bpy.data.images if image.packed_file),
            "panel": [bpy.context.scene.fsynth.photo, bpy.context.scene.fsynth.shape_keys],
            "running": run.active() is not None,
        })
        """,
        photo=astronaut,
    )
    assert found["location"] == [1, 2, 3]
    assert found["request"] == [512, pytest.approx([0.5, 0.25, 0.75])]
    assert found["keys"]
    assert found["active"]
    assert [512, 512] in found["images"]
    assert found["panel"] == ["", "ARKIT"]
    assert not found["running"]


def test_photos_that_give_trouble(in_blender: InBlender, photos: Path) -> None:
    found = in_blender(
        """
        before = census()
        create = bpy.ops.fsynth.create_avatar
        folder = ARGUMENTS["folder"]
        names = ["missing.jpg", "letter.jpg", "cut.jpg", "nobody.png", "two.jpg"]
        sentences = {name: said(create, photo=os.path.join(folder, name)) for name in names}
        sentences["none"] = said(create)
        sentences["no such face"] = said(create, photo=os.path.join(folder, "two.jpg"), face=7)
        sentences["no such model"] = said(create, photo=os.path.join(folder, "two.jpg"), face=0, model="nobody's")
        report([sentences, before, census(), run.active() is None])
        """,
        folder=photos,
    )
    sentences, before, after, idle = found
    assert after == before
    assert idle
    assert "does not exist" in sentences["missing.jpg"]
    assert "letter.jpg" in sentences["letter.jpg"]
    assert "cut.jpg" in sentences["cut.jpg"]
    assert "No face was found in" in sentences["nobody.png"]
    assert "2 people" in sentences["two.jpg"]
    assert "face=0 is the largest, face=1 the smallest" in sentences["two.jpg"]
    assert "Choose a photo first" in sentences["none"]
    assert "nobody's" in sentences["no such model"]
    for sentence in sentences.values():
        assert "Traceback" not in sentence
        assert sentence.endswith((".", ")"))


def test_scenes_that_give_trouble(in_blender: InBlender, astronaut: Path, tmp_path: Path) -> None:
    found = in_blender(
        """
        photo, library = ARGUMENTS["photo"], ARGUMENTS["library"]
        create = bpy.ops.fsynth.create_avatar
        bpy.context.scene.name = "Theirs"
        bpy.ops.wm.save_as_mainfile(filepath=library)
        bpy.ops.wm.read_homefile(use_factory_startup=True)
        fsynth_blender.register() if not hasattr(bpy.types.Scene, "fsynth") else None
        before = census()
        bpy.ops.object.mode_set(mode="EDIT")
        edit = [create.poll(), said(create, photo=photo)]
        bpy.ops.object.mode_set(mode="OBJECT")
        with bpy.data.libraries.load(library, link=True) as (theirs, ours):
            ours.scenes = ["Theirs"]
        linked_before = census()
        with bpy.context.temp_override(scene=ours.scenes[0]):
            linked = said(create, photo=photo)
        unchanged = census() == linked_before
        # A hidden or excluded active collection is no obstacle: an avatar goes into the scene's own.
        layer = bpy.context.view_layer
        layer.active_layer_collection = layer.layer_collection.children[0]
        layer.active_layer_collection.exclude = True
        excluded = said(create, photo=photo, texture_size="512", shape_keys="NONE")
        report([edit, linked, unchanged, excluded, scene.find_avatar(bpy.context) is not None])
        """,
        photo=astronaut,
        library=tmp_path / "theirs.blend",
    )
    edit, linked, unchanged, excluded, made = found
    assert edit[0] is False
    assert "Switch to Object Mode first" in edit[1]
    assert "theirs.blend" in linked
    assert unchanged
    assert excluded is None
    assert made


def test_a_second_one_at_a_time(in_blender: InBlender, astronaut: Path) -> None:
    found = in_blender(
        """
        from fsynth_blender.background import Task
        going = run.begin(lambda: Task(lambda stop: stop.wait(60), "Waiting"), lambda context, result: iter(()))
        refused = said(bpy.ops.fsynth.create_avatar, photo=ARGUMENTS["photo"])
        still = run.active() is going
        bpy.ops.fsynth.cancel()
        report([refused, still, run.active() is None, bpy.ops.fsynth.cancel.poll()])
        """,
        photo=astronaut,
    )
    refused, still, cancelled, poll = found
    assert "still busy" in refused
    assert still
    assert cancelled
    assert not poll


def test_without_a_wheel(in_blender: InBlender, astronaut: Path) -> None:
    sentence, before, after = in_blender(
        """
        sys.modules["onnxruntime"] = None       # as if it were not there
        before = census()
        report([said(bpy.ops.fsynth.create_avatar, photo=ARGUMENTS["photo"]), before, census()])
        """,
        photo=astronaut,
    )
    assert "onnxruntime" in sentence
    assert "Install the extension's .zip for your system again" in sentence
    assert after == before
