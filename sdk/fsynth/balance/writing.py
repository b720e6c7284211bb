"""Writes the results of balancing: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

from fsynth.errors import FsynthError


class OutputError(FsynthError):
    """A result can't be written: the folder is missing, read-only or full, or a file is there that isn't ours."""


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, in place of what was there, which stays as it is until all is written.

    Raises:
        OutputError: it can't be written; nothing half-written is left.
    """
    # Not from tempfile, whose files only their owner may read.
    beside = path.with_name(f".fsynth-{uuid.uuid4().hex}.tmp")
    try:
        with beside.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise OutputError(f"{path} can't be written ({error.strerror or error}).") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
