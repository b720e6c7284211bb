from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fsynth_blender import job as jobs
from fsynth_blender import loaded
from fsynth_blender.job import Job
from fsynth_blender.work import Cancelled, Request, WorkError


def test_other_threads_go_on_while_a_head_is_made(astronaut: Path) -> None:
    Job(Request(astronaut)).result()  # warm
    job = Job(Request(astronaut))
    gaps, last = [], time.perf_counter()
    while not job.done:
        time.sleep(0.005)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
    assert job.result().faces == 1
    assert job.progress == 0.95
    # On a busy machine single ticks are late whatever we do: nine of ten must be on time.
    assert sorted(gaps)[int(0.9 * len(gaps))] < 0.1
    loaded.forget()


def test_a_job_can_be_cancelled_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def make_slowly(request: Request, *, cancelled: Callable[[], bool], **_: object) -> None:
        go_on.wait()
        assert cancelled()
        raise Cancelled

    monkeypatch.setattr(jobs, "make", make_slowly)
    job = Job(Request("photo.jpg"))
    job.cancel()
    assert not job.done
    go_on.set()
    with pytest.raises(Cancelled):
        job.result()
    assert job.done


def test_errors_of_the_work_come_out_of_the_job(tmp_path: Path) -> None:
    job = Job(Request(tmp_path / "gone.jpg"))
    with pytest.raises(WorkError, match="does not exist"):
        job.result()


def test_what_nobody_expected_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: Request, **_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(jobs, "make", broken)
    with pytest.raises(WorkError, match=r"ZeroDivisionError: by zero.*report it"):
        Job(Request("photo.jpg")).result()
