# SPDX-License-Identifier: GPL-3.0-or-later
"""The Cancel button beside the progress bar."""

from __future__ import annotations

import bpy

from .. import run


class FSYNTH_OT_cancel(bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.cancel"
    bl_label = "Cancel"
    bl_description = "Stop, and leave the scene as it was"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only while something is going on."""
        return run.active() is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Stop it."""
        run.stop()
        return {"FINISHED"}
