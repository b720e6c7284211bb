# SPDX-License-Identifier: GPL-3.0-or-later
"""The Check button of the preferences."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import bpy

from .. import checking, preferences
from ..background import Task
from .in_background import InBackground


class FSYNTH_OT_check(InBackground, bpy.types.Operator):
    """See ``bl_description``."""

    bl_idname = "fsynth.check"
    bl_label = "Check"
    bl_description = "Find out what of fsynth works on this computer, and what to do about the rest"
    bl_options = {"INTERNAL"}

    def start(self, context: bpy.types.Context) -> Task[Any]:
        """See ``InBackground``."""
        chosen = preferences.of(context)
        return Task(lambda stop: checking.run_checks(chosen.device, chosen.model), "Checking")

    def steps(self, context: bpy.types.Context, result: Any) -> Generator[float, None, None]:
        """See ``InBackground``."""
        preferences.checks = result
        yield 1.0

    def done(self, context: bpy.types.Context) -> str:
        """See ``InBackground``."""
        broken = [check for check in preferences.checks if not check.works]
        if not broken:
            return "Everything that fsynth needs works."
        return " ".join(f"{check.name}: {check.detail} {check.remedy}" for check in broken)
