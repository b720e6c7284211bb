# SPDX-License-Identifier: GPL-3.0-or-later
"""The tab "fsynth" in the sidebar of the 3D Viewport."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface

from . import adjust, operators, properties, run, scene, thumbnail

_THUMBNAIL_SCALE = 7
_WRAP = 44  # letters that fit into the sidebar at its usual width


class _Tab:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "fsynth"


class FSYNTH_PT_create(_Tab, bpy.types.Panel):
    """Photo, and the button that makes an avatar of it."""

    bl_label = "Photo to Avatar"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the thumbnail, the file picker, and button or progress."""
        layout = self.layout
        settings = context.scene.fsynth
        icon = thumbnail.photo_icon(settings.photo)
        if icon:
            layout.template_icon(icon_value=icon, scale=_THUMBNAIL_SCALE)
        layout.prop(settings, "photo", text="")
        going = run.active()
        if going is not None:
            _draw_progress(layout, going)
            return
        row = layout.row()
        row.scale_y = 1.6
        row.operator("fsynth.create_avatar", icon="USER")


class FSYNTH_PT_options(_Tab, bpy.types.Panel):
    """What the avatar will be like."""

    bl_label = "Options"
    bl_parent_id = "FSYNTH_PT_create"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the options."""
        settings = context.scene.fsynth
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.active = run.active() is None
        column.prop(settings, "model")
        column.prop(settings, "texture_size")
        column.prop(settings, "shape_keys")
        column.prop(settings, "material")
        column.prop(settings, "hair")
        if settings.hair == "TINT":
            column.prop(settings, "hair_tint", text="")
        column.prop(settings, "fit_photo")
        column.prop(settings, "armature")


class FSYNTH_PT_avatar(_Tab, bpy.types.Panel):
    """What can be done with the avatar that is selected."""

    bl_label = "Avatar"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where there is one."""
        return scene.find_avatar(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the slider for the likeness and the buttons."""
        avatar = scene.find_avatar(context)
        if avatar is None:
            return
        layout = self.layout
        layout.label(text=avatar.name, icon="OUTLINER_COLLECTION", translate=False)
        column = layout.column()
        column.active = run.active() is None and avatar.library is None
        column.prop(avatar.fsynth, "strength", slider=True)
        if properties.message:
            _draw_sentence(layout, properties.message)
        column = layout.column(align=True)
        column.operator("fsynth.refit", icon="FILE_REFRESH")
        column.operator("fsynth.replace_photo", icon="IMAGE_DATA")
        column.operator("fsynth.export_gltf", icon="EXPORT")


class FSYNTH_PT_identity(_Tab, bpy.types.Panel):
    """The coefficients of the head's shape."""

    bl_label = "Identity"
    bl_parent_id = "FSYNTH_PT_avatar"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a slider for each of the first coefficients."""
        avatar = scene.find_avatar(context)
        if avatar is None:
            return
        column = self.layout.column(align=True)
        column.active = run.active() is None and avatar.library is None
        for number in range(adjust.SLIDERS):
            text = f"{pgettext_iface('Shape')} {number + 1}"
            column.prop(avatar.fsynth, "changes", index=number, text=text, translate=False, slider=True)


class FSYNTH_PT_expression(_Tab, bpy.types.Panel):
    """The shape keys."""

    bl_label = "Expression"
    bl_parent_id = "FSYNTH_PT_avatar"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where the avatar has shape keys."""
        avatar = scene.find_avatar(context)
        return avatar is not None and scene.head_of(avatar).data.shape_keys is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw everyday expressions as buttons, and a slider for each shape key."""
        avatar = scene.find_avatar(context)
        if avatar is None:
            return
        layout = self.layout
        grid = layout.grid_flow(row_major=True, columns=3, align=True)
        for identifier, name, _ in operators.set_expression.EXPRESSIONS:
            grid.operator("fsynth.set_expression", text=name).expression = identifier
        keys = scene.head_of(avatar).data.shape_keys
        column = layout.column(align=True)
        for key in keys.key_blocks[1:]:
            column.prop(key, "value", text=key.name, translate=False, slider=True)


def _draw_progress(layout: bpy.types.UILayout, going: run.Run) -> None:
    """Bar and Cancel button. Bars came with Blender 4.0."""
    stage = pgettext_iface(going.stage)
    if hasattr(layout, "progress"):
        layout.progress(factor=going.progress, text=stage, translate=False)
    else:
        layout.label(text=f"{stage} ({going.progress:.0%})", icon="SORTTIME", translate=False)
    layout.operator("fsynth.cancel", icon="X")


def _draw_sentence(layout: bpy.types.UILayout, sentence: str) -> None:
    """A sentence in as many lines as it takes: labels do not wrap."""
    column = layout.column(align=True)
    line, icon = "", "ERROR"
    for word in [*sentence.split(), ""]:
        if line and (not word or len(line) + len(word) > _WRAP):
            column.label(text=line, icon=icon, translate=False)
            line, icon = "", "BLANK1"
        line = f"{line} {word}".strip()


CLASSES = (FSYNTH_PT_create, FSYNTH_PT_options, FSYNTH_PT_avatar, FSYNTH_PT_identity, FSYNTH_PT_expression)


def register() -> None:
    """Register the panels."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take back what ``register`` did."""
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
