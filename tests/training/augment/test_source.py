from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth_training.augment.compositing import Compositor, blending_mask
from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.source import fingerprint, open_source, prepare
from fsynth_training.dataset.store import Dataset

CONFIG = AugmentConfig(neighbours=3, mask_sigma=1.5)


def test_parts_are_those_of_the_compositor_and_the_held_out_have_none(dataset: Dataset, tmp_path: Path) -> None:
    source = prepare(dataset, CONFIG, tmp_path / "source")
    np.testing.assert_array_equal(source.rows, range(8))
    assert source.parts.shape == (8, *dataset.textures.shape[1:])
    assert isinstance(source.parts, np.memmap)
    compositor = Compositor(blending_mask(dataset.mean_landmarks, dataset.image_size, 1.5))
    assert np.abs(source.parts[3] - compositor.part(dataset.textures[3] / 255)).max() < 1e-6
    assert source.neighbours.shape == (8, 3)
    assert sorted(os.listdir(tmp_path / "source")) == ["neighbours.npy", "parts.npy", "source.json"]


def test_a_source_is_made_once(dataset: Dataset, tmp_path: Path) -> None:
    prepare(dataset, CONFIG, tmp_path)
    before = (tmp_path / "parts.npy").stat().st_mtime_ns
    prepare(dataset, replace(CONFIG, seed=3), tmp_path)
    assert (tmp_path / "parts.npy").stat().st_mtime_ns == before
    prepare(dataset, replace(CONFIG, mask_sigma=2.0), tmp_path)
    assert (tmp_path / "parts.npy").stat().st_mtime_ns != before


def test_a_source_of_something_else_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match="not of this dataset"):
        open_source(dataset, CONFIG, tmp_path / "nowhere")
    prepare(dataset, CONFIG, tmp_path)
    other = replace(dataset, textures=dataset.textures ^ 1)
    with pytest.raises(AugmentError, match="not of this dataset"):
        open_source(other, CONFIG, tmp_path)


def test_a_source_that_was_cut_off_is_named(dataset: Dataset, tmp_path: Path) -> None:
    prepare(dataset, CONFIG, tmp_path)
    os.truncate(tmp_path / "parts.npy", 1000)
    with pytest.raises(AugmentError, match=r"is damaged .* Delete this folder"):
        open_source(dataset, CONFIG, tmp_path)


def test_one_person_cannot_be_morphed(dataset: Dataset, tmp_path: Path) -> None:
    alone = replace(dataset, validation=dataset.target_identity != 2)
    with pytest.raises(AugmentError, match="two people or more, and the dataset has 1 besides"):
        prepare(alone, CONFIG, tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_full_disk_is_a_sentence(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "parts.npy.partial").symlink_to("/dev/full")
    with pytest.raises(AugmentError, match=r"can't be written \(No space left on device\)\. Make room"):
        prepare(dataset, CONFIG, tmp_path)
    assert not (tmp_path / "source.json").exists()
    assert len(prepare(dataset, CONFIG, tmp_path).parts) == 8


def test_the_fingerprint_is_of_all_that_matters(dataset: Dataset) -> None:
    assert fingerprint(dataset) == fingerprint(replace(dataset, config={"a": 1}))
    for name in ("textures", "mattes", "landmarks", "validation", "mean_landmarks", "mean_mesh", "backgrounds"):
        array = np.array(getattr(dataset, name))
        array.flat[0] = array.flat[0] + 1 if array.dtype != bool else ~array.flat[0]
        assert fingerprint(dataset) != fingerprint(replace(dataset, **{name: array}))
