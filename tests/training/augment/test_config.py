from __future__ import annotations

from pathlib import Path

import pytest

from fsynth.errors import FsynthError
from fsynth_training.augment.config import AugmentConfig, read_config


def test_the_defaults_are_the_papers() -> None:
    config = read_config(None)
    assert (config.neighbours, config.landmark_factor) == (200, 10.0)


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "augment.toml"
    path.write_text('seed = 4\nmask_sigma = 3\nimage_format = "jpeg"\n')
    assert read_config(path) == AugmentConfig(seed=4, mask_sigma=3.0, image_format="jpeg")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("neighbors = 3", "nearest is neighbours"),
        ("seed = -1", "seed must be within 0"),
        ("shard_size = 0", "shard_size must be within 1"),
        ('surround = "nobody"', "one of seed, neighbour"),
        ("mask_sigma = true", "mask_sigma = True"),
        ("seed = ", "can't be read as TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "augment.toml"
    path.write_text(text)
    with pytest.raises(FsynthError, match=told) as caught:
        read_config(path)
    assert str(path) in str(caught.value)
