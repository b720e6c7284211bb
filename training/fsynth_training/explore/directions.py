"""The main directions of the feature space: how people's features differ most from one another."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from fsynth.errors import WeightsError
from fsynth_training.dataset.store import Dataset

COUNT = 8
"""So many directions are learned."""


@dataclass(frozen=True, eq=False)
class Directions:
    """Principal directions of the features of people.

    Attributes:
        mean: (W,) float32, the mean features. directions: (K, W) float32, orthonormal, the greatest first.
        spread: (K,) float32, the standard deviation of people along each.
        share: (K,) float32, the share of the variance between people that lies along each.
    """

    mean: np.ndarray
    directions: np.ndarray
    spread: np.ndarray
    share: np.ndarray

    def along(self, number: int, amount: float) -> np.ndarray:
        """(W,) the mean features moved ``amount`` standard deviations along direction ``number``.

        Behind a ReLU no feature is below 0, and none becomes so here.
        """
        return np.maximum(self.mean + amount * self.spread[number] * self.directions[number], 0)


def learn(dataset: Dataset, count: int = COUNT) -> Directions:
    """The directions along which people of ``dataset`` differ most; each counts once, as the mean of their photos."""
    people = np.unique(dataset.photo_identity)
    photos = np.array(dataset.features[:, :2]).mean(axis=1)
    means = np.stack([photos[dataset.photo_identity == person].mean(axis=0) for person in people])
    centre = means.mean(axis=0)
    _, values, directions = np.linalg.svd(means - centre, full_matrices=False)
    count = min(count, len(people) - 1)
    variances = values**2
    return Directions(
        centre.astype(np.float32),
        directions[:count].astype(np.float32),
        np.sqrt(variances[:count] / len(people)).astype(np.float32),
        (variances[:count] / variances.sum()).astype(np.float32),
    )


def save(directions: Directions, path: Path) -> None:
    """Write ``directions`` to ``path`` (.npz), whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        np.savez(file, **{name: value.astype(np.float16) for name, value in vars(directions).items()})
    partial.replace(path)


def shipped() -> Directions:
    """The directions of FaceRes over the people of the default dataset."""
    file = resources.files("fsynth_training.explore") / "faceres.npz"
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return Directions(**{name: stored[name].astype(np.float32) for name in stored.files})
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(f"{file} is missing or damaged: install fsynth again.") from error
