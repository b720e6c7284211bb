"""Files that appear whole or not at all, and over nothing that was there before unless asked."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from fsynth_morphable.errors import OutputError


def write_files(contents: Mapping[Path, bytes], *, overwrite: bool) -> None:
    """Write files that belong together; none of them appears before all of them are on the disk.

    Args:
        contents: what goes where, in the order in which the files appear: those that others refer to first.
        overwrite: whether files that exist may be replaced.

    Raises:
        OutputError: a file exists already, or can't be written.
    """
    check_files(list(contents), overwrite=overwrite)
    beside = {path: path.with_name(f".{path.name}-{uuid.uuid4().hex}.tmp") for path in contents}
    path = next(iter(contents))
    try:
        for path, content in contents.items():
            with beside[path].open("xb") as stream:
                stream.write(content)
        for path in contents:
            os.replace(beside[path], path)
    except OSError as error:
        raise OutputError(f"{path} can't be written ({error.strerror or error}).") from error
    finally:
        for temporary in beside.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def check_files(paths: list[Path], *, overwrite: bool) -> None:
    """Raise OutputError if one of ``paths`` can't be written: it exists, or its folder doesn't."""
    for path in paths:
        if path.is_dir():
            raise OutputError(f"{path} is a folder. Name a file.")
        if path.exists() and not overwrite:
            raise OutputError(f"{path} exists already. Allow to overwrite it, or name another file.")
        if not path.parent.is_dir():
            raise OutputError(f"{path} can't be written: there is no folder {path.parent}.")
