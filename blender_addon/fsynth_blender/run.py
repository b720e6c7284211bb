# SPDX-License-Identifier: GPL-3.0-or-later
"""One piece of work at a time: first in the background, then in Blender's data, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import bpy

from .background import Task
from .work import Cancelled, WorkError

STEP_SECONDS = 0.02
"""For how long steps are taken before the window gets its turn."""

_BACKGROUND_SHARE = 0.8  # of the progress bar


Steps = Callable[[bpy.types.Context, Any], Generator[float, None, object]]
"""Makes of what a task gave the short steps that bring it into Blender."""


class Run:
    """A task, and the steps that its result goes through."""

    def __init__(self, task: Task[Any], steps: Steps) -> None:
        self._task = task
        self._make_steps = steps
        self._steps: Generator[float, None, object] | None = None
        self._share = 0.0
        self.cancelled = False

    @property
    def building(self) -> bool:
        """Whether data of Blender is being made, between whose steps nothing else may change the file."""
        return self._steps is not None

    @property
    def progress(self) -> float:
        """How much is done, 0..1."""
        if self.building:
            return _BACKGROUND_SHARE + (1 - _BACKGROUND_SHARE) * self._share
        return _BACKGROUND_SHARE * self._task.progress

    @property
    def stage(self) -> str:
        """What is being done, in a few words."""
        return "Building the avatar" if self.building else self._task.stage

    def cancel(self) -> None:
        """Stop, and remove what was made so far. Does not wait for the background."""
        self.cancelled = True
        self._task.cancel()
        if self._steps is not None:
            self._steps.close()
        _forget(self)

    def step(self, context: bpy.types.Context) -> bool:
        """Go on for a moment; True at the end.

        Raises:
            WorkError, SeveralFaces, Cancelled: it can't go on, and everything is as it was before.
        """
        if self.cancelled:
            raise Cancelled
        try:
            if self._steps is None:
                if not self._task.done:
                    return False
                self._steps = self._make_steps(context, self._task.result())
            end = time.perf_counter() + STEP_SECONDS
            self._share = next(self._steps)
            while time.perf_counter() < end:
                self._share = next(self._steps)
        except StopIteration:
            _forget(self)
            return True
        except (ReferenceError, RuntimeError, KeyError) as error:  # what bpy raises for data that are gone or locked
            self.cancel()
            raise WorkError(f"The scene was changed while the avatar was being built ({error}). Try again.") from error
        except (OSError, MemoryError) as error:
            self.cancel()
            raise WorkError(
                f"The avatar can't be built ({error or 'there is not enough memory'}). Choose a smaller texture, free "
                "space on the disk, or close other files."
            ) from error
        except BaseException:
            self.cancel()
            raise
        return False

    def finish(self, context: bpy.types.Context) -> None:
        """Go on to the end, waiting for the background. Raises as ``step``."""
        while not self.step(context):
            if not self.building:
                time.sleep(0.01)


_active: Run | None = None


def active() -> Run | None:
    """The run that is going on."""
    return _active


def begin(start: Callable[[], Task[Any]], steps: Steps) -> Run:
    """Start a task.

    Raises:
        WorkError: another one is going on.
    """
    global _active
    if _active is not None:
        raise WorkError("fsynth is still busy. Wait for it to end, or press Cancel in the fsynth tab.")
    _active = Run(start(), steps)
    return _active


def stop() -> None:
    """Cancel the run that is going on, if there is one."""
    if _active is not None:
        _active.cancel()


def _forget(run: Run) -> None:
    global _active
    if _active is run:
        _active = None
