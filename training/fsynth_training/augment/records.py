"""A morph as a record of a TFRecord shard: a ``tf.train.Example``, and back.

=================  ======================  =====================================================================
index              int64                   number of the morph
face, neighbour,   int64                   rows of the dataset it is made of: A, B and whose hair it is
surround
background         int64                   row of the dataset's backgrounds, -1 for plain
landmark_weight,   float                   weights of B, 0..1
texture_weight
landmarks          float, 2 L              x, y of each landmark in pixels
image, texture     bytes                   PNG or JPEG, S x S, sRGB; see ``MorphedFace``
matte              bytes                   PNG, S x S, grey
features           float, W                of ``image`` by the dataset's encoder, if asked for
=================  ======================  =====================================================================
"""

from __future__ import annotations

import functools
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from fsynth import encoder
from fsynth.errors import EngineError
from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.morphs import MorphedFace, mesh_of, morphed_face
from fsynth_training.augment.source import MorphSource

if TYPE_CHECKING:
    from tensorflow import Tensor

Record = dict[str, Any]
"""The values of a record by name: int, float, bytes or a float array."""

_INTEGERS = ("index", "face", "neighbour", "surround", "background")
_FLOATS = ("landmark_weight", "texture_weight")


def make_record(source: MorphSource, index: int) -> Record:
    """Morph ``index`` of ``source``, encoded; a pure function of both, as ``morphed_face`` is."""
    face = morphed_face(source, index)
    record: Record = asdict(face.morph) | {
        "landmarks": face.landmarks.ravel(),
        "image": _encode_image(face.image, source.config),
        "texture": _encode_image(face.texture, source.config),
        "matte": _encode_png(face.matte),
    }
    if source.config.features:
        record["features"] = features_of(source, face)
    return record


def features_of(source: MorphSource, face: MorphedFace) -> np.ndarray:
    """Identity features (W,) of a morph's image by the dataset's encoder.

    Raises:
        AugmentError: the dataset's features are of no encoder that fsynth has.
    """
    network = _open_encoder(_encoder_name(source))
    chip = network.crop(face.image, mesh_of(source, face.landmarks))
    return network.encode(chip[None])[0]


def check_features(source: MorphSource) -> None:
    """Raise AugmentError if features are asked for and can't be had, before any work is done."""
    if source.config.features:
        _open_encoder(_encoder_name(source))


def import_tensorflow() -> Any:
    """TensorFlow, or EngineError with the line that installs it."""
    try:
        import tensorflow
    except ImportError as error:
        raise EngineError('Shards of morphs need TensorFlow. Install it: pip install "fsynth[tensorflow]"') from error
    return tensorflow


def to_example(record: Record) -> bytes:
    """``record`` as a serialized ``tf.train.Example``, the same bytes every time."""
    train = import_tensorflow().train

    def feature(value: Any) -> Any:
        if isinstance(value, bytes):
            return train.Feature(bytes_list=train.BytesList(value=[value]))
        if isinstance(value, int):
            return train.Feature(int64_list=train.Int64List(value=[value]))
        return train.Feature(float_list=train.FloatList(value=np.atleast_1d(value)))

    features = train.Features(feature={name: feature(value) for name, value in record.items()})
    serialized: bytes = train.Example(features=features).SerializeToString(deterministic=True)
    return serialized


def parse_example(serialized: Tensor, *, size: int, landmarks: int, feature_width: int) -> dict[str, Tensor]:
    """A serialized record as tensors, images decoded; for ``tf.data.Dataset.map``.

    Args:
        serialized: a scalar string.
        size: S. landmarks: L.
        feature_width: W, 0 for records without features.

    Returns:
        ``image`` and ``texture`` (S, S, 3) uint8, ``matte`` (S, S) uint8, ``landmarks`` (L, 2) float32, ``features``
        (W,) float32 if W > 0, and the scalars of ``Morph``: int64 and float32.
    """
    tf = import_tensorflow()
    scalars = {name: tf.io.FixedLenFeature([], tf.int64) for name in _INTEGERS}
    scalars |= {name: tf.io.FixedLenFeature([], tf.float32) for name in _FLOATS}
    images = {name: tf.io.FixedLenFeature([], tf.string) for name in ("image", "texture", "matte")}
    arrays = {"landmarks": tf.io.FixedLenFeature([landmarks, 2], tf.float32)}
    if feature_width:
        arrays["features"] = tf.io.FixedLenFeature([feature_width], tf.float32)
    parsed: dict[str, Tensor] = tf.io.parse_single_example(serialized, scalars | images | arrays)
    for name in ("image", "texture"):
        # decode_png reads JPEG, too.
        parsed[name] = tf.ensure_shape(tf.io.decode_png(parsed[name], channels=3), (size, size, 3))
    parsed["matte"] = tf.ensure_shape(tf.io.decode_png(parsed["matte"], channels=1), (size, size, 1))[..., 0]
    return parsed


def _encoder_name(source: MorphSource) -> str:
    name = source.dataset.encoder
    if name not in encoder.NAMES:
        raise AugmentError(
            f"The dataset's features are of the encoder {name!r}, which fsynth does not have, so morphs can't be "
            "encoded. Turn features off (features = false, or --no-features)."
        )
    assert name is not None
    return name


@functools.lru_cache(maxsize=1)
def _open_encoder(name: str) -> encoder.Encoder:
    return encoder.load(name)


def _encode_image(image: np.ndarray, config: AugmentConfig) -> bytes:
    if config.image_format == "png":
        return _encode_png(image)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=config.jpeg_quality, subsampling=0)
    return stream.getvalue()


def _encode_png(image: np.ndarray) -> bytes:
    stream = io.BytesIO()
    # Level 6, the usual one, takes four times as long and saves a tenth.
    Image.fromarray(image).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
