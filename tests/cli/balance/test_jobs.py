from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.balance import workers

from fsynth.errors import FsynthError, PhotoError
from fsynth_cli.balance.jobs import Jobs, WorkerDiedError


def outcomes(tasks: list, count: int = 2) -> dict:
    with Jobs(count, workers.start, workers.work, (100,)) as jobs:
        return {outcome.task: outcome.error or outcome.value for outcome in jobs.run(tasks)}


def test_every_task_has_its_value() -> None:
    assert outcomes([("add", number) for number in range(9)]) == {("add", n): 100 + n for n in range(9)}


def test_errors_are_the_tasks_own_and_keep_their_class() -> None:
    found = outcomes([("fail", "a.jpg"), ("no memory", None), ("add", 1)])
    assert found["add", 1] == 101
    assert type(found["fail", "a.jpg"]) is PhotoError
    assert str(found["fail", "a.jpg"]) == "a.jpg is no photo."
    assert "memory" in str(found["no memory", None])


@pytest.mark.skipif(sys.platform == "win32", reason="signals that end a process are POSIX's")
def test_a_process_that_dies_takes_one_task_with_it() -> None:
    tasks = [("crash", None), ("add", 1), ("crash", int(signal.SIGKILL)), ("exit", 7), ("raise", None), ("add", 2)]
    found = outcomes(tasks)
    assert (found["add", 1], found["add", 2]) == (101, 102)
    dead = {what: found[what] for what in tasks if what[0] != "add"}
    assert {type(error) for error in dead.values()} == {WorkerDiedError}
    assert "SIGSEGV" in str(dead["crash", None])
    assert "fewer --jobs" in str(dead["crash", int(signal.SIGKILL)])
    assert "exit code 7" in str(dead["exit", 7])


def test_a_start_that_fails_fails_each_task() -> None:
    with Jobs(1, workers.fail_to_start, workers.work) as jobs:
        found = [outcome.error for outcome in jobs.run([("add", 1), ("add", 2)])]
    assert [str(error) for error in found] == ["Nothing works."] * 2
    assert all(isinstance(error, FsynthError) for error in found)


def test_processes_serve_several_rounds_and_fewer_at_a_time() -> None:
    with Jobs(2, workers.start, workers.work) as jobs:
        first = {outcome.value for outcome in jobs.run([("pid", n) for n in range(4)])}
        second = [outcome.value for outcome in jobs.run([("pid", n) for n in range(4)], 1)]
    assert len(set(second)) == 1
    assert set(second) <= first
    assert os.getpid() not in first


def test_one_thread_each_and_no_garbage_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert outcomes([("speak", None)])["speak", None] == "1"
    assert capfd.readouterr().err == ""


def test_closing_awaits_what_runs_and_starts_nothing_more(tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(4)]
    with (
        Jobs(2, workers.start, workers.work) as jobs,
        closing(jobs.run([("add", 1), *(("touch", file) for file in files)])) as running,
    ):
        next(running)
        before = {file.name for file in files if file.exists()}
        running.close()
        after = {file.name for file in files if file.exists()}
    assert before == set()
    assert 1 <= len(after) <= 2
    assert not any(file.exists() for file in files if file.name not in after)
