# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain function in a thread of its own. Knows nothing of Blender."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Generic, TypeVar

T = TypeVar("T")


class Task(Generic[T]):
    """Runs ``function`` from construction on, which gets an event that is set when it should stop.

    Attributes:
        progress: how much is done, 0..1; stays 0 where nothing is known of it.
        stage: what is being done, in a few words.
    """

    progress = 0.0

    def __init__(self, function: Callable[[Event], T], stage: str) -> None:
        self.stage = stage
        self._stop = Event()
        executor = ThreadPoolExecutor(1, "fsynth")
        self._future = executor.submit(function, self._stop)
        executor.shutdown(wait=False)

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._future.done()

    def cancel(self) -> None:
        """Ask the function to stop."""
        self._stop.set()

    def result(self) -> T:
        """What ``function`` gave or raised. Waits for its end."""
        return self._future.result()
