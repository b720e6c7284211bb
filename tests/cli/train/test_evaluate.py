from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth.errors import WeightsError
from fsynth_training.evaluate import run as module
from fsynth_training.evaluate.run import Request


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Every request that the command makes; each is answered by one figure."""
    made: list[Request] = []

    def evaluate(request: Request, progress: Any) -> dict[str, Any]:
        made.append(request)
        progress("measuring default")
        likeness = {"dlib": {"rank1": 0.5, "auc_other": 0.75}}
        return {"judges": {"dlib": {}}, "makers": [{"name": "default", "likeness": likeness}]}

    monkeypatch.setattr(module, "evaluate", evaluate)
    return made


def test_measures_and_names_the_page(run, requests: list[Request], tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()

    result = run("train", "evaluate", "default", "w.onnx", "--photos", "people", "-o", "page")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["default: rank-1 0.500, AUC 0.750 (dlib)", str(Path("page/index.html"))]
    assert result.stderr == "measuring default\n"
    weights = (Path("default"), Path("w.onnx"))
    assert requests == [Request(weights, Path("people"), Path("page"), Path("page/cache"), robustness=100)]


def test_quiet_says_nothing(run, requests: list[Request], tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "data").mkdir()

    options = ["--dataset", "data", "--cache", "kept", "--robustness", "0", "--quiet"]
    result = run("train", "evaluate", "default", "--photos", "people", "-o", "page", *options)

    assert result.output == ""
    assert requests[0].dataset == Path("data")
    assert requests[0].cache == Path("kept")
    assert requests[0].robustness == 0


def test_errors_are_sentences(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def evaluate(request: Request, progress: Any) -> dict[str, Any]:
        raise WeightsError("There is no weights file w.onnx.")

    monkeypatch.setattr(module, "evaluate", evaluate)

    result = run("train", "evaluate", "w.onnx", "--photos", tmp_path, "-o", "page")

    assert result.exit_code == 1
    assert result.stderr == "Error: There is no weights file w.onnx.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["default", "-o", "page"], "Missing option '--photos'"),
        (["--photos", ".", "-o", "page"], "Missing argument 'WEIGHTS...'"),
        (["default", "--photos", "nowhere", "-o", "page"], "does not exist"),
        (["default", "--photos", ".", "-o", "page", "--robustness", "-1"], "Invalid value for '--robustness'"),
    ],
)
def test_what_is_missing_or_wrong_is_named(run, arguments: list[str], message: str) -> None:
    result = run("train", "evaluate", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
