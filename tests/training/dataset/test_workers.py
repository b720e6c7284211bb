"""Many items in several processes."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from fsynth_training.dataset.store import DatasetError
from fsynth_training.dataset.workers import in_order


def slow_first(item: int) -> tuple[int, int, str | None]:
    time.sleep(0.3 if item == 0 else 0)
    return item, os.getpid(), os.environ.get("OMP_NUM_THREADS")


def fail_at_three(item: int) -> int:
    if item == 3:
        raise DatasetError("Three is too many.")
    return item


def end_at_two(item: int) -> int:
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_results_are_in_order_and_processes_have_one_thread() -> None:
    before = os.environ.get("OMP_NUM_THREADS")

    results = list(in_order(slow_first, range(6), 2, chunk=1))

    assert [item for item, _, _ in results] == list(range(6))
    assert os.getpid() not in {process for _, process, _ in results}
    assert {threads for _, _, threads in results} == {"1"}
    assert os.environ.get("OMP_NUM_THREADS") == before


def test_one_worker_is_this_process() -> None:
    assert {process for _, process, _ in in_order(slow_first, range(2), 1)} == {os.getpid()}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_through(workers: int) -> None:
    with pytest.raises(DatasetError, match="Three is too many"):
        list(in_order(fail_at_three, range(5), workers, chunk=1))


def test_a_killed_process_has_a_sentence() -> None:
    with pytest.raises(DatasetError, match="One of the processes was killed"):
        list(in_order(end_at_two, range(4), 2, chunk=1))


def write_and_wait(item: int, folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = tmp_path / "run.py"
    script.write_text(
        "import functools, sys\nfrom pathlib import Path\n"
        "from fsynth_training.dataset.workers import in_order\n"
        "from tests.training.dataset.test_workers import write_and_wait\n"
        "if __name__ == '__main__':\n"
        "    list(in_order(functools.partial(write_and_wait, folder=Path(sys.argv[1])), range(2), 2, chunk=1))\n",
        encoding="utf-8",
    )
    (tmp_path / "workers").mkdir()
    root = Path(__file__).parents[3]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    }
    parent = subprocess.Popen([sys.executable, str(script), str(tmp_path / "workers")], env=environment)
    try:
        wait_for(lambda: len(list((tmp_path / "workers").iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()
    workers = [int(path.name) for path in (tmp_path / "workers").iterdir()]
    wait_for(lambda: not any(map(is_running, workers)))


def wait_for(condition: partial[bool] | object, seconds: float = 60) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
