from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from fsynth_training.fit import checkpoint
from fsynth_training.fit.errors import FitError


def variables(seed: int) -> dict[str, keras.Variable]:
    rng = np.random.default_rng(seed)
    return {name: keras.Variable(rng.normal(size=(2, 3)).astype(np.float32)) for name in ("kernel", "noise")}


def test_the_last_checkpoint_comes_back(tmp_path: Path) -> None:
    kept, optimizer = variables(0), [keras.Variable(7, dtype="int32")]
    assert checkpoint.restore(tmp_path, kept, optimizer) == (0, [])
    history = [{"step": 2.0, "loss": 1.25}]
    checkpoint.save(tmp_path, 2, kept, optimizer, history)
    others, fresh = variables(1), [keras.Variable(0, dtype="int32")]
    assert checkpoint.restore(tmp_path, others, fresh) == (2, history)
    for name, variable in kept.items():
        np.testing.assert_array_equal(variable, others[name])
    assert int(fresh[0]) == 7


def test_old_checkpoints_and_what_a_kill_left_go(tmp_path: Path) -> None:
    (tmp_path / "step-00000001.npz.partial").write_bytes(b"half")
    for step in (2, 4, 6):
        checkpoint.save(tmp_path, step, variables(step), [], [])
    whole = sorted(path.name for path in tmp_path.glob("*.npz"))
    assert whole == ["step-00000004.npz", "step-00000006.npz"]
    assert checkpoint.restore(tmp_path, variables(0), [])[0] == 6


def test_a_checkpoint_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, 2, variables(0), [], [])
    other = {**variables(1), "more": keras.Variable(np.zeros(4, np.float32))}
    before = np.asarray(other["kernel"]).copy()
    with pytest.raises(FitError, match=r"has no model/more of shape \(4,\)"):
        checkpoint.restore(tmp_path, other, [])
    np.testing.assert_array_equal(other["kernel"], before)
