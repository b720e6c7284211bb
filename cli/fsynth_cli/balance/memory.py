"""How many processes the processors and the memory of this machine carry."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_MEGABYTE = 1 << 20
_NETWORKS = 250 * _MEGABYTE  # a process with all networks open, before its first photo
_BYTES_A_PIXEL = {False: 12, True: 30}  # of a RAW file decoded at half size, and in full with its picture
_KEPT_FREE = 0.15  # of what is available


def processes(wanted: int | None, tasks: int, pixels: int, *, full: bool) -> int:
    """The number of processes: ``wanted`` or one a processor, but no more than memory or tasks allow.

    ``pixels``: of the largest photo, as far as known. ``full``: whether photos are decoded in full.
    """
    count = wanted or processors()
    each = _NETWORKS + pixels * _BYTES_A_PIXEL[full]
    free = available()
    if free is not None:
        count = min(count, int(free * (1 - _KEPT_FREE) // each))
    return max(1, min(count, tasks))


def processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available() -> int | None:
    """Bytes of memory that are available; None if the system doesn't say."""
    figures = [figure for figure in (_system(), _group()) if figure is not None]
    return min(figures) if figures else None


def _system() -> int | None:
    if sys.platform == "win32":
        return _windows()
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:  # macOS: all there is; it frees what it holds for files when it must
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError):
        return None


def _group() -> int | None:
    """What the control group of a container leaves."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
        cached = next(
            int(line.split()[1])
            for line in (folder / "memory.stat").read_text().splitlines()
            if line.startswith("inactive_file ")
        )
        return None if limit == "max" else int(limit) - used + cached
    except (OSError, ValueError, StopIteration):
        return None


def _windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")),
        ]

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009, it is only there on Windows
    return int(status.available) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
