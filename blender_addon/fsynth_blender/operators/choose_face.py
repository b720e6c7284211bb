# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks which of the people in a photo is meant."""

from __future__ import annotations

from typing import Any

import bpy

from .. import thumbnail
from ..properties import OPTION_NAMES
from ..work import SeveralFaces

_COLUMNS = 4
_MOST = 24  # faces shown, largest first; more would not fit onto the screen


def ask(context: bpy.types.Context, faces: SeveralFaces, operator: bpy.types.Operator) -> None:
    """Open a menu of the faces. Choosing one calls ``operator`` again, with the same options and the face's number."""
    idname = operator.bl_idname
    arguments = {name: _plain(getattr(operator, name)) for name in OPTION_NAMES}
    icons = [thumbnail.show_face(number, crop) for number, crop in enumerate(faces.crops[:_MOST])]

    def draw(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
        layout = menu.layout
        layout.operator_context = "INVOKE_DEFAULT"
        grid = layout.grid_flow(row_major=True, columns=min(_COLUMNS, len(icons)), even_columns=True)
        for number, icon in enumerate(icons):
            cell = grid.column()
            cell.template_icon(icon_value=icon, scale=6)
            chosen = cell.operator(idname, text=f"{number + 1}", translate=False)
            for name, value in arguments.items():
                setattr(chosen, name, value)
            chosen.face = number

    context.window_manager.popup_menu(draw, title="Whose avatar?")


def _plain(value: Any) -> object:
    """A copy that outlives the operator that it is from."""
    return value if isinstance(value, (str, bool, int, float)) else tuple(value)
