# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks which of the people in a photo is meant."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.translations import pgettext_iface

from .. import thumbnail
from ..properties import OPTION_NAMES
from ..work import SeveralFaces

_FEW = 6
_MOST = 24
"""Faces shown, largest first: menus do not scroll. Scripts can name any."""


def ask(context: bpy.types.Context, faces: SeveralFaces, operator: bpy.types.Operator) -> None:
    """Open a menu of the faces. Choosing one calls ``operator`` again, with the same options and the face's number."""
    idname = operator.bl_idname
    arguments = {name: _plain(getattr(operator, name)) for name in OPTION_NAMES}
    icons = [thumbnail.show_face(number, crop) for number, crop in enumerate(faces.crops[:_MOST])]
    scale = 5 if len(icons) <= _FEW else 1.5

    def draw(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
        layout = menu.layout
        layout.operator_context = "INVOKE_DEFAULT"
        for number, icon in enumerate(icons):
            layout.template_icon(icon_value=icon, scale=scale)
            text = f"{pgettext_iface('Person')} {number + 1}"
            chosen = layout.operator(idname, text=text, translate=False)
            for name, value in arguments.items():
                setattr(chosen, name, value)
            chosen.face = number

    context.window_manager.popup_menu(draw, title="Whose avatar?")


def _plain(value: Any) -> object:
    """A copy that outlives the operator that it is from."""
    return value if isinstance(value, (str, bool, int, float)) else tuple(value)
