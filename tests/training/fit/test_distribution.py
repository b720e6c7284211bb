"""Several processes that fit together, on the JAX backend."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[tensorflow]"')

from tests.training.fit.small_fits import people

from fsynth_training.fit.distribution import Machines, start
from fsynth_training.fit.errors import FitError

CONFIG = """
method = "network"
steps = 4
batch = 4
checkpoint_every = 2
patience = 5
decoder = {code_width = 8, landmark_hidden = 8, base_size = 14, base_channels = 8}
loss = {identity = 0.0, consistency = 1.0}
"""


def test_a_batch_is_divided_in_the_order_of_the_processes() -> None:
    batch = {"features": np.arange(12).reshape(6, 2), "labelled": np.arange(6)}
    shares = [Machines(3, index, "here:1").share(batch) for index in range(3)]
    for name, values in batch.items():
        np.testing.assert_array_equal(np.concatenate([share[name] for share in shares]), values)


def test_processes_that_cannot_be_are_refused() -> None:
    with pytest.raises(FitError, match="Process 2 of 2 cannot be"):
        Machines(2, 2, "here:1")
    with pytest.raises(FitError, match="as host:port"):
        Machines(2, 0)
    with pytest.raises(FitError, match="Several machines need the JAX backend"):
        start(Machines(2, 0, "here:1"), 4)


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    pytest.importorskip("jax", reason='needs pip install "fsynth[dev]"')
    people().write(tmp_path / "set")
    (tmp_path / "c.toml").write_text(CONFIG)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    together = [
        ["-o", "two", "--machines", "2", "--machine", str(index), "--coordinator", f"127.0.0.1:{port}"]
        for index in range(2)
    ]
    processes = [_start(tmp_path, options) for options in [*together, ["-o", "one"]]]
    try:
        for process in processes:
            output, _ = process.communicate(timeout=600)
            assert process.returncode == 0, output
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    two, one = (json.loads((tmp_path / run / "history.json").read_text()) for run in ("two", "one"))
    assert [row["step"] for row in two] == [2, 4]
    for row, alone in zip(two, one, strict=True):
        assert row == pytest.approx(alone, rel=1e-4)
    with (
        np.load(tmp_path / "two" / "decoder.npz") as weights,
        np.load(tmp_path / "one" / "decoder.npz") as expected,
    ):
        for name in set(weights.files) - {"about.json"}:
            np.testing.assert_allclose(weights[name], expected[name], atol=1e-4)


def _start(folder: Path, options: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fsynth_cli.main", "train", "fit", "set", "-c", "c.toml", "--backend", "jax"]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    environment.pop("KERAS_BACKEND", None)
    return subprocess.Popen(
        [*command, *options], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
