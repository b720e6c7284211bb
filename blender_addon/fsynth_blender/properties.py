# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an avatar, as the panel keeps them with the scene and as operators take them as arguments."""

from collections.abc import Sequence

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from . import adjust, preferences, scene, work

TEXTURE_SIZES = [(str(size), f"{size} px", "Width and height of the texture") for size in work.TEXTURE_SIZES]
SHAPE_KEYS = [
    ("ARKIT", "ARKit", "The 52 expressions of ARKit, under their names"),
    ("NONE", "None", "No shape keys: a smaller file"),
]
MATERIALS = [
    ("REALISTIC", "Realistic", "Skin with subsurface scattering, and clear corneas"),
    ("EXPORT", "For Export", "Plain materials that game engines and browsers show as Blender does"),
]
HAIR = [
    ("PHOTO", "As in the Photo", "Hair in the colour that the photo shows"),
    ("TINT", "Own Colour", "Hair in a colour of your choice"),
]

ANY_FACE = -1

IDENTITY_RANGE = (-3.0, 3.0)
"""Of the sliders, in standard deviations."""

message = ""
"""Why the last change by a slider was not possible; empty where it was."""


class Options:
    """What operators take and the scene keeps. SKIP_SAVE keeps operators from taking over their last values."""

    photo: StringProperty(
        name="Photo",
        description="A photo of a person, best from the front and with nothing before the face",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    model: StringProperty(
        name="Model",
        description="Name or file of the head model; empty for the one chosen in the preferences",
        search=lambda self, context, text: preferences.model_names(),
        search_options={"SUGGESTION"},
        options={"SKIP_SAVE"},
    )
    texture_size: EnumProperty(
        name="Texture",
        description="Width and height of the texture. Each step takes four times the time and memory",
        items=TEXTURE_SIZES,
        default="1024",
        options={"SKIP_SAVE"},
    )
    shape_keys: EnumProperty(
        name="Shape Keys",
        description="Which expressions the avatar can make",
        items=SHAPE_KEYS,
        options={"SKIP_SAVE"},
    )
    hair: EnumProperty(
        name="Hair",
        description="Where the colour of the hair comes from",
        items=HAIR,
        options={"SKIP_SAVE"},
    )
    hair_tint: FloatVectorProperty(
        name="Hair Tint",
        description="Colour of the hair",
        subtype="COLOR_GAMMA",
        size=3,
        min=0,
        max=1,
        default=(0.13, 0.09, 0.07),
        options={"SKIP_SAVE"},
    )
    material: EnumProperty(
        name="Material",
        description="What the materials are made for",
        items=MATERIALS,
        options={"SKIP_SAVE"},
    )
    armature: BoolProperty(
        name="Armature",
        description="Add bones for neck, head, jaw and eyes",
        options={"SKIP_SAVE"},
    )
    fit_photo: BoolProperty(
        name="Detail of the Photo",
        description=(
            "Take shape and detail of the skin from the photo itself: more like the person on a good portrait from "
            "the front, and with whatever covers the face"
        ),
        options={"SKIP_SAVE"},
    )


class Face:
    """Which person; an argument of operators only."""

    face: IntProperty(
        name="Face",
        description="Which face of a photo of several people: 0 is the largest, -1 asks",
        default=ANY_FACE,
        min=ANY_FACE,
        options={"SKIP_SAVE"},
    )


OPTION_NAMES = tuple(Options.__annotations__)


class SceneSettings(Options, bpy.types.PropertyGroup):
    """``scene.fsynth``: what the panel shows."""

    bl_idname = "FSYNTH_PG_scene"


def take_unset_from_panel(operator: bpy.types.Operator, context: bpy.types.Context) -> None:
    """Give every option that the caller of ``operator`` left out the value that the panel has."""
    settings = context.scene.fsynth
    for name in OPTION_NAMES:
        if not operator.properties.is_property_set(name):
            setattr(operator, name, getattr(settings, name))


def request_of(options: Options, context: bpy.types.Context, face: int = ANY_FACE) -> work.Request:
    """What to make by ``options``: the scene's settings, or an operator.

    Raises:
        WorkError: no photo is chosen.
    """
    if not options.photo:
        raise work.WorkError("Choose a photo first: press the folder icon beside Photo in the fsynth tab.")
    chosen = preferences.of(context)
    return work.Request(
        photo=bpy.path.abspath(options.photo),
        face=None if face == ANY_FACE else face,
        model=bpy.path.abspath(options.model) or chosen.model,
        texture_size=int(options.texture_size),
        shape_keys=options.shape_keys == "ARKIT",
        hair_tint=tuple(options.hair_tint) if options.hair == "TINT" else None,
        fit_photo=options.fit_photo,
        device=chosen.device,
    )


class AvatarSliders(bpy.types.PropertyGroup):
    """``collection.fsynth``: views of what ``adjust`` keeps with an avatar, which undo and files know of."""

    bl_idname = "FSYNTH_PG_avatar"

    strength: FloatProperty(
        name="Likeness",
        description="How much of what sets the person apart: 0 is the mean head, 1 the person, more is a caricature",
        min=adjust.STRENGTH_RANGE[0],
        max=adjust.STRENGTH_RANGE[1],
        subtype="FACTOR",
        get=lambda self: adjust.strength(self.id_data),
        set=lambda self, value: _reshape(self.id_data, value, None),
    )
    changes: FloatVectorProperty(
        name="Identity",
        description="Added to the coefficients of the head's shape, in standard deviations; the first matter most",
        size=adjust.SLIDERS,
        min=IDENTITY_RANGE[0],
        max=IDENTITY_RANGE[1],
        get=lambda self: _changes(self.id_data),
        set=lambda self, values: _reshape(self.id_data, None, values),
    )


def _changes(avatar: bpy.types.Collection) -> tuple[float, ...]:
    values = [float(value) for value in adjust.changes(avatar)]
    return (*values, *(0.0 for _ in range(adjust.SLIDERS - len(values))))


def _reshape(avatar: bpy.types.Collection, strength: float | None, changes: Sequence[float] | None) -> None:
    """A slider can't report an error: the panel shows ``message`` below the sliders."""
    global message
    if not scene.is_avatar(avatar):
        return
    try:
        adjust.set_identity(avatar, strength=strength, changes=changes)
        message = ""
    except work.WorkError as error:
        message = str(error)


CLASSES = (SceneSettings, AvatarSliders)


def register() -> None:
    """Register the groups and hang them onto scenes and collections."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.fsynth = PointerProperty(type=SceneSettings)
    bpy.types.Collection.fsynth = PointerProperty(type=AvatarSliders)


def unregister() -> None:
    """Take back what ``register`` did."""
    del bpy.types.Collection.fsynth
    del bpy.types.Scene.fsynth
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
