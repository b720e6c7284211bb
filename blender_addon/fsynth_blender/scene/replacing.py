# SPDX-License-Identifier: GPL-3.0-or-later
"""Another head for an avatar, with all that the artist did to its objects and materials."""

from __future__ import annotations

from collections.abc import Generator

import bpy

from ..work import Made
from . import avatar as avatars
from .armature import weigh
from .building import make_images, make_materials, make_object, object_suffix
from .images import KIND
from .materials import show_images
from .removal import Created, data_of, images_of, remove_unused
from .shape_keys import add_shape_keys, follow


def replace(
    context: bpy.types.Context, avatar: bpy.types.Collection, made: Made, *, material: str
) -> Generator[float, None, bpy.types.Collection]:
    """See ``scene.replace``."""
    avatars.check_editable(avatar)
    head = avatars.head_of(avatar)
    old = avatars.parts_of(avatar)
    for held in old.values():
        avatars.check_editable(held)
    with Created() as created:
        images = make_images(avatar.name, made, created)
        yield 0.02
        materials = make_materials(avatar.name, made.parts, images, material, created)
        yield 0.05
        fresh: dict[str, bpy.types.Object] = {}
        for number, part in enumerate(made.parts):
            held = make_object(avatar.name, part, materials[part.material], created)
            fresh[part.name] = held
            for _ in add_shape_keys(held, part):
                yield 0.05 + 0.85 * number / len(made.parts)
            yield 0.05 + 0.85 * (number + 1) / len(made.parts)
        for name, held in fresh.items():
            if name != avatars.HEAD:
                for _ in follow(held, fresh[avatars.HEAD]):
                    yield 0.95
        # From here to the end in one step, so that nobody sees an avatar of two people.
        unused: list[bpy.types.ID] = data_of(list(old.values()))
        for name, held in old.items():
            if name not in fresh and name != avatars.ARMATURE:
                bpy.data.objects.remove(held)
        for part in made.parts:
            if part.name in old:
                _take_over(old[part.name], fresh[part.name], images)
                if any(modifier.type == "ARMATURE" for modifier in old[part.name].modifiers):
                    weigh(old[part.name], part)
            else:
                _join(avatar, fresh[part.name], head)
                fresh[part.name].name = f"{avatar.name}_{object_suffix(part)}"
        avatars.describe(head, made)
        unused += [held for name, held in fresh.items() if name in old]
        unused += [*images.values(), *materials.values()]
    remove_unused([data for data in unused if isinstance(data, bpy.types.Object)])
    for kind in (bpy.types.Mesh, bpy.types.Material, bpy.types.Image):
        remove_unused([data for data in unused if isinstance(data, kind)])
    return avatar


def _take_over(held: bpy.types.Object, fresh: bpy.types.Object, images: dict[str, bpy.types.Image]) -> None:
    """Give an object the mesh of a fresh one, and to that mesh what the artist did to the object's own."""
    before, mesh = held.data, fresh.data
    own = [slot.material for slot in held.material_slots]
    if any(material is not None and _can_show(material, bool(images)) for material in own):
        mesh.materials.clear()
        for material in own:
            mesh.materials.append(material)
        for material in own:
            if material is not None:
                show_images(material, _successors(material, images))
    if before.shape_keys is not None and mesh.shape_keys is not None:
        _take_over_keys(before.shape_keys, mesh.shape_keys)
    groups = [(group.name, group.lock_weight) for group in held.vertex_groups]
    name = before.name
    held.data = mesh
    fresh.data = before
    before.name, mesh.name = f"{name}_before", name
    for group, locked in groups:
        if group not in held.vertex_groups:
            held.vertex_groups.new(name=group).lock_weight = locked


def _can_show(material: bpy.types.Material, textured: bool) -> bool:
    """Whether a material of the avatar's fits the new mesh: with a texture, or without one."""
    needs_colours = material.node_tree is not None and any(
        node.type == "VERTEX_COLOR" for node in material.node_tree.nodes
    )
    return needs_colours != textured or (not needs_colours and not images_of(material))


def _successors(
    material: bpy.types.Material, images: dict[str, bpy.types.Image]
) -> dict[bpy.types.Image, bpy.types.Image]:
    """The new image for each of ours that a material shows; ours are known by what was written onto them."""
    return {image: images[image[KIND]] for image in images_of(material) if image.get(KIND) in images}


def _take_over_keys(before: bpy.types.Key, after: bpy.types.Key) -> None:
    """Values, ranges, animation and the artist's drivers of shape keys that both have."""
    for key in before.key_blocks[1:]:
        if key.name in after.key_blocks:
            other = after.key_blocks[key.name]
            other.slider_min, other.slider_max = key.slider_min, key.slider_max
            other.value, other.mute = key.value, key.mute
    animation = before.animation_data
    if animation is None:
        return
    own = after.animation_data_create()
    own.action = animation.action
    if animation.action is not None and getattr(animation, "action_slot", None) is not None:  # from 4.4 on
        own.action_slot = animation.action_slot
    driven = {curve.data_path for curve in own.drivers}
    for curve in animation.drivers:
        if curve.data_path not in driven:
            own.drivers.from_existing(src_driver=curve)


def _join(avatar: bpy.types.Collection, held: bpy.types.Object, head: bpy.types.Object) -> None:
    avatar.objects.link(held)
    held.parent = head
