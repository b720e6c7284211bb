"""Functions that ``test_jobs`` has run in processes of their own."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from fsynth.errors import FsynthError, PhotoError


def start(value: int = 0) -> None:
    global _started
    _started = value


def fail_to_start() -> None:
    raise FsynthError("Nothing works.")


def work(task: tuple[str, object]) -> object:
    """Do what the first of the pair says with the second."""
    what, value = task
    if what == "add":
        return _started + value
    if what == "fail":
        raise PhotoError(f"{value} is no photo.")
    if what == "no memory":
        raise MemoryError
    if what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV if value is None else value)
    if what == "exit":
        os._exit(value)
    if what == "raise":
        raise ZeroDivisionError
    if what == "speak":
        os.write(2, b"libraw: garbage\n")
        print("garbage", file=sys.stderr)
        return os.environ.get("OMP_NUM_THREADS")
    if what == "touch":
        time.sleep(0.5)
        Path(value).touch()
    return os.getpid()
