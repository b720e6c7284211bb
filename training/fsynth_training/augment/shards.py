"""Morphs to TFRecord shards, on all cores, so that a run that was stopped goes on and ends with the same bytes.

::

    manifest.json         settings, and size and sha256 of every finished shard
    morphs-00000.tfrecord, ...
    source/               neighbours and parts, see ``fsynth_training.augment.source``

A shard is written beside its name and renamed when it is whole; then the manifest takes it up. Whatever the manifest
does not vouch for is made again. Processes compute, this one alone writes.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.manifest import Manifest, Shard, is_whole, read_manifest, sha256_of
from fsynth_training.augment.records import Record, check_features, import_tensorflow, make_record, to_example
from fsynth_training.augment.source import MorphSource, fingerprint, open_source, prepare
from fsynth_training.dataset.store import Dataset
from fsynth_training.dataset.workers import in_order

SOURCE = "source"

_AT_ONCE = 10
"""Morphs that a process makes at a time."""


def make_shards(
    dataset_folder: Path,
    folder: Path,
    count: int,
    config: AugmentConfig,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Manifest:
    """Write ``count`` morphs of a dataset to shards in ``folder``; finished shards of an earlier run stay.

    Args:
        dataset_folder: of a ``Dataset``.
        folder: made if missing. Called again with a larger ``count``, it is filled up.
        count: morphs, at least 1.
        config: settings; the same as of the shards that are in ``folder``.
        workers: processes.
        progress: called with the morphs that are on the disk and the total, after each shard.

    Raises:
        AugmentError: the dataset is too small, ``folder`` holds shards of other settings, or the disk is full.
        DatasetError: the dataset is missing or damaged.
        EngineError: TensorFlow is not installed.
    """
    manifest, source = begin(dataset_folder, folder, count, config, workers=workers)
    missing = manifest.missing()
    progress(manifest.count - sum(manifest.plan()[number][1] for number in missing), manifest.count)
    make = functools.partial(_make_records, dataset_folder, folder / SOURCE, config)
    pieces = [piece for number in missing for piece in _pieces(*manifest.plan()[number])]
    # With one process the source that is open already serves.
    work = functools.partial(_records, source) if workers == 1 else make
    records = (record for made in in_order(work, pieces, workers, chunk=1) for record in made)
    for number in missing:
        first, length = manifest.plan()[number]
        shard = write_shard(folder, number, first, islice(records, length))
        manifest = replace(manifest, shards={**manifest.shards, number: shard})
        _write_manifest(manifest, folder)
        progress(sum(shard.records for shard in manifest.shards.values()), manifest.count)
    return manifest


def begin(
    dataset_folder: Path, folder: Path, count: int, config: AugmentConfig, *, workers: int = 1
) -> tuple[Manifest, MorphSource]:
    """All that comes before the first shard: check everything, and prepare the source.

    Returns:
        The manifest of what is in ``folder`` and whole, now on the disk, and the source.
    """
    import_tensorflow()
    dataset = Dataset.open(dataset_folder)
    manifest = _manifest(dataset, folder, count, config)
    source = prepare(dataset, config, folder / SOURCE, workers=workers)
    check_features(source)
    _write_manifest(manifest, folder)
    return manifest, source


def write_shard(folder: Path, number: int, first: int, records: Iterable[Record]) -> Shard:
    """Write a shard, whole or not at all.

    Raises:
        AugmentError: the disk does not take it.
    """
    tf = import_tensorflow()
    path = folder / f"morphs-{number:05}.tfrecord"
    beside = folder / f"{path.name}.partial"
    length = 0
    try:
        with tf.io.TFRecordWriter(str(beside)) as writer:
            for record in records:
                writer.write(to_example(record))
                length += 1
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        shard = Shard(number, path.name, first, length, beside.stat().st_size, sha256_of(beside))
        os.replace(beside, path)
    except (OSError, tf.errors.OpError) as error:
        raise AugmentError(_disk_message(path, error)) from error
    finally:
        beside.unlink(missing_ok=True)
    return shard


def _manifest(dataset: Dataset, folder: Path, count: int, config: AugmentConfig) -> Manifest:
    """The manifest of a folder whose shards are to be of these settings, with those shards that are whole."""
    if count < 1:
        raise AugmentError(f"The number of morphs must be at least 1, it is {count}.")
    manifest = Manifest(
        dataset=fingerprint(dataset),
        config=asdict(config),
        count=count,
        size=dataset.image_size,
        landmarks=dataset.landmarks.shape[1],
        feature_width=dataset.feature_width if config.features else 0,
        shards={},
    )
    before = read_manifest(folder)
    if before is None:
        return manifest
    if before.dataset != manifest.dataset:
        raise AugmentError(f"{folder} holds morphs of another dataset. Name another folder, or delete this one.")
    changed = [key for key, value in manifest.config.items() if before.config.get(key) != value]
    if changed:
        key = changed[0]
        raise AugmentError(
            f"{folder} holds morphs made with {key} = {before.config.get(key)!r}, not {manifest.config[key]!r}. "
            "Name another folder, or delete this one."
        )
    if count < before.count:
        raise AugmentError(f"{folder} is for {before.count} morphs, more than {count}. Name another folder.")
    return replace(manifest, shards={n: shard for n, shard in before.shards.items() if is_whole(folder, shard)})


def _write_manifest(manifest: Manifest, folder: Path) -> None:
    try:
        manifest.write(folder)
    except OSError as error:
        raise AugmentError(_disk_message(folder / "manifest.json", error)) from error


def _disk_message(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (
        f"{path} can't be written ({reason}). Make room on the disk and run the same command again: "
        "the shards that are finished stay."
    )


def _pieces(first: int, length: int) -> Iterator[range]:
    for start in range(first, first + length, _AT_ONCE):
        yield range(start, min(start + _AT_ONCE, first + length))


def _make_records(dataset_folder: Path, source_folder: Path, config: AugmentConfig, indices: range) -> list[Record]:
    return _records(open_once(dataset_folder, source_folder, config), indices)


def _records(source: MorphSource, indices: range) -> list[Record]:
    return [make_record(source, index) for index in indices]


@functools.lru_cache(maxsize=1)
def open_once(dataset_folder: Path, source_folder: Path, config: AugmentConfig) -> MorphSource:
    """The source that ``begin`` left, opened once in each process; ``begin`` has compared the hashes of the dataset."""
    return open_source(Dataset.open(dataset_folder, verify=False), config, source_folder)
