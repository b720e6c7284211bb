from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.cli.balance.killing import COMMAND, expected, leftovers, look, make_shoot, originals, run_killed

pytestmark = [
    pytest.mark.requires_extra("balance"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

PHOTOS, KILLS = 20, 4


def test_killed_again_and_again_nothing_is_lost_and_nothing_written_twice(astronaut: Path, tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole" / "shoot", tmp_path / "killed" / "shoot"
    make_shoot(whole, astronaut, PHOTOS, np.random.default_rng(1))
    hashes = make_shoot(folder, astronaut, PHOTOS, np.random.default_rng(1))
    started = time.monotonic()
    subprocess.run([*COMMAND, "--jobs", "2", str(whole)], check=True, capture_output=True)
    alone = time.monotonic() - started

    results = expected(folder, list(hashes))
    story = run_killed(folder, results, np.random.default_rng(2), kills=KILLS, wait=(0.1 * alone, 0.5 * alone))

    assert len(story.kills) >= 2  # a run that goes on may be through before its kill
    assert story.kills[-1] > 0  # it was killed while writing, too
    assert story.changed == []
    assert originals(folder) == hashes
    found, wanted = look(results, folder), look(expected(whole, list(hashes)), whole)
    assert len(wanted) == PHOTOS
    assert {name: state[2] for name, state in found.items()} == {name: state[2] for name, state in wanted.items()}
    assert leftovers(folder) == []
    assert story.report["totals"]["balanced"] == PHOTOS  # type: ignore[index]
    assert story.report["resumed"] is True
