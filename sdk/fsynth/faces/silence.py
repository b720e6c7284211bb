"""Keeps Pillow's warnings about odd metadata away from the caller, from any number of threads."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator

_lock = threading.Lock()
_inside = 0
_filters: warnings.catch_warnings[None] | None = None


@contextlib.contextmanager
def pillow_is_silent() -> Iterator[None]:
    """Ignore the warnings of Pillow and its HEIF plugin, and those alone.

    Warning filters belong to the process before Python 3.14. If each thread saved and restored them, one could restore
    the filters of another; so the first thread that enters saves them and the last that leaves restores them.
    """
    global _inside, _filters
    with _lock:
        _inside += 1
        if _filters is None:
            _filters = warnings.catch_warnings()
            _filters.__enter__()
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\b")
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _filters is not None:
                _filters.__exit__(None, None, None)
                _filters = None
