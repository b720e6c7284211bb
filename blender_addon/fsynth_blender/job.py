# SPDX-License-Identifier: GPL-3.0-or-later
"""``work.make`` in the background, so that a window stays alive. Knows nothing of Blender.

A thread is enough: NumPy, ONNX Runtime and zlib let go of Python's lock while they work, so that on two idle cores
another thread waited for at most 45 ms (a texture of 1024 pixels; tests/blender_addon/test_job.py watches over it). A
process would have to start, and to load everything anew, each time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from .work import Cancelled, Made, Request, SeveralFaces, WorkError, make


class Job:
    """The making of a head, begun when it is constructed.

    Poll ``done`` from a timer. Only methods of this class may be called from the window's thread; none of them waits,
    but for ``result``.

    Attributes:
        request: what is being made.
        progress: how much is done, 0..1.
        stage: what is being done, in a few words.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.progress = 0.0
        self.stage = "Starting"
        self._stop = Event()
        executor = ThreadPoolExecutor(1, "fsynth")
        self._future = executor.submit(make, request, progress=self._report, cancelled=self._stop.is_set)
        executor.shutdown(wait=False)

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._future.done()

    def cancel(self) -> None:
        """Stop after the step that is being done. Returns at once; ``result`` then raises ``Cancelled``."""
        self._stop.set()

    def result(self) -> Made:
        """What was made. Waits for the end if it has not come yet.

        Raises:
            WorkError, SeveralFaces, Cancelled: as ``work.make``.
        """
        error = self._future.exception()
        if self._stop.is_set():
            raise Cancelled
        if error is None:
            return self._future.result()
        if isinstance(error, (WorkError, SeveralFaces, Cancelled)):
            raise error
        raise WorkError(
            f"Something went wrong that should not ({type(error).__name__}: {error}). Please report it, with "
            "the photo if you can."
        ) from error

    def _report(self, progress: float, stage: str) -> None:
        self.progress, self.stage = progress, stage
