"""Runs tasks in processes, one thread each. A process that dies takes one task with it; the others go on."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

from fsynth.errors import FsynthError

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_PATIENCE = 5.0  # seconds for a process to end by itself


class WorkerDiedError(FsynthError):
    """The process that worked on a task ended without an answer: it crashed, or the system ended it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a task: ``value``, or the ``error`` that it raised."""

    task: Any
    value: Any = None
    error: FsynthError | None = None


class Jobs:
    """Processes that each run one task after another.

    They are spawned, so that it works alike everywhere, ignore Ctrl-C, which the parent hears, and end when the parent
    does.
    """

    def __init__(
        self, count: int, start: Callable[..., None], work: Callable[[Any], Any], arguments: tuple[Any, ...] = ()
    ) -> None:
        """Prepare ``count`` processes; they start with the first tasks.

        Args:
            count: processes.
            start: called first in each process, with ``arguments``.
            work: called with each task. A ``FsynthError``, ``OSError`` or ``MemoryError`` becomes the task's error.
            arguments: of ``start``. Functions, arguments, tasks and values are pickled.
        """
        self._count = count
        self._setup = (start, work, arguments)
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []

    def __enter__(self) -> Jobs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, tasks: Iterable[Any], most: int | None = None) -> Generator[Outcome, None, None]:
        """The outcomes of ``tasks``, in the order in which they end; at most ``most`` processes work at a time.

        When the generator is closed, or an exception thrown into it, running tasks are awaited and dropped.
        """
        waiting, count = iter(tasks), min(self._count, most or self._count)
        try:
            while True:
                while len(self._busy) < count and (task := next(waiting, self)) is not self:
                    worker = self._idle.pop() if self._idle else _Worker.start(self._setup)
                    self._busy.append(worker.give(task))
                if not self._busy:
                    return
                yield from self._ended()
        finally:
            while self._busy:
                for _ in self._ended():
                    pass

    def close(self) -> None:
        """End the processes; those that work are ended in the middle of it."""
        for worker in (*self._idle, *self._busy):
            worker.end(at_once=worker in self._busy)
        self._idle, self._busy = [], []

    def _ended(self) -> Iterator[Outcome]:
        ready = connection.wait([worker.pipe for worker in self._busy])
        for worker in [worker for worker in self._busy if worker.pipe in ready]:
            outcome, alive = worker.take()
            self._busy.remove(worker)
            if alive:
                self._idle.append(worker)
            yield outcome


@dataclass(eq=False)
class _Worker:
    process: Any
    pipe: Any
    task: Any = None

    @classmethod
    def start(cls, setup: tuple[Any, ...]) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, setup), daemon=True)
        with _one_thread(), _without_interrupt():
            process.start()
        theirs.close()  # or its end would not be noticed
        return cls(process, ours)

    def give(self, task: Any) -> _Worker:
        self.task = task
        with contextlib.suppress(OSError):  # it died idle; ``take`` tells
            self.pipe.send(task)
        return self

    def take(self) -> tuple[Outcome, bool]:
        """The outcome of the task, and whether the process lives on."""
        task, self.task = self.task, None
        try:
            value, error = self.pipe.recv()
        except (EOFError, OSError):
            self.end(at_once=True)
            return Outcome(task, error=WorkerDiedError(_epitaph(self.process.exitcode))), False
        return Outcome(task, value, error), True

    def end(self, *, at_once: bool) -> None:
        self.pipe.close()
        if at_once:
            self.process.terminate()
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _epitaph(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            if name == "SIGKILL":
                return "The process that worked on it was killed, perhaps for want of memory: try fewer --jobs."
            return f"The process that worked on it crashed ({name}): the file is probably damaged."
    return f"The process that worked on it ended without an answer (exit code {code})."


def _serve(pipe: Any, setup: tuple[Any, ...]) -> None:
    """What a process does: tasks from the pipe, until the other end is closed."""
    start, work, arguments = setup
    _silence()
    failure = None
    try:
        start(*arguments)
    except (FsynthError, OSError, MemoryError) as error:
        failure = _as_error(error)
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        value, problem = None, failure
        if failure is None:
            try:
                value = work(task)
            except (FsynthError, OSError, MemoryError) as error:
                problem = _as_error(error)
        try:
            pipe.send((value, problem))
        except OSError:  # nobody waits for it any more
            return


def _as_error(error: BaseException) -> FsynthError:
    """``error`` fit to be sent: without what it refers to."""
    if isinstance(error, MemoryError):
        return FsynthError("There is not enough memory for this photo: try fewer --jobs.")
    kind = type(error) if isinstance(error, FsynthError) else FsynthError
    return kind(str(error))


def _silence() -> None:
    """LibRaw and libtiff write to the standard error of the process, over the progress bar."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _without_interrupt() -> Iterator[None]:
    """Children inherit that SIGINT is ignored; from a thread it can't be set, and Ctrl-C is then not ours to hear."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
