"""Makers of normalized faces: what they all give, and weights files as such."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

import fsynth
from fsynth.decoder.weights_file import weights_path
from fsynth.errors import ArgumentError
from fsynth_training.evaluate.photos import EvaluationPhotos

_BATCH = 32


@dataclass(frozen=True, eq=False)
class Synthesized:
    """Normalized faces of N photographs.

    Attributes:
        images: (N, 224, 224, 3) uint8 sRGB.
        landmarks: (N, 65, 2) float32 (x, y) in pixels of the images.
        textures: (N, 224, 224, 3) float32 sRGB 0..1, in the geometry of ``mean_landmarks``.
        mean_landmarks: (65, 2) float.
    """

    images: np.ndarray
    landmarks: np.ndarray
    textures: np.ndarray
    mean_landmarks: np.ndarray


class Maker(Protocol):
    """Makes normalized faces of photographs: a weights file, or a baseline.

    Attributes:
        name: how tables call it.
        kind: "weights" or "baseline".
        key: what its results are kept under; differs between makers that differ.
        mean_landmarks: (65, 2) px, the geometry of its textures.
    """

    name: str
    kind: str
    mean_landmarks: np.ndarray

    @property
    def key(self) -> str:
        """See above."""

    def synthesize(self, photos: EvaluationPhotos) -> Synthesized:
        """Normalized faces of ``photos``."""


class Weights:
    """A weights file as a maker of normalized faces."""

    kind = "weights"

    def __init__(self, path: str | Path, name: str = "") -> None:
        """Open ``path``; ``name`` is how tables call it, the file's name if empty.

        Raises:
            WeightsError: as ``fsynth.load``.
            ArgumentError: the weights take features of no encoder that fsynth has, or other sizes than 224 px and 65
                landmarks.
        """
        self._normalizer = fsynth.load(path)
        self.key = hashlib.sha256(weights_path(path).read_bytes()).hexdigest()
        card = self._normalizer.engine.card
        if card.encoder is None:
            raise ArgumentError(
                f"{path} takes features that fsynth has no encoder for: it cannot be evaluated from photographs."
            )
        if (card.settings.image_size, card.settings.landmarks) != (224, 65):
            raise ArgumentError(f"{path} does not make 224 x 224 px with 65 landmarks, which the evaluation measures.")
        self.name = name or Path(path).stem
        self.encoder: str = card.encoder
        self.mean_landmarks = np.asarray(card.mean_landmarks, np.float64)

    def synthesize(self, photos: EvaluationPhotos) -> Synthesized:
        """Normalized faces of ``photos``."""
        return self.decode(photos.features_for(self.encoder))

    def decode(self, features: np.ndarray) -> Synthesized:
        """Normalized faces of ``features`` (N, W)."""
        images, landmarks, textures = [], [], []
        for start in range(0, len(features), _BATCH):
            part = self._normalizer.decode(features[start : start + _BATCH])
            images.append((part.images * 255 + 0.5).astype(np.uint8))
            landmarks.append(part.landmarks)
            textures.append(part.textures)
        return Synthesized(
            np.concatenate(images), np.concatenate(landmarks), np.concatenate(textures), self.mean_landmarks
        )
