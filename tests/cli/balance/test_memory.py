from __future__ import annotations

import pytest

from fsynth_cli.balance import memory

GIGABYTE = 1 << 30
MEGAPIXELS = 24_000_000


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight processors, four gigabytes."""
    monkeypatch.setattr(memory, "processors", lambda: 8)
    monkeypatch.setattr(memory, "available", lambda: 4 * GIGABYTE)


@pytest.mark.usefixtures("machine")
def test_no_more_processes_than_memory_carries() -> None:
    assert memory.processes(None, 100, MEGAPIXELS, full=False) == 6
    assert memory.processes(None, 100, MEGAPIXELS, full=True) == 3
    assert memory.processes(None, 100, 2 * MEGAPIXELS, full=True) == 2
    assert memory.processes(8, 100, MEGAPIXELS, full=True) == 3
    assert memory.processes(None, 100, 10 * MEGAPIXELS, full=True) == 1  # it has to be tried


@pytest.mark.usefixtures("machine")
def test_no_more_than_wanted_or_than_there_are_tasks() -> None:
    assert memory.processes(2, 100, MEGAPIXELS, full=False) == 2
    assert memory.processes(None, 1, MEGAPIXELS, full=False) == 1
    assert memory.processes(None, 0, 0, full=False) == 1


def test_where_memory_is_unknown_processors_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "processors", lambda: 8)
    monkeypatch.setattr(memory, "available", lambda: None)
    assert memory.processes(None, 100, MEGAPIXELS, full=True) == 8


def test_this_machine_has_some() -> None:
    assert memory.processors() >= 1
    free = memory.available()
    assert free is None or free > 50_000_000
