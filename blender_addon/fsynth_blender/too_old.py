# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blenders before 4.2 show in place of the panels: what is wrong, and what to do."""

from __future__ import annotations

import bpy


class FSYNTH_PT_too_old(bpy.types.Panel):
    """Says that Blender is too old."""

    bl_label = "fsynth"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "fsynth"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the sentence in lines that fit."""
        column = self.layout.column(align=True)
        column.label(text="fsynth needs Blender 4.2 or newer.", icon="ERROR")
        column.label(text="Get it from blender.org, it is free.", icon="BLANK1")
