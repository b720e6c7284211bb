"""Writes files whole or not at all, and nothing over what was there before unless asked."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from fsynth.errors import FsynthError


class OutputError(FsynthError):
    """A result can't be written: the file exists already, or the folder can't be written to."""


class Outputs:
    """The files that one run of a command writes."""

    def __init__(self, *, overwrite: bool) -> None:
        """``overwrite`` allows to replace files of earlier runs, never those of this one."""
        self._overwrite = overwrite
        self._written: set[Path] = set()

    def check(self, paths: Iterable[Path]) -> None:
        """Raise OutputError if one of ``paths`` may not be written, before any of them is."""
        for path in paths:
            if path in self._written:
                raise OutputError(f"{path} has just been written for another photo.")
            if path.exists() and not self._overwrite:
                raise OutputError(f"{path} exists already. Add --overwrite to replace it.")

    @contextlib.contextmanager
    def open(self, path: Path) -> Iterator[BinaryIO]:
        """Open ``path`` for writing. It appears, folders and all, when the block ends without an error.

        Raises:
            OutputError: ``path`` may not or can't be written.
        """
        self.check([path])
        # Not from tempfile, whose files only their owner may read.
        beside = path.with_name(f".fsynth-{uuid.uuid4().hex}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("xb") as stream:
                yield stream
            os.replace(beside, path)
        except OSError as error:
            raise OutputError(f"{path} can't be written ({error.strerror or error}).") from error
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        self._written.add(path)
