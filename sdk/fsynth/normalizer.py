"""A photo in, its normalized faces out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from fsynth import encoder
from fsynth.decoder.weights_file import weights_path
from fsynth.engines import Decoded, Engine, no_encoder, open_engine
from fsynth.errors import ArgumentError, FsynthError, NoFaceError
from fsynth.faces import AlignedFace, Face, Photo, align, find_faces, read_photo


@dataclass(frozen=True, eq=False)
class NormalizedFace:
    """The same person from the front, neutral and evenly lit; and what led there.

    Attributes:
        image: (224, 224, 3) uint8 sRGB, the normalized face.
        landmarks: (65, 2) float32, (x, y) in pixels of ``image``; ``fsynth.faces.LANDMARKS_65`` gives their order.
        texture: (224, 224, 3) uint8 sRGB, the face in the mean geometry, before the warp.
        features: (1024,) float32, the identity features it was made from.
        aligned: the face as it is in the photo, cut out, and the way back to the photo.
    """

    image: np.ndarray
    landmarks: np.ndarray
    texture: np.ndarray
    features: np.ndarray
    aligned: AlignedFace


class Normalizer:
    """Turns photos into normalized faces. ``fsynth.load`` makes one; it may be shared between threads.

    A photo is a path, a Pillow image or an array (H, W, 3) uint8 sRGB.
    """

    def __init__(self, engine: Engine) -> None:
        """Use ``engine`` for encoder and decoder."""
        self.engine = engine
        if engine.card.encoder is not None:
            self._encoder = encoder.load(engine.card.encoder)

    def __call__(self, photo: Photo) -> NormalizedFace:
        """Normalize the largest face of ``photo``.

        Raises:
            NoFaceError: no face was found.
            PhotoError, ArgumentError: the photo cannot be read.
        """
        image = read_photo(photo)
        return self._normalize([(image, _largest(image, photo))])[0]

    def all(self, photo: Photo) -> list[NormalizedFace]:
        """Normalize every face of ``photo``, largest first; an empty list if there is none.

        Raises:
            PhotoError, ArgumentError: the photo cannot be read.
        """
        image = read_photo(photo)
        found = [(image, face) for face in find_faces(image)]
        return [face for start in range(0, len(found), 8) for face in self._normalize(found[start : start + 8])]

    def stream(
        self, photos: Iterable[Photo], *, batch_size: int = 8, errors: Literal["raise", "yield"] = "raise"
    ) -> Iterator[NormalizedFace | FsynthError]:
        """Normalize the largest face of each of ``photos``, in their order, ``batch_size`` at a time.

        Memory holds one batch of photos, however many there are.

        Args:
            photos: any iterable of photos; it may be endless.
            batch_size: photos that go through the networks together.
            errors: "raise" stops at the first photo that fails; "yield" gives its error in its place and goes on.
        """
        if batch_size < 1:
            raise ArgumentError(f"`batch_size` must be at least 1, it is {batch_size}.")
        if errors not in ("raise", "yield"):
            raise ArgumentError(f"`errors` must be 'raise' or 'yield', it is {errors!r}.")
        return self._stream(iter(photos), batch_size, errors)

    def _stream(self, photos: Iterator[Photo], batch_size: int, errors: str) -> Iterator[NormalizedFace | FsynthError]:
        while batch := list(islice(photos, batch_size)):
            found: list[tuple[np.ndarray, Face]] = []
            failed: dict[int, FsynthError] = {}
            for number, photo in enumerate(batch):
                try:
                    image = read_photo(photo)
                    found.append((image, _largest(image, photo)))
                except FsynthError as error:
                    if errors == "raise":
                        raise
                    failed[number] = error
            normalized = iter(self._normalize(found) if found else [])
            for number in range(len(batch)):
                yield failed[number] if number in failed else next(normalized)

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
        features = np.asarray(features)
        if features.ndim != 2 or features.shape[1] != width or features.dtype.kind not in "fiu":
            raise ArgumentError(
                f"`features` must be (N, {width}) numbers, they are {features.shape} of type {features.dtype}."
            )
        if not np.isfinite(features).all():
            raise ArgumentError("`features` must be finite, and some are NaN or infinite.")
        return self.engine.decode(features.astype(np.float32))

    def _normalize(self, found: list[tuple[np.ndarray, Face]]) -> list[NormalizedFace]:
        if self.engine.card.encoder is None:
            raise no_encoder(self.engine.card)
        chips = np.stack([self._encoder.crop(image, face.mesh) for image, face in found])
        features = self.engine.encode(chips)
        decoded = self.engine.decode(features)
        images, textures = _to_bytes(decoded.images), _to_bytes(decoded.textures)
        return [
            NormalizedFace(images[i], decoded.landmarks[i], textures[i], features[i], align(image, face))
            for i, (image, face) in enumerate(found)
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


def _largest(image: np.ndarray, photo: Photo) -> Face:
    faces = find_faces(image)
    if faces:
        return faces[0]
    name = f"in {photo}" if isinstance(photo, (str, Path)) else "in the photo"
    raise NoFaceError(f"No face was found {name}. A face should be at least about 20 pixels wide and not covered.")


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
