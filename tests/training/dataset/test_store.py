"""A dataset on disk: what is written comes back, and every way of being damaged has its sentence."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsynth_training.dataset import store
from fsynth_training.dataset.store import SHAPES, Dataset, DatasetError


def small_dataset(targets: int = 3, photos: int = 5, views: int = 4, width: int = 8, size: int = 16) -> Dataset:
    """Random targets of as many people; the photos after the first ``targets`` give features only."""
    rng = np.random.default_rng(0)
    mirrored = np.zeros((photos, views), bool)
    mirrored[:, 1] = True
    has_target = np.arange(photos) < targets
    return Dataset(
        textures=rng.integers(0, 256, (targets, size, size, 3), np.uint8),
        mattes=rng.integers(0, 256, (targets, size, size), np.uint8),
        landmarks=rng.uniform(0, size, (targets, 65, 2)).astype(np.float32),
        target_identity=np.arange(targets, dtype=np.int32),
        target_features=rng.normal(size=(targets, width)).astype(np.float32),
        features=rng.normal(size=(photos, views, width)).astype(np.float32),
        photo_identity=np.arange(photos, dtype=np.int32),
        photo_target=np.where(has_target, np.arange(photos), -1).astype(np.int32),
        view_mirrored=mirrored,
        validation=np.arange(photos) == 0,
        mean_landmarks=rng.uniform(0, size, (65, 2)).astype(np.float32),
        mean_mesh=rng.uniform(0, size, (468, 2)).astype(np.float32),
        backgrounds=np.zeros((0, size, size, 3), np.uint8),
        encoder="faceres",
        config={"filters": {"yaw": 5.0}},
        photos=tuple(
            {"file": f"{i}.jpg", "identity": f"person {i}", "kept": "target" if has_target[i] else "features"}
            for i in range(photos)
        ),
    )


@pytest.fixture
def dataset() -> Dataset:
    return small_dataset()


@pytest.fixture
def folder(tmp_path: Path, dataset: Dataset) -> Path:
    dataset.write(tmp_path / "set", pages={"report.html": b"<p>all well</p>"})
    return tmp_path / "set"


def test_what_is_written_comes_back_memory_mapped(dataset: Dataset, folder: Path) -> None:
    opened = Dataset.open(folder)

    for name in SHAPES:
        np.testing.assert_array_equal(getattr(opened, name), getattr(dataset, name))
        assert getattr(opened, name).dtype == getattr(dataset, name).dtype
    assert isinstance(opened.textures, np.memmap)
    assert not opened.textures.flags.writeable
    assert (opened.encoder, opened.config, opened.photos) == (dataset.encoder, dataset.config, dataset.photos)
    assert (opened.feature_width, opened.image_size) == (8, 16)
    assert (folder / "report.html").read_bytes() == b"<p>all well</p>"


def test_identities_have_the_names_of_their_photos(dataset: Dataset) -> None:
    dropped = ({"file": "x.jpg", "identity": "nobody", "kept": "no"}, *dataset.photos)

    assert replace(dataset, photos=dropped).identity_names == tuple(f"person {i}" for i in range(5))
    assert replace(dataset, photos=()).identity_names == ("",) * 5


def test_the_same_dataset_gives_the_same_bytes(tmp_path: Path, dataset: Dataset, folder: Path) -> None:
    dataset.write(tmp_path / "again", pages={"report.html": b"<p>all well</p>"})

    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == files
    assert len(files) == len(SHAPES) + 3


def test_an_existing_folder_is_not_written_over(dataset: Dataset, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    with pytest.raises(DatasetError, match="exists already"):
        replace(dataset, encoder=None).write(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    replace(dataset, encoder=None).write(folder, overwrite=True)
    assert Dataset.open(folder).encoder is None
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_overwriting_spares_what_is_no_dataset(tmp_path: Path, dataset: Dataset) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mother.txt").write_text("dear", encoding="utf-8")

    with pytest.raises(DatasetError, match="is no dataset, so it is not replaced"):
        dataset.write(tmp_path / "letters", overwrite=True)
    assert (tmp_path / "letters" / "mother.txt").read_text(encoding="utf-8") == "dear"


def test_a_full_disk_leaves_nothing(tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    save, written = store.save_array, []

    def save_two(path: Path, array: np.ndarray) -> None:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        save(path, array)

    monkeypatch.setattr(store, "save_array", save_two)
    with pytest.raises(DatasetError, match="set can't be written \\(No space left on device\\)"):
        dataset.write(tmp_path / "set")
    assert not list(tmp_path.iterdir())


def _truncate(folder: Path) -> None:
    path = folder / "features.npy"
    path.write_bytes(path.read_bytes()[:-100])


def _change_a_byte(folder: Path) -> None:
    path = folder / "textures.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def _set_version(folder: Path) -> None:
    about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    (folder / "dataset.json").write_text(json.dumps(about | {"version": 99}), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_truncate, "features.npy is damaged or cut off"),
        (_change_a_byte, "textures.npy is not the file that was written"),
        (_set_version, "is a dataset of version 99, and this fsynth reads version 1"),
        (lambda folder: (folder / "mattes.npy").unlink(), "mattes.npy is missing"),
        (lambda folder: (folder / "mattes.npy").write_bytes(b""), "mattes.npy is damaged or cut off"),
        (lambda folder: (folder / "photos.csv").unlink(), "photos.csv can't be read"),
        (lambda folder: (folder / "dataset.json").write_text("{", encoding="utf-8"), "dataset.json can't be read"),
        (lambda folder: (folder / "dataset.json").write_text('{"version": 1}'), "dataset.json is incomplete"),
        (lambda folder: (folder / "dataset.json").unlink(), "is no dataset: it has no dataset.json"),
    ],
)
def test_damage_has_a_sentence(folder: Path, damage: Callable[[Path], object], sentence: str) -> None:
    damage(folder)

    with pytest.raises(DatasetError, match=sentence):
        Dataset.open(folder)


def test_pickles_are_not_loaded(folder: Path) -> None:
    np.save(folder / "features.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)

    with pytest.raises(DatasetError, match=r"features\.npy is damaged"):
        Dataset.open(folder)


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("features", lambda a: np.where(np.arange(5)[:, None, None] == 3, np.nan, a).astype(np.float32), "in row 3"),
        ("target_features", lambda a: np.full_like(a, np.inf), "target_features that is not a finite number"),
        ("features", lambda a: a.astype(np.float64), "features of type float64, but float32"),
        ("features", lambda a: a[..., :5], "features of shape .*, but .M, V, W., with W = 8 was expected"),
        ("features", lambda a: a[:, 0], "features of shape .* but .M, V, W. was expected"),
        ("textures", lambda a: a[:0], "textures of shape"),
        ("mean_mesh", lambda a: a[:400], "mean_mesh of shape .400, 2., but .468, 2. was expected"),
        ("photo_target", lambda a: a + 7, "photo_target outside of -1..2"),
        ("target_identity", lambda a: a[::-1].copy(), "the target of another person"),
        ("photo_identity", lambda a: a - 1, "photo_identity outside of 0..4"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    tmp_path: Path, dataset: Dataset, name: str, change: Callable[[np.ndarray], np.ndarray], sentence: str
) -> None:
    bad = replace(dataset, **{name: change(getattr(dataset, name))})

    with pytest.raises(DatasetError, match=sentence):
        bad.write(tmp_path / "bad")
    assert not list(tmp_path.iterdir())


def test_a_table_of_other_photos_is_noticed(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match=r"features of 5 photos, but photos\.csv keeps 4"):
        replace(dataset, photos=dataset.photos[1:]).check()


def test_fine_detail_may_be_there_or_not(tmp_path: Path) -> None:
    without = small_dataset()
    fine = np.random.default_rng(3).normal(0, 0.01, without.textures.shape[:3]).astype(np.float16)
    without.write(tmp_path / "without")
    replace(without, fine=fine).write(tmp_path / "with")

    assert Dataset.open(tmp_path / "without").fine is None
    np.testing.assert_array_equal(Dataset.open(tmp_path / "with").fine, fine)
    fine[0, 0, 0] = np.nan
    with pytest.raises(DatasetError, match="fine"):
        replace(without, fine=fine).check()
