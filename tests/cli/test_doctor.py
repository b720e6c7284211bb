from __future__ import annotations

import json

import pytest

import fsynth
from fsynth.errors import WeightsError
from fsynth.networks import network_cards
from fsynth.version import __version__
from fsynth_cli import doctor


def by_name(output: str) -> dict[str, dict[str, str]]:
    return {check["name"]: check for check in json.loads(output)["checks"]}


def test_everything_needed_works_here(run) -> None:
    result = run("doctor", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["ok"] is True
    checks = by_name(result.stdout)
    assert checks["fsynth"]["detail"] == __version__
    assert checks["cpu"] == {"group": "Devices", "name": "cpu", "status": "ok", "detail": "CPUExecutionProvider"}
    for network in network_cards():
        assert checks[network]["status"] == "ok"
        assert "sha256 verified" in checks[network]["detail"]
    assert checks["default"]["group"] == "Weights"
    assert checks["default"]["status"] == "ok"


def test_text_says_the_same(run) -> None:
    result = run("doctor")
    assert result.exit_code == 0
    assert "Embedded networks" in result.stdout
    assert "Everything that fsynth needs works." in result.stdout


def test_damaged_weights_are_broken(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        raise WeightsError("decoder.onnx is damaged (its sha256 differs).")

    monkeypatch.setattr(fsynth, "load", load)
    result = run("doctor", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False
    assert by_name(result.stdout)["default"]["status"] == "broken"
    assert by_name(result.stdout)["default"]["detail"] == "decoder.onnx is damaged (its sha256 differs)."


def test_a_missing_requirement_is_broken_and_named(run, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name.startswith("onnxruntime") else installed(name))
    result = run("doctor", "--json")
    assert result.exit_code == 1
    assert by_name(result.stdout)["onnxruntime"]["detail"] == "not installed: pip install onnxruntime"


def test_a_gpu_runtime_stands_for_the_plain_one(run, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"onnxruntime-gpu": "1.30.0", "numpy": "2", "pillow": "12", "click": "8.2"}
    monkeypatch.setattr(doctor, "_version", versions.get)
    checks = by_name(run("doctor", "--json").stdout)
    assert checks["onnxruntime-gpu"]["detail"] == "1.30.0"
    assert "onnxruntime" not in checks


def test_a_missing_extra_has_its_install_line_and_breaks_nothing(run, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "tensorflow" else installed(name))
    result = run("doctor", "--json")
    assert result.exit_code == 0
    assert by_name(result.stdout)["tensorflow"]["status"] == "missing"
    assert by_name(result.stdout)["tensorflow"]["detail"] == 'pip install "fsynth[tensorflow]"'
