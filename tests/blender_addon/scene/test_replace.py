from __future__ import annotations

from pathlib import Path

from tests.blender_addon.conftest import InBlender
from tests.blender_addon.scene.test_build import START

TWO = (
    START
    + """
from dataclasses import replace
first = small_head("ada.jpg")
second = small_head("bob.jpg")
second = replace(second, sha256="cd" * 32, images={name: png for name, png in first.images.items()},
    parts=tuple(replace(part, vertices=part.vertices * 1.1) for part in second.parts))
avatar = scene.finish(scene.build(bpy.context, first))
head = scene.head_of(avatar)
def x(held): return round(held.data.vertices[1].co.x, 4)
"""
)


def test_what_the_artist_did_stays(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        TWO
        + """
head.name, head.location = "Hero", (0, 0, 1.5)
head.modifiers.new("Smooth", "SUBSURF")
def shader_of(held):
    return next(node for node in held.active_material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
shader_of(head).inputs["Roughness"].default_value = 0.9
keys = head.data.shape_keys
jaw = keys.key_blocks["jawOpen"]
for frame, value in ((1, 0.0), (10, 1.0)):
    jaw.value = value
    jaw.keyframe_insert("value", frame=frame)
keys.key_blocks["mouthSmileLeft"].value = 0.7
driver = keys.key_blocks["mouthSmileRight"].driver_add("value").driver
driver.type = "SUM"
variable = driver.variables.new()
variable.targets[0].id, variable.targets[0].data_path = head, "location.z"
before = census()
scene.finish(scene.replace(bpy.context, avatar, second))
bpy.context.scene.frame_set(10)
bpy.context.view_layer.update()
after = scene.head_of(avatar).data.shape_keys
teeth = scene.parts_of(avatar)["teeth_lower"]
report({
    "head": [scene.head_of(avatar) == head, head.name, head.data.name, list(head.location), head.modifiers.keys()],
    "places": [x(head), x(teeth)],
    "rough": round(shader_of(head).inputs["Roughness"].default_value, 3),
    "values": [round(after.key_blocks[name].value, 3) for name in ("jawOpen", "mouthSmileLeft", "mouthSmileRight")],
    "teeth": round(teeth.data.shape_keys.key_blocks["jawOpen"].value, 3),
    "sha256": head["fsynth_sha256"],
    "photo": scene.request_of(avatar).photo,
    "same": [before, census()],
    "images": sorted((image.name, image.users) for image in bpy.data.images),
})
""",
        root=root,
    )
    assert found["head"] == [True, "Hero", "ada_head", [0, 0, 1.5], ["Smooth"]]
    assert found["places"] == [0.11, 0.11]
    assert found["rough"] == 0.9
    assert found["values"] == [1.0, 0.7, 1.0]  # animated, set, driven (1.5, which the slider ends at 1)
    assert found["teeth"] == 1.0
    assert found["sha256"] == "cd" * 32
    assert found["photo"] == "bob.jpg"
    assert found["same"][0] == found["same"][1]


def test_wherever_it_is_stopped_the_avatar_stays(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        TWO
        + """
before = census()
steps, changed = 0, []
while True:
    steps += 1
    replacing = scene.replace(bpy.context, avatar, second)
    try:
        for _ in range(steps):
            next(replacing)
    except StopIteration:
        break
    replacing.close()
    if census() != before or x(head) != 0.1 or head["fsynth_sha256"] != first.sha256:
        changed.append(steps)
report([steps, changed, x(head)])
""",
        root=root,
    )
    assert found[0] > 5
    assert found[1:] == [[], 0.11]


def test_parts_come_and_go_with_the_model(in_blender: InBlender, root: Path) -> None:
    found = in_blender(
        TWO
        + """
other = small_head("carl.jpg", textured=False, shapes=())
other = replace(other, parts=(other.parts[0], replace(other.parts[1], name="eye_right")))
scene.finish(scene.replace(bpy.context, avatar, other))
shown = head.active_material.node_tree.nodes
report([sorted(held.name for held in avatar.objects), len(bpy.data.images), head.data.shape_keys is None,
    any(node.type == "VERTEX_COLOR" for node in shown), len(bpy.data.meshes)])
""",
        root=root,
    )
    assert found == [["ada_eye.R", "ada_head"], 0, True, True, 2]
