from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("tensorflow", reason='needs pip install "fsynth[tensorflow]"')

from fsynth.errors import EngineError
from fsynth_training.augment import beam, shards
from fsynth_training.augment.config import AugmentConfig

CONFIG = AugmentConfig(neighbours=3, mask_sigma=1.5, features=False, shard_size=4)


@pytest.mark.requires_extra("beam")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_beam_writes_the_same_bytes(dataset_folder: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    shards.make_shards(dataset_folder, here, 10, CONFIG)
    beam.make_shards(dataset_folder, there, 10, CONFIG)
    files = [path.name for path in here.iterdir() if path.is_file()]
    assert len(files) == 4
    for name in files:
        assert (there / name).read_bytes() == (here / name).read_bytes()
    # What is there stays; what is damaged is made again.
    (there / "morphs-00001.tfrecord").write_bytes(b"")
    before = (there / "morphs-00000.tfrecord").stat().st_mtime_ns
    beam.make_shards(dataset_folder, there, 10, replace(CONFIG))
    assert (there / "morphs-00001.tfrecord").read_bytes() == (here / "morphs-00001.tfrecord").read_bytes()
    assert (there / "morphs-00000.tfrecord").stat().st_mtime_ns == before


def test_without_beam_the_install_line_is_told(
    dataset_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(EngineError, match=r'pip install "fsynth\[train,beam\]"'):
        beam.make_shards(dataset_folder, tmp_path, 4, CONFIG)
    result = CliRunner().invoke(beam.main, [str(dataset_folder), "-o", str(tmp_path), "--count", "4"])
    assert result.exit_code == 1
    assert "Apache Beam" in result.output
    assert "Traceback" not in result.output
