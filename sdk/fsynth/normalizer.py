"""A photo in, its normalized faces out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from fsynth.decoder.weights_file import weights_path
from fsynth.encoder import Encoder, encode_both_sides
from fsynth.engines import Decoded, Engine, no_encoder, open_engine
from fsynth.errors import ArgumentError, FsynthError, NoFaceError, WeightsError
from fsynth.faces import AlignedFace, Face, Photo, align, find_faces, read_photo

_BATCH_SIZE = 8  # faces that go through the networks together


@dataclass(frozen=True, eq=False)
class NormalizedFace:
    """The same person from the front, neutral and evenly lit; and what led there.

    Attributes:
        image: (224, 224, 3) uint8 sRGB, the normalized face.
        landmarks: (65, 2) float32, (x, y) in pixels of ``image``; ``fsynth.faces.LANDMARKS_65`` gives their order.
        texture: (224, 224, 3) uint8 sRGB, the face in the mean geometry, before the warp.
        features: (1024,) float32, the identity features it was made from: the mean of what the encoder sees in the
            photo and in its mirror image.
        aligned: the face as it is in the photo, cut out, and the way back to the photo.
    """

    image: np.ndarray
    landmarks: np.ndarray
    texture: np.ndarray
    features: np.ndarray
    aligned: AlignedFace


@dataclass(frozen=True, eq=False)
class _Cut:
    """What is needed of a photo once its face is found: the encoder's chip, and the aligned face."""

    chip: np.ndarray
    aligned: AlignedFace


class Normalizer:
    """Turns photos into normalized faces. ``fsynth.load`` makes one; it may be shared between threads.

    A photo is a path, a Pillow image or an array (H, W, 3) uint8 sRGB.
    """

    def __init__(self, engine: Engine) -> None:
        """Use ``engine`` for encoder and decoder.

        Raises:
            WeightsError: the decoder takes another number of features than its encoder gives.
        """
        width = engine.card.settings.feature_width
        if engine.encoder is not None and engine.encoder.feature_width != width:
            raise WeightsError(
                f"The weights {engine.card.name!r} take {width} features, and the encoder that they name, "
                f"{engine.encoder.name!r}, gives {engine.encoder.feature_width}: export them again."
            )
        self.engine = engine

    def __call__(self, photo: Photo) -> NormalizedFace:
        """Normalize the largest face of ``photo``.

        Raises:
            NoFaceError: no face was found.
            PhotoError, ArgumentError: the photo cannot be read.
        """
        return self._normalize([_cut_largest(photo, self._encoder())])[0]

    def all(self, photo: Photo) -> list[NormalizedFace]:
        """Normalize every face of ``photo``, largest first; an empty list if there is none.

        Raises:
            PhotoError, ArgumentError: the photo cannot be read.
        """
        image = read_photo(photo)
        return self.faces(image, find_faces(image))

    def faces(self, photo: Photo, faces: Iterable[Face]) -> list[NormalizedFace]:
        """Normalize ``faces`` of ``photo``, as ``find_faces`` returned them for it, in their order.

        Raises:
            PhotoError, ArgumentError: the photo cannot be read.
        """
        encoder = self._encoder()
        image = read_photo(photo)
        cuts = [_cut(image, face, encoder) for face in faces]
        batches = (cuts[start : start + _BATCH_SIZE] for start in range(0, len(cuts), _BATCH_SIZE))
        return [face for batch in batches for face in self._normalize(batch)]

    def stream(
        self,
        photos: Iterable[Photo],
        *,
        batch_size: int = _BATCH_SIZE,
        errors: Literal["raise", "yield"] = "raise",
    ) -> Iterator[NormalizedFace | FsynthError]:
        """Normalize the largest face of each of ``photos``, in their order, ``batch_size`` at a time.

        Memory holds one photo and the faces of one batch, however many photos there are.

        Args:
            photos: any iterable of photos; it may be endless.
            batch_size: faces that go through the networks together, and photos that are taken from ``photos`` ahead.
            errors: "raise" stops at the first photo that fails, after the faces of those before it; "yield" gives its
                error in its place and goes on.

        Raises:
            ArgumentError: ``photos`` is a single photo, or one of the other arguments is none of the above.
        """
        if isinstance(photos, (str, bytes)) or not isinstance(photos, Iterable):
            raise ArgumentError(
                f"`photos` must be an iterable of photos, not {type(photos).__name__}. For a single photo call the "
                "normalizer itself."
            )
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ArgumentError(f"`batch_size` must be an integer of at least 1, it is {batch_size!r}.")
        if errors not in ("raise", "yield"):
            raise ArgumentError(f"`errors` must be 'raise' or 'yield', it is {errors!r}.")
        return self._stream(iter(photos), int(batch_size), errors, self._encoder())

    def _stream(
        self, photos: Iterator[Photo], batch_size: int, errors: str, encoder: Encoder
    ) -> Iterator[NormalizedFace | FsynthError]:
        while batch := [_try_cut(photo, encoder) for photo in islice(photos, batch_size)]:
            normalized = iter(self._normalize([item for item in batch if isinstance(item, _Cut)]))
            for item in batch:
                if isinstance(item, _Cut):
                    yield next(normalized)
                elif errors == "yield":
                    yield item
                else:
                    raise item

    def decode(self, features: np.ndarray) -> Decoded:
        """Normalized faces from identity features, for features that come from elsewhere or are walks between people.

        Args:
            features: (N, W) float, W the feature width the weights were trained on.

        Returns:
            Images, landmarks and textures of the N faces, float32.

        Raises:
            ArgumentError: wrong shape, not numbers, or not finite.
        """
        width = self.engine.card.settings.feature_width
        try:
            given = np.asarray(features)
        except ValueError as error:
            raise ArgumentError(f"`features` must be (N, {width}) numbers, and its rows differ in length.") from error
        if given.ndim != 2 or given.shape[1] != width or given.dtype.kind not in "fiu":
            raise ArgumentError(
                f"`features` must be (N, {width}) numbers, they are {given.shape} of type {given.dtype}."
            )
        with np.errstate(over="ignore"):
            single = given.astype(np.float32)
        if not np.isfinite(single).all():
            raise ArgumentError("`features` must be finite as float32, and some are NaN, infinite or too large.")
        return self.engine.decode(single)

    def _encoder(self) -> Encoder:
        if self.engine.encoder is None:
            raise no_encoder(self.engine.card)
        return self.engine.encoder

    def _normalize(self, cuts: list[_Cut]) -> list[NormalizedFace]:
        if not cuts:
            return []
        features = encode_both_sides(self.engine, np.stack([cut.chip for cut in cuts]))
        decoded = self.engine.decode(features)
        images, textures = _to_bytes(decoded.images), _to_bytes(decoded.textures)
        return [
            NormalizedFace(images[i], decoded.landmarks[i], textures[i], features[i], cut.aligned)
            for i, cut in enumerate(cuts)
        ]


def load(
    weights: str | Path = "default", *, engine: Literal["onnx", "tensorflow"] = "onnx", device: str = "cpu"
) -> Normalizer:
    """Open weights for use.

    Args:
        weights: "default", the weights that ship with fsynth, or a path to an ``.onnx`` weights file.
        engine: "onnx" (ONNX Runtime, the light install) or "tensorflow" (``pip install "fsynth[tensorflow]"``).
        device: "cpu", "cuda", or with ONNX Runtime "dml" or "coreml".

    Raises:
        WeightsError: the weights are missing, damaged (sha256) or of another version.
        EngineError: the engine or the device is not there; the message says how to get it.
        ArgumentError: there is no engine or device of that name.
    """
    return Normalizer(open_engine(engine, weights_path(weights), device))


def _try_cut(photo: Photo, encoder: Encoder) -> _Cut | FsynthError:
    """The largest face of ``photo``, or the error that it gave, fit to be kept."""
    try:
        return _cut_largest(photo, encoder)
    except FsynthError as error:
        # Tracebacks hold the frames they passed through, and those the pixels of the photo.
        part: BaseException | None = error
        while part is not None:
            part.__traceback__ = None
            part = part.__cause__ or part.__context__
        return error


def _cut_largest(photo: Photo, encoder: Encoder) -> _Cut:
    image = read_photo(photo)
    faces = find_faces(image, smallest_share=1.0)
    if not faces:
        raise NoFaceError(
            f"No face was found in {_name(photo)}. A face should be at least about 20 pixels wide and not covered."
        )
    return _cut(image, faces[0], encoder)


def _cut(image: np.ndarray, face: Face, encoder: Encoder) -> _Cut:
    return _Cut(encoder.crop(image, face.mesh), align(image, face))


def _name(photo: Photo) -> str:
    """What a message calls ``photo``: its file if it has one."""
    if isinstance(photo, (str, os.PathLike)):
        return os.fspath(photo)
    file = getattr(photo, "filename", "") if isinstance(photo, Image.Image) else ""
    return str(file) or "the photo"


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
