"""The yardstick: ridge regression from features to textures, mattes and landmarks, with its gain tuned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth import encoder
from fsynth.errors import ArgumentError
from fsynth_training.dataset.store import Dataset
from fsynth_training.evaluate.baselines import digest, encoder_of, unit
from fsynth_training.evaluate.meshes import meshes_of
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.resemblance import auc, distances
from fsynth_training.evaluate.synthesize import Synthesized
from fsynth_training.evaluate.targets_mix import TargetMix

PENALTIES = (0.01, 0.1, 1.0, 10.0)
"""Ridge penalties that are tried, of the mean variance of a feature times the number of rows."""

GAINS = (1.0, 1.5, 2.0, 2.5)
"""Gains that are tried. Regression shrinks faces towards the mean; a gain above 1 moves them away again."""

_TRIED = 96  # photographs that penalty and gain are tuned on


@dataclass(frozen=True)
class Tuning:
    """Penalty and gain of a ridge regression, see ``PENALTIES`` and ``GAINS``."""

    penalty: float
    gain: float


class Ridge:
    """Ridge regression on the targets of a dataset; every view of a photograph is a row."""

    kind = "baseline"

    def __init__(self, mix: TargetMix, tuning: Tuning) -> None:
        """Fit to ``mix``.

        Raises:
            ArgumentError: the dataset's features are of no encoder that fsynth has.
        """
        self._mix, self.tuning, self.encoder = mix, tuning, encoder_of(mix.dataset)
        self.name = f"ridge regression, gain {tuning.gain:g}"
        self.mean_landmarks = mix.mean_landmarks
        rows, column = training_rows(mix.dataset, mix)
        self.mean_features = unit(rows).mean(axis=0)
        centred = unit(rows) - self.mean_features
        square = (centred.T @ centred).astype(np.float64)
        width = len(square)
        square += np.eye(width) * tuning.penalty * np.trace(square) / width
        belongs = np.zeros((len(rows), len(mix)), np.float32)
        belongs[np.arange(len(rows)), column] = 1
        self._average = belongs.mean(axis=0)
        self._matrix = np.linalg.solve(square, (centred.T @ belongs).astype(np.float64))

    @property
    def key(self) -> str:
        """What its results are kept under."""
        return f"ridge-{self.tuning.gain}-{self.tuning.penalty}-{digest(self._mix.dataset)}"

    def synthesize(self, photos: EvaluationPhotos) -> Synthesized:
        """What the regression gives for ``photos``."""
        return self._mix.synthesize(self.coefficients(photos.features_for(self.encoder)))

    def coefficients(self, features: np.ndarray) -> np.ndarray:
        """How much (P, targets) of each target is in the faces of ``features`` (P, W)."""
        deviation = self.tuning.gain * (unit(features) - self.mean_features) @ self._matrix
        # Deviations are from the mean target: what they take away from it goes back.
        return deviation + (1 - deviation.sum(axis=1, keepdims=True)) * self._average


def tune(mix: TargetMix) -> Tuning:
    """Choose penalty and gain on the people whom the dataset holds out, and on nobody of an evaluation.

    The penalty is the one with the least error of landmarks; the gain the one whose outputs the dataset's own encoder
    tells apart best (area under the ROC curve).

    Raises:
        ArgumentError: the dataset holds out fewer than two people with targets.
    """
    features, identity, landmarks = _held_out(mix.dataset)

    def error(penalty: float) -> float:
        made = mix.landmarks(Ridge(mix, Tuning(penalty, 1.0)).coefficients(features))
        return float(np.abs(made - landmarks).mean())

    penalty = min(PENALTIES, key=error)

    def told_apart(gain: float) -> float:
        ridge = Ridge(mix, Tuning(penalty, gain))
        images = mix.synthesize(ridge.coefficients(features)).images
        network = encoder.load(ridge.encoder)
        pairs = zip(images, meshes_of(images), strict=True)
        seen = network.encode(np.stack([network.crop(image, mesh) for image, mesh in pairs]))
        made, wanted = (unit(unit(vectors) - ridge.mean_features) for vectors in (seen, features))
        distance, same = distances(made, wanted), identity[:, None] == identity
        return auc(-distance[same], -distance[~same])

    return Tuning(penalty, max(GAINS, key=told_apart))


def training_rows(dataset: Dataset, mix: TargetMix) -> tuple[np.ndarray, np.ndarray]:
    """Features (R, W) of every view of the photographs of ``mix``, and which of its targets each belongs to (R,)."""
    place = np.full(len(dataset.target_identity), -1)
    place[mix.rows] = np.arange(len(mix.rows))
    target = np.asarray(dataset.photo_target)
    used = np.flatnonzero((target >= 0) & (place[target] >= 0))
    column = place[target[used]][:, None] + len(mix.rows) * np.asarray(dataset.view_mirrored)[used]
    features = np.asarray(dataset.features)[used]
    return features.reshape(-1, features.shape[2]), column.ravel()


def _held_out(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (P, W), identities (P,) and target landmarks (P, L, 2) of photographs of people who are held out."""
    target, identity = np.asarray(dataset.photo_target), np.asarray(dataset.photo_identity)
    rows = np.flatnonzero((target >= 0) & np.asarray(dataset.validation)[identity])
    if len(np.unique(identity[rows])) < 2:
        raise ArgumentError(
            "The dataset holds out fewer than two people with targets, and ridge regression's gain is tuned on such. "
            "Prepare it with a validation share above 0."
        )
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), _TRIED)).astype(int)]
    return np.asarray(dataset.features)[rows, 0], identity[rows], np.asarray(dataset.landmarks)[target[rows]]
