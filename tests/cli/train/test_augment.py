"""``fsynth train augment`` as people call it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("tensorflow", reason='needs pip install "fsynth[tensorflow]"')

from fsynth.faces import LANDMARKS_65
from fsynth_cli.main import main
from fsynth_training.dataset.store import Dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    people, size = 4, 24
    owner = np.arange(people, dtype=np.int32)
    mesh = rng.uniform(4, 20, (468, 2)).astype(np.float32)
    mean = mesh[LANDMARKS_65]
    folder = tmp_path_factory.mktemp("cli") / "dataset"
    Dataset(
        textures=rng.integers(0, 256, (people, size, size, 3), np.uint8),
        mattes=np.full((people, size, size), 255, np.uint8),
        landmarks=mean + rng.normal(0, 0.2, (people, 65, 2)).astype(np.float32),
        target_identity=owner,
        target_features=np.ones((people, 5), np.float32),
        features=np.ones((people, 1, 5), np.float32),
        photo_identity=owner,
        photo_target=owner,
        view_mirrored=np.zeros((people, 1), bool),
        validation=owner == 0,
        mean_landmarks=mean,
        mean_mesh=mesh,
        backgrounds=np.zeros((0, size, size, 3), np.uint8),
    ).write(folder)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["train", "augment", *map(str, arguments)])


def test_morphs_are_written_and_counted(dataset: Path, tmp_path: Path) -> None:
    result = run(dataset, "-o", tmp_path / "shards", "--count", 5, "--workers", 1, "--no-features")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("5 morphs in 1 shards")
    assert (tmp_path / "shards" / "morphs-00000.tfrecord").stat().st_size > 5000
    again = run(dataset, "-o", tmp_path / "shards", "--count", 5, "--workers", 1, "--no-features", "--quiet")
    assert (again.exit_code, again.output) == (0, "")


def test_settings_come_from_a_file_and_the_command_line(dataset: Path, tmp_path: Path) -> None:
    config = tmp_path / "augment.toml"
    config.write_text("shard_size = 2\n")
    arguments = (dataset, "-o", tmp_path / "shards", "--count", 5, "--workers", 1, "--config", config)
    assert "encoder None" in run(*arguments).output  # features are on unless told otherwise
    result = run(*arguments, "--no-features")
    assert result.exit_code == 0, result.output
    assert "5 morphs in 3 shards" in result.output


def test_what_is_wrong_is_a_sentence(dataset: Path, tmp_path: Path) -> None:
    for arguments, told in (
        ((tmp_path, "-o", tmp_path / "a", "--count", 5), "is no dataset"),
        ((dataset, "-o", tmp_path / "a"), "Missing option '--count'"),
        ((dataset, "-o", tmp_path / "a", "--count", 0), "0 is not in the range"),
        ((dataset, "--count", 3), "Missing option '-o'"),
    ):
        result = run(*arguments)
        assert result.exit_code in (1, 2)
        assert told in result.output
        assert "Traceback" not in result.output
    assert not (tmp_path / "a").exists()


def test_ctrl_c_says_how_to_go_on(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fsynth_training.augment.shards.make_record", interrupt)
    result = run(dataset, "-o", tmp_path / "shards", "--count", 5, "--workers", 1, "--no-features")
    assert result.exit_code == 130
    assert "Run the same command again" in result.output
