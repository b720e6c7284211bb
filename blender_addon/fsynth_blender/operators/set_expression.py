# SPDX-License-Identifier: GPL-3.0-or-later
"""Everyday expressions by one click."""

import bpy
from bpy.props import EnumProperty

from .. import adjust
from ..work import WorkError
from .modes import avatar_of, has_avatar

EXPRESSIONS = [
    ("neutral", "Neutral", "All shape keys at 0"),
    ("smile", "Smile", "The corners of the mouth up, the cheeks raised"),
    ("frown", "Frown", "The corners of the mouth and the brows down"),
    ("blink", "Blink", "Both eyes closed"),
    ("surprise", "Surprise", "Brows up and eyes wide"),
    ("kiss", "Kiss", "Lips pursed"),
]
_AMOUNT = {"smile": 0.6, "blink": 1.0}
_USUAL_AMOUNT = 0.8


class FSYNTH_OT_set_expression(bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.set_expression"
    bl_label = "Set Expression"
    bl_description = "Set the avatar's shape keys; those of other expressions go back to 0"
    bl_options = {"REGISTER", "UNDO"}

    expression: EnumProperty(name="Expression", items=EXPRESSIONS)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where there is an avatar."""
        return has_avatar(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set the shape keys."""
        amounts = {}
        if self.expression != "neutral":
            amounts[self.expression] = _AMOUNT.get(self.expression, _USUAL_AMOUNT)
        try:
            adjust.set_expression(avatar_of(context), amounts, others=0.0)
        except WorkError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
