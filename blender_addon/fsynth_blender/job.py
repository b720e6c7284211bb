# SPDX-License-Identifier: GPL-3.0-or-later
"""``work.make`` in the background, so that a window stays alive. Knows nothing of Blender."""

from __future__ import annotations

from .work import Made, Request


class Job:
    """The making of a head, begun when it is constructed.

    Poll ``done`` from a timer. Only methods of this class may be called from the window's thread; none of them waits.

    Attributes:
        progress: how much is done, 0..1.
        stage: what is being done, in a few words.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.progress = 0.0
        self.stage = "Starting"

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Stop soon. Returns at once; ``result`` then raises ``Cancelled``."""
        raise NotImplementedError

    def result(self) -> Made:
        """What was made. Waits for the end if it has not come yet.

        Raises:
            WorkError, SeveralFaces, Cancelled: as ``work.make``.
        """
        raise NotImplementedError
