"""Baselines that need no training: the mean face for everybody, and the nearest face of the training set."""

from __future__ import annotations

import hashlib

import numpy as np

from fsynth.errors import ArgumentError
from fsynth_training.dataset.store import Dataset
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.synthesize import Synthesized
from fsynth_training.evaluate.targets_mix import TargetMix


class MeanFace:
    """Everybody's normalized face is the mean of the training targets."""

    name, kind = "mean face", "baseline"

    def __init__(self, mix: TargetMix) -> None:
        """Mix the targets of ``mix``."""
        self._mix = mix
        self.mean_landmarks = mix.mean_landmarks

    @property
    def key(self) -> str:
        """What its results are kept under."""
        return f"mean-{digest(self._mix.dataset)}"

    def synthesize(self, photos: EvaluationPhotos) -> Synthesized:
        """The mean face, once for each of ``photos``."""
        one = self._mix.synthesize(np.full((1, len(self._mix)), 1 / len(self._mix)))
        images, landmarks, textures = (
            np.repeat(column, len(photos), axis=0) for column in (one.images, one.landmarks, one.textures)
        )
        return Synthesized(images, landmarks, textures, self.mean_landmarks)


class NearestFace:
    """The target of the training person whose features are the most like the photograph's (centred cosine)."""

    name, kind = "nearest training face", "baseline"

    def __init__(self, mix: TargetMix) -> None:
        """Choose among the targets of ``mix``.

        Raises:
            ArgumentError: the dataset's features are of no encoder that fsynth has.
        """
        self._mix = mix
        self.mean_landmarks = mix.mean_landmarks
        self.encoder = encoder_of(mix.dataset)
        features = unit(np.asarray(mix.dataset.target_features)[mix.rows])
        self._mean = features.mean(axis=0)
        self._gallery = unit(features - self._mean)

    @property
    def key(self) -> str:
        """What its results are kept under."""
        return f"nearest-{digest(self._mix.dataset)}"

    def synthesize(self, photos: EvaluationPhotos) -> Synthesized:
        """The nearest target of each of ``photos``."""
        cosine = unit(unit(photos.features_for(self.encoder)) - self._mean) @ self._gallery.T
        coefficients = np.zeros((len(photos), len(self._mix)))
        coefficients[np.arange(len(photos)), cosine.argmax(axis=1)] = 1
        return self._mix.synthesize(coefficients)


def unit(vectors: np.ndarray) -> np.ndarray:
    """``vectors`` (N, W) at length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def digest(dataset: Dataset) -> str:
    """What results that rest on ``dataset`` are kept under: sha256 of features, landmarks and some pixels."""
    state = hashlib.sha256()
    for array in (dataset.target_features, dataset.landmarks, dataset.features, dataset.validation):
        state.update(np.ascontiguousarray(array).tobytes())
    state.update(np.ascontiguousarray(dataset.textures[:, ::16, ::16]).tobytes())
    return state.hexdigest()


def encoder_of(dataset: Dataset) -> str:
    """The name of the encoder whose features ``dataset`` holds.

    Raises:
        ArgumentError: they are of no encoder that fsynth has.
    """
    if dataset.encoder is None:
        raise ArgumentError(
            "The dataset has features that fsynth has no encoder for: baselines cannot be made of it for photographs."
        )
    return dataset.encoder
