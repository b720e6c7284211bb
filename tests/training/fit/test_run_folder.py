from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.training.fit.small_fits import people

from fsynth_training.augment.manifest import Manifest
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import run_folder
from fsynth_training.fit.config import NetworkConfig, OptimizerConfig, to_table
from fsynth_training.fit.errors import FitError

CONFIG = to_table(NetworkConfig())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    people().write(tmp_path / "set")
    return tmp_path / "set"


def claim(folder: Path, run: Path, config: dict[str, Any] = CONFIG, count: int = 0) -> None:
    manifest = Manifest("0" * 64, {"seed": 1}, count, 28, 65, 16, {}) if count else None
    run_folder.claim(run, config, folder, Dataset.open(folder), morphs=manifest)


def test_the_same_fit_may_go_on(tmp_path: Path, folder: Path) -> None:
    claim(folder, tmp_path / "run")
    before = (tmp_path / "run" / "run.json").read_bytes()
    claim(folder, tmp_path / "run")
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    about = run_folder.read(tmp_path / "run")
    assert about["config"] == CONFIG
    assert (about["dataset"]["people"], about["dataset"]["held_out"], about["dataset"]["photos"]) == (8, 2, 24)


def test_another_config_is_refused_by_the_key_that_differs(tmp_path: Path, folder: Path) -> None:
    claim(folder, tmp_path / "run")
    other = to_table(NetworkConfig(optimizer=OptimizerConfig(learning_rate=0.5)))
    with pytest.raises(FitError, match=r"optimizer\.learning_rate was 0\.001 and is now 0\.5"):
        claim(folder, tmp_path / "run", other)


def test_what_is_laid_over_the_fit_may_differ(tmp_path: Path, folder: Path) -> None:
    def go_on(exemplars: int, steps: int) -> None:
        config = {"steps": steps, "detail": {"exemplars": exemplars}}
        run_folder.claim(tmp_path / "run", config, folder, Dataset.open(folder), laid_over="detail")

    go_on(exemplars=0, steps=10)
    go_on(exemplars=64, steps=10)
    assert run_folder.read(tmp_path / "run")["config"] == {"steps": 10, "detail": {"exemplars": 64}}
    with pytest.raises(FitError, match="steps was 10 and is now 20"):
        go_on(exemplars=0, steps=20)
    assert run_folder.read(tmp_path / "run")["config"]["detail"] == {"exemplars": 64}


def test_another_dataset_or_other_shards_are_refused(tmp_path: Path, folder: Path) -> None:
    claim(folder, tmp_path / "run", count=10)
    with pytest.raises(FitError, match=r"other shards: morphs\.count was 10 and is now 20"):
        claim(folder, tmp_path / "run", count=20)
    people(width=12).write(tmp_path / "other")
    with pytest.raises(FitError, match="holds a fit to another dataset"):
        claim(tmp_path / "other", tmp_path / "run", count=10)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").write_text("mine")
    with pytest.raises(FitError, match="is no run of fsynth train fit"):
        claim(folder, tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.tex"]


def test_reading_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(FitError, match=r"it has no run\.json"):
        run_folder.read(tmp_path)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(FitError, match="was not written by fsynth train fit"):
        run_folder.read(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(FitError, match=r"run\.json cannot be read"):
        run_folder.read(tmp_path)
