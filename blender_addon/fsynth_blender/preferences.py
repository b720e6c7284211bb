# SPDX-License-Identifier: GPL-3.0-or-later
"""What is chosen once for all files: the model, the device; and the button that says what works."""

import platform
from dataclasses import dataclass

import bpy
from bpy.props import EnumProperty, StringProperty

from .checking import Check

EMBEDDED = "fsynth"
"""The model that comes with the extension."""

CPU = ("cpu", "CPU", "Works everywhere")
_GPUS = {
    "Windows": [("dml", "GPU (DirectML)", "Any graphics card under Windows"), ("cuda", "GPU (CUDA)", "NVIDIA's cards")],
    "Darwin": [("coreml", "GPU (Core ML)", "Apple's processors")],
    "Linux": [("cuda", "GPU (CUDA)", "NVIDIA's cards")],
}
DEVICES = [CPU, *_GPUS.get(platform.system(), [])]

PACKAGE = __package__
"""The name that Blender knows the extension by."""


@dataclass(frozen=True)
class Chosen:
    """The preferences, or what they are at first where the extension runs without having been enabled."""

    model: str = EMBEDDED
    device: str = "cpu"


def of(context: bpy.types.Context) -> Chosen:
    """What the preferences say."""
    addon = context.preferences.addons.get(PACKAGE)
    if addon is None or addon.preferences is None:
        return Chosen()
    return Chosen(addon.preferences.model or EMBEDDED, addon.preferences.device)


def model_names() -> list[str]:
    """The models that are there by name, the embedded one first."""
    try:
        from fsynth_morphable.models import available
    except ImportError:
        return [EMBEDDED]
    return [entry.name for entry in available()]


checks: tuple[Check, ...] = ()
"""What the Check button found out, empty as long as nobody pressed it."""


class FSYNTH_AP_preferences(bpy.types.AddonPreferences):
    """The extension's preferences."""

    bl_idname = PACKAGE

    model: StringProperty(
        name="Default Model",
        description="Name or file of the head model that avatars are made with",
        default=EMBEDDED,
        search=lambda self, context, text: model_names(),
        search_options={"SUGGESTION"},
    )
    device: EnumProperty(
        name="Device",
        description="What runs the neural networks. GPUs need a build of ONNX Runtime that knows them: press Check",
        items=DEVICES,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the preferences, and below them what the checks found."""
        layout = self.layout
        column = layout.column()
        column.use_property_split = True
        column.prop(self, "model")
        column.prop(self, "device")
        row = layout.row()
        row.operator("fsynth.add_model", icon="ADD")
        row.operator("fsynth.check", icon="CHECKMARK")
        if checks:
            _draw_checks(layout.box())


def _draw_checks(box: bpy.types.UILayout) -> None:
    for check in checks:
        row = box.row()
        split = row.split(factor=0.3)
        split.label(text=check.name, icon="CHECKMARK" if check.works else "ERROR")
        split.label(text=check.detail, translate=False)
        if check.remedy:
            box.row().label(text=check.remedy, icon="BLANK1")


def register() -> None:
    """Register the preferences."""
    bpy.utils.register_class(FSYNTH_AP_preferences)


def unregister() -> None:
    """Take back what ``register`` did."""
    global checks
    checks = ()
    bpy.utils.unregister_class(FSYNTH_AP_preferences)
