# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with fsynth in Blender; all of it from scripts, too."""

import bpy

from .. import run
from . import add_model, cancel, check, create_avatar, export_gltf, in_background, refit, set_expression

CLASSES = (
    create_avatar.FSYNTH_OT_create_avatar,
    refit.FSYNTH_OT_refit,
    refit.FSYNTH_OT_replace_photo,
    cancel.FSYNTH_OT_cancel,
    set_expression.FSYNTH_OT_set_expression,
    export_gltf.FSYNTH_OT_export_gltf,
    add_model.FSYNTH_OT_add_model,
    check.FSYNTH_OT_check,
)


@bpy.app.handlers.persistent
def _stop(*_: object) -> None:
    """Before another file is opened: what is being made belongs to this one."""
    run.stop()


def register() -> None:
    """Register the operators."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.app.handlers.load_pre.append(_stop)


def unregister() -> None:
    """Take back what ``register`` did, and stop what is going on."""
    run.stop()
    in_background.stop_timer()
    bpy.app.handlers.load_pre.remove(_stop)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
