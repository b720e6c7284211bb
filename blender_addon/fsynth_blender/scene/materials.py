# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials that look right in Cycles, in EEVEE and after an export: one Principled shader each, and plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import bpy

from .meshes import COLOURS
from .removal import Created

REALISTIC, EXPORT = "REALISTIC", "EXPORT"


@dataclass(frozen=True)
class Look:
    """Inputs of the Principled shader.

    ``colour``: a plain base colour (linear), or None for what image or vertex colours show. ``alpha``: below 1 for
    clear surfaces. ``cut_out``: whether the image's alpha counts. ``scatter``: share of light that enters the surface.
    ``radius``: metres that red, green and blue light go in it. ``coat``: of a thin clear layer.
    """

    roughness: float
    specular: float = 0.5
    colour: tuple[float, float, float] | None = None
    alpha: float = 1.0
    cut_out: bool = False
    scatter: float = 0.0
    radius: tuple[float, float, float] = (0.0, 0.0, 0.0)
    coat: float = 0.0
    coat_roughness: float = 0.03
    more: Mapping[str, float] = field(default_factory=dict)


_LOOKS = {
    "skin": Look(roughness=0.62, specular=0.22, scatter=0.25, radius=(0.0036, 0.0013, 0.0007)),
    "eyes": Look(roughness=0.3, specular=0.3, scatter=0.1, radius=(0.001, 0.0006, 0.0004)),
    "mouth": Look(roughness=0.3, specular=0.5, scatter=0.2, radius=(0.002, 0.0012, 0.0008)),
    "hair": Look(roughness=0.6, specular=0.2, cut_out=True),
    # Black: what it adds is its reflections alone. White would lie on pupils like milk.
    "clear": Look(roughness=0.03, specular=1.0, colour=(0.0, 0.0, 0.0), alpha=0.15),
}
"""By ``Part.material``."""

# Names of the Principled shader's inputs, from 4.0 on and before.
_NAMES = {
    "specular": ("Specular IOR Level", "Specular"),
    "coat": ("Coat Weight", "Clearcoat"),
    "coat_roughness": ("Coat Roughness", "Clearcoat Roughness"),
    "scatter": ("Subsurface Weight", "Subsurface"),
    "roughness": ("Roughness",),
}


def look_of(material: str, preset: str) -> Look:
    """What a part's material looks like in a preset: "EXPORT" leaves out what files and engines do not know."""
    look = _LOOKS[material]
    return replace(look, scatter=0.0, coat=0.0) if preset == EXPORT else look


def make_material(name: str, look: Look, image: bpy.types.Image | None, created: Created) -> bpy.types.Material:
    """A material of one Principled shader, with the image or else the mesh's vertex colours as its colour."""
    material = created.add(bpy.data.materials.new(name))
    if bpy.app.version < (5, 0):  # since then materials always have nodes
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    for attribute, names in _NAMES.items():
        _input(shader, names).default_value = getattr(look, attribute)
    if look.scatter:
        # Distances in metres are radius times scale; older Blenders have no scale.
        longest = max(look.radius)
        shader.inputs["Subsurface Radius"].default_value = [one / longest for one in look.radius]
        if "Subsurface Scale" in shader.inputs:
            shader.inputs["Subsurface Scale"].default_value = longest
        else:
            shader.inputs["Subsurface Radius"].default_value = look.radius
    if look.colour is not None:
        shader.inputs["Base Color"].default_value = (*look.colour, 1)
        shader.inputs["Alpha"].default_value = look.alpha
    elif image is not None:
        texture = nodes.new("ShaderNodeTexImage")
        texture.image, texture.extension = image, "EXTEND"
        texture.location = (shader.location.x - 300, shader.location.y)
        links.new(texture.outputs["Color"], shader.inputs["Base Color"])
        if look.cut_out:
            links.new(texture.outputs["Alpha"], shader.inputs["Alpha"])
    else:
        colours = nodes.new("ShaderNodeVertexColor")
        colours.layer_name = COLOURS
        colours.location = (shader.location.x - 200, shader.location.y)
        links.new(colours.outputs["Color"], shader.inputs["Base Color"])
    _blend(material, clear=look.alpha < 1, cut_out=look.cut_out)
    return material


def show_images(material: bpy.types.Material, images: Mapping[bpy.types.Image, bpy.types.Image]) -> None:
    """Put images in the place of others in a material's nodes."""
    if material.node_tree is None:
        return
    for node in material.node_tree.nodes:
        if node.type == "TEX_IMAGE" and node.image in images:
            node.image = images[node.image]


def _input(shader: bpy.types.Node, names: tuple[str, ...]) -> bpy.types.NodeSocket:
    return next(shader.inputs[name] for name in names if name in shader.inputs)


def _blend(material: bpy.types.Material, *, clear: bool, cut_out: bool) -> None:
    """How EEVEE draws what can be looked through; Cycles needs to be told nothing."""
    material.use_backface_culling = clear
    if not (clear or cut_out):
        return
    if hasattr(material, "surface_render_method"):  # from 4.2 on
        material.surface_render_method = "BLENDED" if clear else "DITHERED"
    else:
        material.blend_method = "BLEND" if clear else "HASHED"
        material.shadow_method = "NONE" if clear else "HASHED"
    material.diffuse_color = (0, 0, 0, 0.15) if clear else (0.1, 0.07, 0.05, 1)
