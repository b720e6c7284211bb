from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from fsynth_cli.main import main

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[train]"')

from tests.training.fit.small_fits import people, settings

import fsynth
from fsynth_training.fit import methods


def test_a_run_becomes_weights_with_a_card(tmp_path: Path) -> None:
    people().write(tmp_path / "set")
    methods.fit(tmp_path / "set", settings(steps=2), tmp_path / "run", report=lambda line: None)
    command = ["train", "export", str(tmp_path / "run"), "-o", str(tmp_path / "mine.onnx")]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "mine.onnx.sha256").read_text().split()[0] in result.stdout
    assert str(tmp_path / "mine.md") in result.stdout
    assert fsynth.load(tmp_path / "mine.onnx").engine.card.name == "mine"

    again = CliRunner().invoke(main, command, catch_exceptions=False)
    assert again.exit_code == 1
    assert "exists already. Name another file, or add --overwrite" in again.stderr


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    command = ["train", "export", str(tmp_path), "-o", str(tmp_path / "mine.onnx")]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 1
    assert "is no run of fsynth train fit" in result.stderr
