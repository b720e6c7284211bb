from __future__ import annotations

from pathlib import Path

import pytest
from tests.blender_addon.conftest import InBlender

START = """
import sys
sys.path.insert(0, ARGUMENTS["root"])
import numpy as np
from tests.blender_addon.heads import SHAPES, small_head
bpy.ops.wm.read_factory_settings(use_empty=True)
"""


def test_an_avatar_is_a_collection_of_clean_objects(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        START
        + """
made = small_head()
avatar = scene.finish(scene.build(bpy.context, made, scene.Options(location=(1, 2, 3))))
head = scene.head_of(avatar)
skin = made.parts[0]
def places(mesh):
    co = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", co)
    return co.reshape(-1, 3)
uv = np.empty(2 * len(head.data.loops), np.float32)
head.data.uv_layers[0].data.foreach_get("uv", uv)
shader = next(n for n in head.active_material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
image = shader.inputs["Base Color"].links[0].from_node.image
clear = scene.parts_of(avatar)["cornea_left"].active_material
bpy.context.view_layer.update()
report({
    "names": sorted(held.name for held in avatar.objects),
    "linked": avatar.name in bpy.context.scene.collection.children,
    "active": bpy.context.view_layer.objects.active.name,
    "selected": [held.name for held in bpy.context.selected_objects],
    "parents": sorted({held.parent.name for held in avatar.objects if held.parent}),
    "location": list(head.location),
    "world": list(scene.parts_of(avatar)["eye_left"].matrix_world.translation),
    "same": bool(np.array_equal(places(head.data), skin.vertices)),
    "polygons": [list(p.vertices) for p in head.data.polygons],
    "smooth": all(p.use_smooth for p in head.data.polygons),
    "uvs": bool(np.array_equal(uv.reshape(-1, 2), skin.uvs)),
    "keys": [key.name for key in head.data.shape_keys.key_blocks],
    "values": [key.value for key in head.data.shape_keys.key_blocks[1:]],
    "valid": [held.name for held in avatar.objects if held.data.validate()],
    "packed": image.packed_file is not None and image.packed_file.size == len(made.images["colour"]),
    "size": list(image.size),
    "pixel": [round(255 * c) for c in image.pixels[:3]],
    "scatter": shader.inputs["Subsurface Weight"].default_value > 0,
    "clear": next(n for n in clear.node_tree.nodes if n.type == "BSDF_PRINCIPLED").inputs["Alpha"].default_value < 0.5,
    "nodes": sorted({n.type for m in bpy.data.materials for n in m.node_tree.nodes}),
    "identity": np.allclose(head["fsynth_identity"], made.identity),
    "sha256": head["fsynth_sha256"],
    "request": scene.request_of(avatar) == made.request,
    "found": scene.find_avatar(bpy.context) == avatar and scene.is_avatar(avatar),
})
""",
        root=root,
    )
    assert found.pop("names") == ["ada_cornea.L", "ada_eye.L", "ada_head", "ada_lashes", "ada_teeth_lower"]
    assert found.pop("selected") == ["ada_head"]
    assert found.pop("active") == "ada_head"
    assert found.pop("parents") == ["ada_head"]
    assert found.pop("location") == [1, 2, 3]
    assert found.pop("world") == [1, 2, 3]
    assert found.pop("polygons") == [[0, 1, 2, 3], [1, 4, 2]]
    assert found.pop("keys") == ["Basis", "jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft"]
    assert found.pop("values") == [0, 0, 0, 0]
    assert found.pop("valid") == []
    assert found.pop("size") == [16, 16]
    assert found.pop("pixel") == [200, 150, 120]
    assert found.pop("nodes") == ["BSDF_PRINCIPLED", "OUTPUT_MATERIAL", "TEX_IMAGE"]
    assert found.pop("sha256") == "ab" * 32
    assert {name: value for name, value in found.items() if value is not True} == {}


def test_parts_follow_the_shape_keys_of_the_head(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        START
        + """
avatar = scene.finish(scene.build(bpy.context, small_head()))
head = scene.head_of(avatar)
head.data.shape_keys.key_blocks["jawOpen"].value = 0.5
bpy.context.view_layer.update()
teeth = scene.parts_of(avatar)["teeth_lower"]
seen = teeth.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
report({
    "value": teeth.data.shape_keys.key_blocks["jawOpen"].value,
    "moved": list(seen.vertices[0].co - teeth.data.vertices[0].co),
    "scripts": [c.driver.type for held in avatar.objects if held.data.shape_keys and held.data.shape_keys.animation_data
                for c in held.data.shape_keys.animation_data.drivers if c.driver.type == "SCRIPTED"],
    "eyes": scene.parts_of(avatar)["eye_left"].data.shape_keys is None,
})
""",
        root=root,
    )
    assert found["value"] == pytest.approx(0.5)
    assert found["moved"] == pytest.approx([0.0005, -0.001, 0.0015], abs=1e-6)
    assert found["scripts"] == []  # Blender would ask whether they may run
    assert found["eyes"]


def test_without_shape_keys_and_without_textures(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        START
        + """
avatar = scene.finish(scene.build(bpy.context, small_head(shapes=(), textured=False), scene.Options("Ada", "EXPORT")))
head = scene.head_of(avatar)
nodes = head.active_material.node_tree.nodes
shader = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
report([
    head.name, [held.name for held in avatar.objects if held.data.shape_keys], len(bpy.data.images),
    shader.inputs["Base Color"].links[0].from_node.layer_name, head.data.color_attributes.active_color.name,
    head.data.color_attributes[0].data[0].color[0], shader.inputs["Subsurface Weight"].default_value,
])
""",
        root=root,
    )
    assert found[:5] == ["Ada_head", [], 0, "Color", "Color"]
    assert found[5] == pytest.approx(0.214, abs=1e-3)  # light, of 0.5 in sRGB
    assert found[6] == 0


def test_wherever_it_is_stopped_nothing_stays(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        START
        + """
made = small_head()
before = census()
steps = sum(1 for _ in scene.build(bpy.context, made))
scene.remove(scene.find_avatar(bpy.context))
removed = census()
left = []
for stop in range(1, steps + 1):
    building = scene.build(bpy.context, made)
    for _ in range(stop):
        next(building)
    building.close()
    if census() != before or len(bpy.context.scene.collection.children):
        left.append(stop)
bpy.context.view_layer.update()
report([steps, removed == before, left, len(bpy.context.view_layer.objects)])
""",
        root=root,
    )
    assert found[0] > 5
    assert found[1:] == [True, [], 0]


def test_an_error_on_the_way_leaves_nothing(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        START
        + """
from dataclasses import replace
made = small_head()
broken = replace(made.parts[-1], corners=made.parts[-1].corners[:-1].astype(str))
before = census()
try:
    scene.finish(scene.build(bpy.context, replace(made, parts=(*made.parts[:-1], broken))))
except (TypeError, ValueError, RuntimeError):
    report(census() == before)
""",
        root=root,
    )
    assert found is True


def test_a_linked_scene_is_refused(in_blender: InBlender, root: Path, tmp_path: Path) -> None:
    found = in_blender(
        START
        + """
bpy.context.scene.name = "theirs"
bpy.ops.wm.save_as_mainfile(filepath=ARGUMENTS["file"])
bpy.ops.wm.read_factory_settings(use_empty=True)
with bpy.data.libraries.load(ARGUMENTS["file"], link=True) as (source, target):
    target.scenes = ["theirs"]
linked = next(one for one in bpy.data.scenes if one.library)
before = census()
try:
    with bpy.context.temp_override(scene=linked):
        scene.finish(scene.build(bpy.context, small_head()))
except work.WorkError as error:
    report([str(error), census() == before])
""",
        root=root,
        file=tmp_path / "theirs.blend",
    )
    assert found[0].startswith("theirs is linked from theirs.blend and can't be changed here.")
    assert found[1] is True


def test_all_of_it_is_in_the_saved_file(in_blender: InBlender, root: Path, tmp_path: Path) -> None:
    found = in_blender(
        START
        + """
made = small_head()
scene.finish(scene.build(bpy.context, made))
bpy.ops.wm.save_as_mainfile(filepath=ARGUMENTS["file"])
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.wm.open_mainfile(filepath=ARGUMENTS["file"])
avatar = scene.find_avatar(bpy.context)
adjust.set_expression(avatar, {"jawOpen": 1})
bpy.context.view_layer.update()
report([
    scene.request_of(avatar) == made.request,
    [round(255 * c) for c in bpy.data.images["ada_colour"].pixels[:3]],
    scene.parts_of(avatar)["teeth_lower"].data.shape_keys.key_blocks["jawOpen"].value,
])
""",
        root=root,
        file=tmp_path / "saved.blend",
    )
    assert found == [True, [200, 150, 120], 1]


def test_an_armature_moves_the_parts(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        START
        + """
made = small_head()
avatar = scene.finish(scene.build(bpy.context, made, scene.Options(armature=True, location=(0, 0, 2))))
parts = scene.parts_of(avatar)
rig, head = parts["armature"], parts["skin"]
rig.pose.bones["head"].location = (0, 1, 0)
bpy.context.view_layer.update()
seen = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
moved = [round((a.co - b.co).length, 2) for a, b in zip(seen.vertices, head.data.vertices)]
scene.finish(scene.replace(bpy.context, avatar, made))
bpy.context.view_layer.update()
seen = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
after = [round((a.co - b.co).length, 2) for a, b in zip(seen.vertices, head.data.vertices)]
before = census()
building = scene.build(bpy.context, made, scene.Options(armature=True))
for share in building:
    if share == 0.99 and len(bpy.data.armatures) == 2:
        building.close()
report([rig.name, [b.name for b in rig.data.bones], head.parent == rig, list(rig.location), moved, after,
    census() == before, bpy.context.mode, bpy.context.view_layer.objects.active == head])
scene.remove(avatar)
""",
        root=root,
    )
    assert found[:4] == ["ada_armature", ["neck", "head"], True, [0, 0, 2]]
    assert found[4] == [0, 0.25, 0.5, 0.75, 1]
    assert found[5] == found[4]
    assert found[6] is True
    assert found[7] == "OBJECT"
