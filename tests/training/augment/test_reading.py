"""What is read back from shards is what was made, and what is made on the fly is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("tensorflow", reason='needs pip install "fsynth[tensorflow]"')

from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.morphs import morphed_face
from fsynth_training.augment.reading import on_the_fly, read_shards
from fsynth_training.augment.rows import LiveRows, ShardRows
from fsynth_training.augment.shards import make_shards
from fsynth_training.augment.source import MorphSource, prepare
from fsynth_training.dataset.store import Dataset

CONFIG = AugmentConfig(neighbours=3, mask_sigma=1.5, shard_size=4)
COUNT = 10


@pytest.fixture(scope="module")
def shards(dataset_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("read")
    make_shards(dataset_folder, folder, COUNT, CONFIG)
    return folder


@pytest.fixture(scope="module")
def source(dataset: Dataset, shards: Path) -> MorphSource:
    return prepare(dataset, CONFIG, shards / "source")


def test_shards_give_back_what_was_made(shards: Path, source: MorphSource) -> None:
    examples = list(read_shards(shards).as_numpy_iterator())
    assert [example["index"] for example in examples] == list(range(COUNT))
    for example in examples:
        face = morphed_face(source, int(example["index"]))
        for name in ("image", "texture", "matte", "landmarks"):
            np.testing.assert_array_equal(example[name], getattr(face, name))
        for name, value in vars(face.morph).items():
            assert example[name] == pytest.approx(value)
        assert example["features"].shape == (1024,)
        assert np.linalg.norm(example["features"]) > 1


def test_on_the_fly_morphs_are_those_of_the_shards(shards: Path, source: MorphSource) -> None:
    stored, made = read_shards(shards), on_the_fly(source, start=3, count=5)
    assert made.element_spec == stored.element_spec
    for one, other in zip(stored.skip(3).as_numpy_iterator(), made.as_numpy_iterator(), strict=False):
        assert set(one) == set(other)
        for name, value in one.items():
            np.testing.assert_allclose(other[name], value, rtol=1e-5, atol=1e-5)
    assert len(list(made)) == 5


def test_on_the_fly_goes_on_for_ever(source: MorphSource) -> None:
    without = replace(source, config=replace(CONFIG, features=False))
    far = next(on_the_fly(without, start=10**9).as_numpy_iterator())
    assert far["index"] == 10**9
    assert "features" not in far


def test_a_seed_shuffles_and_loses_nothing(shards: Path) -> None:
    first, again, other = (
        [int(example["index"]) for example in read_shards(shards, seed=seed).as_numpy_iterator()] for seed in (1, 1, 2)
    )
    assert first == again
    assert sorted(first) == sorted(other) == list(range(COUNT))
    assert first != list(range(COUNT))
    assert first != other


def test_rows_are_the_same_live_and_stored(shards: Path, source: MorphSource) -> None:
    live, stored = LiveRows(source).rows(2, 5), ShardRows(shards).rows(2, 5)
    assert set(live) == set(stored) == {"features", "landmarks", "textures"}
    np.testing.assert_array_equal(live["landmarks"], stored["landmarks"])
    np.testing.assert_array_equal(live["textures"], stored["textures"])
    np.testing.assert_allclose(live["features"], stored["features"], rtol=1e-5, atol=1e-5)
    assert (live["textures"][:, 0, 0] == 204).all()  # plain beyond the head
    np.testing.assert_array_equal(
        ShardRows(shards).rows(COUNT, 2)["landmarks"], ShardRows(shards).rows(0, 2)["landmarks"]
    )


def test_features_are_the_encoders(source: MorphSource) -> None:
    """Of the person in the image: nearer to those of a barely different image than to those of others."""
    rows = LiveRows(source).rows(0, 4)["features"]
    twin = replace(source, config=replace(CONFIG, plain=0.81))
    again = LiveRows(twin).rows(0, 4)["features"]
    distance = np.linalg.norm(rows[:, None] - again, axis=2)
    np.testing.assert_array_equal(distance.argmin(axis=1), range(4))


def test_jpeg_is_near_and_smaller(dataset_folder: Path, source: MorphSource, shards: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, image_format="jpeg", features=False)
    make_shards(dataset_folder, tmp_path, 4, config)
    for example in read_shards(tmp_path).as_numpy_iterator():
        face = morphed_face(source, int(example["index"]))
        assert np.abs(example["texture"].astype(int) - face.texture).mean() < 3
        np.testing.assert_array_equal(example["matte"], face.matte)
    with pytest.raises(AugmentError, match="without features"):
        ShardRows(tmp_path)


def test_shards_that_are_missing_or_cut_off_are_named(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match=r"no manifest.json"):
        read_shards(tmp_path)
    for path in shards.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    cut = tmp_path / "morphs-00001.tfrecord"
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(AugmentError, match="lacks 1 of 3 shards, the first is number 1"):
        read_shards(tmp_path)


def test_a_damaged_record_is_named(shards: Path, tmp_path: Path) -> None:
    for path in shards.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    bad = tmp_path / "morphs-00001.tfrecord"
    data = bytearray(bad.read_bytes())
    data[len(data) // 2] ^= 1
    bad.write_bytes(data)
    rows = ShardRows(tmp_path)
    rows.rows(0, 4)
    with pytest.raises(AugmentError, match=r"morphs-00001.tfrecord is damaged"):
        rows.rows(4, 1)
