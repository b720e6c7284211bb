"""A function over many items in several processes, in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TypeVar

from fsynth_training.dataset.errors import DatasetError

Item = TypeVar("Item")
Result = TypeVar("Result")

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, *, chunk: int = 4
) -> Iterator[Result]:
    """``function`` of each item, in the order of the items.

    Args:
        function: picklable, as is what it takes and returns. Its exceptions end the whole.
        items: what it is called with.
        workers: processes with one thread for linear algebra each; 1 calls ``function`` in this process.
        chunk: items a process is given at a time.

    Raises:
        DatasetError: a process was killed, as it is when memory runs out.
    """
    if workers == 1:
        yield from map(function, items)
        return
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)  # what the new processes inherit
    # Not forked: threads of the libraries loaded here would not come along, but their locks would.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_end_with_parent)
    try:
        yield from pool.map(function, items, chunksize=chunk)
    except BrokenProcessPool as error:
        raise DatasetError(
            "One of the processes was killed, as happens when memory runs out. Run the command again with fewer "
            "--workers; it goes on where it stopped."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: killed, it can't tell its pool. Ctrl-C is for that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
