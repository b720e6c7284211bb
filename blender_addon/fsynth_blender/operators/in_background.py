# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators that take seconds share: a timer and a progress bar in a window, plain waiting without one."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import bpy

from .. import run
from ..background import Task
from ..work import Cancelled, SeveralFaces, WorkError

TICK_SECONDS = 0.02

_timer: bpy.types.Timer | None = None
_shown: tuple[str, float] | None = None


class InBackground:
    """Mixed into operators, which implement ``start``, ``steps``, and where they like, ``done`` and ``several``.

    Invoked (from a button, ``INVOKE_DEFAULT``), the operator is modal: Esc and the right mouse button cancel it. Called
    from a script, or without a window, it returns when everything is done.
    """

    if TYPE_CHECKING:

        def report(self, kind: set[str], message: str) -> None:
            """Of bpy.types.Operator."""

    def start(self, context: bpy.types.Context) -> Task[Any]:
        """Check the arguments and begin; raises WorkError with a sentence for the artist."""
        raise NotImplementedError

    def steps(self, context: bpy.types.Context, result: Any) -> Generator[float, None, object]:
        """The steps that bring the task's result into Blender."""
        raise NotImplementedError

    def done(self, context: bpy.types.Context) -> str:
        """What to tell at the end."""
        return ""

    def several(self, context: bpy.types.Context, faces: SeveralFaces) -> None:
        """What to do in a window about a photo that shows several people."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do everything and return."""
        try:
            self._begin(context).finish(context)
        except WorkError as error:
            return self._failed(str(error))
        except SeveralFaces as error:
            last = len(error.crops) - 1
            return self._failed(f"{error} Name one: face=0 is the largest, face={last} the smallest.")
        return self._finished(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Begin, and go on with each tick of a timer."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            self._run = self._begin(context)
        except WorkError as error:
            return self._failed(str(error))
        _start_timer(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Go on, or stop if that is wished."""
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            self._run.cancel()
        elif event.type != "TIMER":
            # Undo, saving or deleting between two steps would pull the half-made avatar from under them.
            return {"RUNNING_MODAL"} if self._run.building else {"PASS_THROUGH"}
        _show_progress(self._run)
        try:
            if not self._run.step(context):
                return {"RUNNING_MODAL"}
        except Cancelled:
            stop_timer()
            self.report({"INFO"}, "Cancelled. Nothing was changed.")
            return {"CANCELLED"}
        except SeveralFaces as error:
            stop_timer()
            self.several(context, error)
            return {"CANCELLED"}
        except WorkError as error:
            stop_timer()
            return self._failed(str(error))
        stop_timer()
        return self._finished(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender itself ends the operator: a file browser, the window or the whole file is closed."""
        going = getattr(self, "_run", None)
        if going is not None:  # a file was chosen, and work began
            going.cancel()
            stop_timer()

    def _begin(self, context: bpy.types.Context) -> run.Run:
        return run.begin(lambda: self.start(context), self.steps)

    def _failed(self, sentence: str) -> set[str]:
        self.report({"ERROR"}, sentence)
        return {"CANCELLED"}

    def _finished(self, context: bpy.types.Context) -> set[str]:
        sentence = self.done(context)
        if sentence:
            self.report({"INFO"}, sentence)
        return {"FINISHED"}


def _start_timer(context: bpy.types.Context) -> None:
    global _timer
    _timer = context.window_manager.event_timer_add(TICK_SECONDS, window=context.window)
    _redraw()


def _show_progress(going: run.Run) -> None:
    """Redraw where there is something new to be seen."""
    global _shown
    now = (going.stage, round(going.progress, 2))
    if now != _shown:
        _shown = now
        _redraw()


def stop_timer() -> None:
    """End the ticks, if there are any."""
    global _timer
    if _timer is not None:
        bpy.context.window_manager.event_timer_remove(_timer)
        _timer = None
        _redraw()


def _redraw() -> None:
    """Show progress in the sidebars; the 3D views beside them may take long to draw."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "PREFERENCES"}:
                for region in area.regions:
                    if region.type == "UI" or area.type == "PREFERENCES":
                        region.tag_redraw()
