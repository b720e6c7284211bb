from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fsynth_cli.main import main

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[train]"')

from tests.training.fit.small_fits import people

CONFIG = """
method = "network"
steps = 4
batch = 4
checkpoint_every = 2
decoder = {code_width = 8, landmark_hidden = 8, base_size = 14, base_channels = 8}
loss = {identity = 0.0}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``fsynth train fit`` in a folder with the dataset ``set`` and the configuration ``c.toml``."""
    people().write(tmp_path / "set")
    (tmp_path / "c.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["train", "fit", *arguments], catch_exceptions=False)


def test_a_fit_says_how_it_goes_and_how_to_go_on(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("set", "-c", "c.toml", "-o", "run")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("step 2 of 4: loss ")
    assert "val_loss" in lines[0]
    assert lines[1].endswith("images/s")
    assert lines[-1] == "To weights: fsynth train export run -o weights.onnx"
    assert (tmp_path / "run" / "decoder.npz").is_file()

    again = run("set", "-c", "c.toml", "-o", "run")
    assert again.stdout.splitlines()[0] == "This fit is finished, at step 4."
    other = run("set", "-c", "c.toml", "-o", "run", "-s", "loss.texture=50")
    assert other.exit_code == 1
    assert "another configuration: loss.texture was 100.0 and is now 50.0" in other.stderr


def test_single_settings_and_quiet(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("set", "-c", "c.toml", "-o", "run", "-s", "steps=2", "-s", "decoder.texture='dense'", "-q")
    assert (result.exit_code, result.output) == (0, "")
    config = json.loads((tmp_path / "run" / "run.json").read_text())["config"]
    assert (config["steps"], config["decoder"]["texture"]) == (2, "dense")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["set", "-c", "c.toml", "-o", "r", "-s", "steps=two"], 1, "no KEY=VALUE as in TOML"),
        (
            ["set", "-c", "c.toml", "-o", "r", "-s", "lose.texture=1"],
            1,
            "lose that is not known; the nearest is loss",
        ),
        (["set", "-p", "papre", "-o", "r"], 1, "no preset 'papre'"),
        (["set", "-p", "paper", "-c", "c.toml", "-o", "r"], 2, "--config or --preset, not both"),
        (["set", "-c", "c.toml", "-o", "r", "--backend", "jax"], 1, "Keras runs on tensorflow in this process already"),
        (["set", "-c", "c.toml", "-o", "r", "--machines", "2"], 1, "as host:port"),
        (["set", "-p", "paper", "-o", "r"], 1, "holds no shards"),
        (["nothing", "-c", "c.toml", "-o", "r"], 2, "does not exist"),
        ([".", "-c", "c.toml", "-o", "r"], 1, "is no dataset"),
    ],
)
def test_mistakes_are_told(
    run: Callable[..., Result], tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "r").exists()


def test_presets_are_listed(run: Callable[..., Result]) -> None:
    result = run("--list-presets")
    assert result.exit_code == 0
    assert {"default", "paper"} <= set(result.stdout.split())
