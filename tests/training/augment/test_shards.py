"""Shards: the same bytes however they come about, and nothing of half a shard."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("tensorflow", reason='needs pip install "fsynth[tensorflow]"')

from fsynth.errors import EngineError
from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.manifest import read_manifest
from fsynth_training.augment.shards import make_shards
from fsynth_training.dataset.store import Dataset

CONFIG = AugmentConfig(neighbours=3, mask_sigma=1.5, features=False, shard_size=4)
COUNT = 22


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder of shards but those of its source."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def whole(dataset_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    make_shards(dataset_folder, folder, COUNT, CONFIG)
    return contents(folder)


@pytest.fixture
def shards(whole: dict[str, bytes], dataset_folder: Path, tmp_path: Path) -> Path:
    """A finished folder, to be damaged."""
    folder = tmp_path / "shards"
    folder.mkdir()
    for name, data in whole.items():
        (folder / name).write_bytes(data)
    return folder


def test_shards_hold_so_many_morphs_each(whole: dict[str, bytes]) -> None:
    manifest = json.loads(whole["manifest.json"])
    assert [(shard["first"], shard["records"]) for shard in manifest["shards"]] == [
        (0, 4), (4, 4), (8, 4), (12, 4), (16, 4), (20, 2)
    ]  # fmt: skip
    assert set(whole) == {"manifest.json", *(f"morphs-{i:05}.tfrecord" for i in range(6))}


def test_two_processes_write_the_same_bytes_as_one(
    whole: dict[str, bytes], dataset_folder: Path, tmp_path: Path
) -> None:
    make_shards(dataset_folder, tmp_path, COUNT, CONFIG, workers=2)
    assert contents(tmp_path) == whole


def test_a_run_that_is_killed_goes_on_to_the_same_bytes(
    whole: dict[str, bytes], dataset_folder: Path, tmp_path: Path
) -> None:
    config = tmp_path / "augment.toml"
    config.write_text("neighbours = 3\nmask_sigma = 1.5\nfeatures = false\nshard_size = 4\n")
    folder = tmp_path / "shards"
    command = [sys.executable, "-m", "fsynth_cli.main", "train", "augment", str(dataset_folder), "-o", str(folder)]
    command += ["--count", str(COUNT), "--workers", "2", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 300
        while not (folder / "manifest.json").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(random.SystemRandom().uniform(0, 1.5))  # anywhere from the first morph to the last
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    make_shards(dataset_folder, folder, COUNT, CONFIG)
    assert contents(folder) == whole


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_only_what_is_damaged_is_made_again(
    whole: dict[str, bytes], dataset_folder: Path, shards: Path, damage: str
) -> None:
    path = shards / "morphs-00002.tfrecord"
    data = whole[path.name]
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data[:99] + bytes([data[99] ^ 1]) + data[100:])
    others = set(whole) - {path.name, "manifest.json"}
    before = {name: (shards / name).stat().st_mtime_ns for name in others}
    steps: list[tuple[int, int]] = []
    make_shards(dataset_folder, shards, COUNT, CONFIG, progress=lambda done, total: steps.append((done, total)))
    assert contents(shards) == whole
    assert steps == [(COUNT - 4, COUNT), (COUNT, COUNT)]
    assert {name: (shards / name).stat().st_mtime_ns for name in others} == before


def test_a_larger_count_fills_up(whole: dict[str, bytes], dataset_folder: Path, tmp_path: Path) -> None:
    make_shards(dataset_folder, tmp_path, 10, CONFIG)
    make_shards(dataset_folder, tmp_path, COUNT, CONFIG)
    assert contents(tmp_path) == whole
    with pytest.raises(AugmentError, match="is for 22 morphs, more than 10"):
        make_shards(dataset_folder, tmp_path, 10, CONFIG)


def test_other_settings_are_refused(dataset_folder: Path, shards: Path) -> None:
    with pytest.raises(AugmentError, match=r"made with seed = 0, not 1\. Name another folder"):
        make_shards(dataset_folder, shards, COUNT, replace(CONFIG, seed=1))


def test_another_dataset_is_refused(dataset: Dataset, shards: Path, tmp_path: Path) -> None:
    replace(dataset, textures=dataset.textures ^ 1).write(tmp_path / "other")
    with pytest.raises(AugmentError, match="morphs of another dataset"):
        make_shards(tmp_path / "other", shards, COUNT, CONFIG)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_full_disk_is_a_sentence_and_leaves_no_half_shard(
    whole: dict[str, bytes], dataset_folder: Path, tmp_path: Path
) -> None:
    make_shards(dataset_folder, tmp_path, 8, CONFIG)
    (tmp_path / "morphs-00002.tfrecord.partial").symlink_to("/dev/full")
    with pytest.raises(AugmentError, match=r"morphs-00002.tfrecord can't be written .*Make room"):
        make_shards(dataset_folder, tmp_path, COUNT, CONFIG)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert sorted(manifest.shards) == [0, 1]
    assert not (tmp_path / "morphs-00002.tfrecord").exists()
    make_shards(dataset_folder, tmp_path, COUNT, CONFIG)
    assert contents(tmp_path) == whole


def test_a_damaged_manifest_is_named(dataset_folder: Path, shards: Path) -> None:
    (shards / "manifest.json").write_text('{"version": 1, ')
    with pytest.raises(AugmentError, match=r"manifest.json is damaged"):
        make_shards(dataset_folder, shards, COUNT, CONFIG)
    (shards / "manifest.json").write_text('{"version": 9}')
    with pytest.raises(AugmentError, match="is of version 9"):
        make_shards(dataset_folder, shards, COUNT, CONFIG)


def test_no_morphs_are_refused(dataset_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match="at least 1, it is 0"):
        make_shards(dataset_folder, tmp_path, 0, CONFIG)


def test_features_of_an_unknown_encoder_are_refused_before_any_work(dataset: Dataset, tmp_path: Path) -> None:
    replace(dataset, encoder=None).write(tmp_path / "set")
    with pytest.raises(AugmentError, match=r"encoder None, which fsynth does not have.*--no-features"):
        make_shards(tmp_path / "set", tmp_path / "shards", 4, replace(CONFIG, features=True))


def test_without_tensorflow_the_install_line_is_told(
    dataset_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(EngineError, match=r'pip install "fsynth\[tensorflow\]"'):
        make_shards(dataset_folder, tmp_path, 4, CONFIG)
