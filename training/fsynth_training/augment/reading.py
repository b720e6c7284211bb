"""Morphs as ``tf.data`` pipelines: from shards, or made as they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.manifest import Manifest, read_manifest
from fsynth_training.augment.morphs import morphed_face
from fsynth_training.augment.records import check_features, features_of, import_tensorflow, parse_example
from fsynth_training.augment.source import MorphSource

if TYPE_CHECKING:
    from tensorflow import Tensor
    from tensorflow.data import Dataset as TensorDataset


def finished_manifest(folder: Path) -> Manifest:
    """The manifest of a folder whose shards are all there.

    Raises:
        AugmentError: there is none, or shards are missing or cut off (by their size; their hash is not computed).
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise AugmentError(f"{folder} holds no shards: it has no manifest.json. Make some with: fsynth train augment.")
    missing = set(manifest.missing())
    for shard in manifest.shards.values():
        path = folder / shard.file
        if not path.is_file() or path.stat().st_size != shard.bytes:
            missing.add(shard.number)
    if missing:
        raise AugmentError(
            f"{folder} lacks {len(missing)} of {len(manifest.plan())} shards, the first is number {min(missing)}: they "
            "were not finished, or were cut off. Run the same fsynth train augment again, it makes what is missing."
        )
    return manifest


def read_shards(folder: Path, *, seed: int | None = None) -> TensorDataset:
    """The morphs of a folder of shards, once through.

    Args:
        folder: as ``fsynth train augment`` left it.
        seed: shuffle the shards, and morphs among 16 of them at a time; None for the order of their numbers.

    Returns:
        A dataset of dictionaries, see ``parse_example``.

    Raises:
        AugmentError: the folder has no shards, or not all of them.
    """
    tf = import_tensorflow()
    manifest = finished_manifest(folder)
    files = [str(folder / manifest.shards[number].file) for number in sorted(manifest.shards)]
    if seed is None:
        serialized = tf.data.TFRecordDataset(files)
    else:
        shuffled = tf.data.Dataset.from_tensor_slices(files).shuffle(len(files), seed=seed)
        serialized = shuffled.interleave(
            tf.data.TFRecordDataset, cycle_length=16, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        serialized = serialized.shuffle(1024, seed=seed)

    def parse(record: Tensor) -> dict[str, Tensor]:
        return parse_example(
            record, size=manifest.size, landmarks=manifest.landmarks, feature_width=manifest.feature_width
        )

    return serialized.map(parse, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def on_the_fly(source: MorphSource, *, start: int = 0, count: int | None = None, threads: int = 2) -> TensorDataset:
    """The same morphs, made as they are needed and never stored.

    Args:
        source: as ``prepare`` gives it.
        start: number of the first morph.
        count: how many; None goes on for ever.
        threads: that make them.

    Returns:
        A dataset of dictionaries as that of ``read_shards``, in order; images are as PNG shards hold them.

    Raises:
        AugmentError: features are asked for that can't be had.
    """
    tf = import_tensorflow()
    check_features(source)
    features = source.config.features
    data = source.dataset
    size, landmarks = data.image_size, data.landmarks.shape[1]
    integers, floats = ("index", "face", "neighbour", "surround", "background"), ("landmark_weight", "texture_weight")
    signature: dict[str, tuple[Any, tuple[int, ...]]] = {
        **{name: (tf.int64, ()) for name in integers},
        **{name: (tf.float32, ()) for name in floats},
        "landmarks": (tf.float32, (landmarks, 2)),
        "image": (tf.uint8, (size, size, 3)),
        "texture": (tf.uint8, (size, size, 3)),
        "matte": (tf.uint8, (size, size)),
    }
    if features:
        signature["features"] = (tf.float32, (data.feature_width,))

    def make(index: np.int64) -> list[Any]:
        face = morphed_face(source, int(index))
        values = vars(face.morph) | {name: getattr(face, name) for name in ("landmarks", "image", "texture", "matte")}
        if features:
            values["features"] = features_of(source, face)
        return [np.asarray(values[name], dtype.as_numpy_dtype) for name, (dtype, _) in signature.items()]

    def make_tensors(index: Tensor) -> dict[str, Tensor]:
        made = tf.numpy_function(make, [index], [dtype for dtype, _ in signature.values()])
        shapes = ((name, shape) for name, (_, shape) in signature.items())
        return {name: tf.ensure_shape(value, shape) for value, (name, shape) in zip(made, shapes, strict=True)}

    end = np.iinfo(np.int64).max if count is None else start + count
    return tf.data.Dataset.range(start, end).map(make_tensors, num_parallel_calls=threads, deterministic=True)
