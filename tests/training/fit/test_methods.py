"""Which fit a table of settings leads to, and where its morphs come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[tensorflow]"')

from tests.training.fit.small_fits import checkpoints, people, settings

from fsynth.errors import FsynthError
from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.shards import make_shards
from fsynth_training.dataset.geometry import symmetric
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.fit import linear, methods
from fsynth_training.fit.errors import FitError


@pytest.fixture
def folder(tmp_path: Path, astronaut_set: PreparedSet) -> Path:
    """A dataset whose morphs the encoder can see."""
    mesh = symmetric(astronaut_set.mesh[0, :, :2].astype(np.float64))
    people(width=1024, size=56, encoder="faceres", mesh=mesh).write(tmp_path / "set")
    return tmp_path / "set"


def quiet(line: str) -> None:
    pass


def test_morphs_from_shards_and_made_as_needed_are_the_same(folder: Path, tmp_path: Path) -> None:
    make_shards(folder, folder / "shards", 30, AugmentConfig(seed=0, shard_size=7))
    table = settings(data={"morphs": 0.5}, steps=2)
    methods.fit(folder, table, tmp_path / "live", report=quiet)
    stored = settings(data={"morphs": 0.5, "shards": "shards"}, steps=2)
    methods.fit(folder, stored, tmp_path / "stored", report=quiet)
    assert checkpoints(tmp_path / "live") == checkpoints(tmp_path / "stored")
    about = json.loads((tmp_path / "stored" / "run.json").read_text())
    assert about["dataset"]["morphs"]["count"] == 30


def test_shards_of_another_dataset_or_none_are_refused(folder: Path, tmp_path: Path) -> None:
    table = settings(data={"morphs": 1.0, "shards": "shards"})
    with pytest.raises(FsynthError, match="holds no shards"):
        methods.fit(folder, table, tmp_path / "run", report=quiet)
    people(width=1024, size=56, count=6, encoder="faceres").write(tmp_path / "other")
    make_shards(folder, tmp_path / "other" / "shards", 4, AugmentConfig())
    with pytest.raises(FitError, match="holds morphs of another dataset"):
        methods.fit(tmp_path / "other", table, tmp_path / "run", report=quiet)
    assert not (tmp_path / "run").exists()


def test_the_method_basis_gets_its_own_settings(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def fit(dataset: Any, config: Any, run: Path, **options: Any) -> None:
        seen.update(config=config, people=len(dataset.validation), run=run)

    monkeypatch.setattr(linear, "fit", fit)
    methods.fit(folder, {"method": "basis", "steps": 5}, tmp_path / "run", report=quiet)
    assert (seen["config"], seen["people"]) == (linear.LinearConfig(steps=5), 8)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["config"]["steps"] == 5
    with pytest.raises(FitError, match=r"has a key stesp that is not known; the nearest is steps"):
        methods.fit(folder, {"method": "basis", "stesp": 5}, tmp_path / "run", report=quiet)


def test_a_second_recogniser_that_the_dataset_lacks_is_asked_for(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FitError, match=r"the dataset has none\. Prepare it again with --second-encoder"):
        methods.fit(folder, {"method": "basis", "terms": {"second": 0.5}}, tmp_path / "run", report=quiet)
