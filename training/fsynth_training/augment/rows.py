"""Morphs by their number, as arrays: what a fit asks for that must see the same morphs again after it was stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.morphs import morphed_face, on_background
from fsynth_training.augment.reading import finished_manifest
from fsynth_training.augment.records import check_features, features_of, import_tensorflow, parse_example
from fsynth_training.augment.source import MorphSource

Rows = dict[str, np.ndarray]
"""features (n, W) float32, landmarks (n, L, 2) float32 px, textures (n, S, S, 3) uint8 sRGB on a plain background."""


class LiveRows:
    """Morphs of ``source``, made as they are asked for. The dataset's encoder must be one that fsynth has."""

    def __init__(self, source: MorphSource) -> None:
        """See the class."""
        check_features(source)
        self.source = source

    def rows(self, start: int, count: int) -> Rows:
        """Morphs ``start``..``start + count``."""
        faces = [morphed_face(self.source, index) for index in range(start, start + count)]
        plain = np.float32(self.source.config.plain * 255)
        return {
            "features": np.stack([features_of(self.source, face) for face in faces]),
            "landmarks": np.stack([face.landmarks for face in faces]),
            "textures": np.stack([_round(on_background(face.texture, face.matte, plain)) for face in faces]),
        }


class ShardRows:
    """Morphs of a folder of shards, read one shard at a time; after the last one comes the first again.

    Raises:
        AugmentError: the folder lacks shards, or its morphs have no features.
    """

    def __init__(self, folder: Path) -> None:
        """See the class."""
        self.folder, self.manifest = folder, finished_manifest(folder)
        if not self.manifest.feature_width:
            raise AugmentError(f"{folder} holds morphs without features. Make others with --features.")
        self._open: tuple[int, list[bytes]] = (-1, [])

    def rows(self, start: int, count: int) -> Rows:
        """Morphs ``start``..``start + count``, counted past the end from the start again."""
        manifest, plain = self.manifest, np.float32(self.manifest.config["plain"] * 255)
        parsed = []
        for index in range(start, start + count):
            number, place = divmod(index % manifest.count, manifest.shard_size)
            example = parse_example(
                self._shard(number)[place],
                size=manifest.size,
                landmarks=manifest.landmarks,
                feature_width=manifest.feature_width,
            )
            parsed.append({name: value.numpy() for name, value in example.items()})
        textures = [_round(on_background(one["texture"], one["matte"], plain)) for one in parsed]
        return {
            "features": np.stack([one["features"] for one in parsed]),
            "landmarks": np.stack([one["landmarks"] for one in parsed]),
            "textures": np.stack(textures),
        }

    def _shard(self, number: int) -> list[bytes]:
        """The serialized records of a shard; the last one asked for is kept."""
        if self._open[0] != number:
            tf = import_tensorflow()
            path = self.folder / self.manifest.shards[number].file
            try:
                records = [bytes(record) for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()]
            except tf.errors.OpError as error:
                raise AugmentError(
                    f"{path} is damaged. Run the same fsynth train augment again to replace it."
                ) from error
            self._open = (number, records)
        return self._open[1]


def _round(values: np.ndarray) -> np.ndarray:
    return (values + np.float32(0.5)).astype(np.uint8)
