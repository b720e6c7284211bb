# SPDX-License-Identifier: GPL-3.0-or-later
"""``work.make`` in the background, so that a window stays alive. Knows nothing of Blender.

A thread is enough: NumPy, ONNX Runtime and zlib let go of Python's lock while they work, so that on two idle cores
another thread waited for at most 45 ms (a texture of 1024 pixels; tests/blender_addon/test_job.py watches over it). A
process would have to start, and to load everything anew, each time.
"""

from __future__ import annotations

from .background import Task
from .work import Cancelled, Made, Request, SeveralFaces, WorkError, make


class Job(Task[Made]):
    """The making of a head, begun when it is constructed.

    Poll ``done`` from a timer. Only methods of this class may be called from the window's thread; none of them waits,
    but for ``result``. What ``cancel`` stops ends after the step that is being done.

    Attributes:
        request: what is being made.
        progress: how much is done, 0..1.
        stage: what is being done, in a few words.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        super().__init__(lambda stop: make(request, progress=self._report, cancelled=stop.is_set), "Starting")

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
