"""What the identity fit is shown: features of photos, of degraded photos, and of mixtures of two people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.both_sides import both_sides
from fsynth_training.fit.linear_config import LinearConfig
from fsynth_training.fit.samples import unit


@dataclass(frozen=True, eq=False)
class FeaturePool:
    """Features to train on.

    Attributes:
        inputs: (P, W), of photos as they are, mirrored (both the mean of the two) and degraded.
        goals: (P, W), what the output should look like: halfway between the photo and the mean of its person's photos.
        person: (P,) int.
        coefficients: (P, K), the clean target in the face space, NaN where there is none.
        view: (P,) int, 0 for the photo as it is, 1 mirrored, 2.. degraded.
        second_goals: (P, K), the same as ``goals`` by the second recogniser; K = 0 without one.
    """

    inputs: np.ndarray
    goals: np.ndarray
    person: np.ndarray
    coefficients: np.ndarray
    view: np.ndarray
    second_goals: np.ndarray


def feature_pool(dataset: Dataset, coefficients: np.ndarray, *, unlabelled: bool = True) -> FeaturePool:
    """All views of all photos of people that are not held out.

    Args:
        dataset: the dataset.
        coefficients: (2 N, K), of its targets and then of their mirror images.
        unlabelled: whether photos without a target are among them.
    """
    used = ~dataset.validation[dataset.photo_identity] & (unlabelled | (dataset.photo_target >= 0))
    rows = np.flatnonzero(used)
    features, person = np.array(dataset.features[rows]), dataset.photo_identity[rows]
    length = np.linalg.norm(features[:, :2], axis=2).mean()
    goals = _towards_mean(features[:, :2], person) * length
    second = dataset.second_features
    second_goals = np.zeros((len(rows), 0), np.float32) if second is None else _towards_mean(second[rows], person)
    target = dataset.photo_target[rows]
    both = target[:, None] + len(dataset.textures) * dataset.view_mirrored[rows]
    wanted = np.where((target >= 0)[:, None, None], coefficients[both], np.nan).astype(np.float32)
    views = features.shape[1]
    return FeaturePool(
        inputs=both_sides(features).reshape(-1, features.shape[-1]),
        goals=np.repeat(goals, views, axis=0),
        person=np.repeat(person, views),
        coefficients=wanted.reshape(-1, wanted.shape[-1]),
        view=np.tile(np.arange(views), len(rows)),
        second_goals=np.repeat(second_goals, views, axis=0),
    )


def _towards_mean(features: np.ndarray, person: np.ndarray) -> np.ndarray:
    """(N, W) of length 1, halfway between each photo, features (N, 2, W) of it and its mirror image, and its person."""
    own = unit(features.mean(axis=1))
    mean = np.zeros((person.max() + 1, own.shape[1]), np.float32)
    np.add.at(mean, person, own)
    return unit(own + unit(mean)[person])


class Batches:
    """Batch number k, a function of the pool, the configuration and k alone.

    Half of a batch are single people, half mixtures of two. Each sample comes with an other view of the same person for
    the consistency term.
    """

    def __init__(self, pool: FeaturePool, config: LinearConfig) -> None:
        self.pool, self.config = pool, config
        self._order = np.argsort(pool.person, kind="stable")
        people = pool.person[self._order]
        self._starts = np.searchsorted(people, pool.person, "left")
        self._ends = np.searchsorted(people, pool.person, "right")
        self._plain, self._degraded = np.flatnonzero(pool.view < 2), np.flatnonzero(pool.view >= 2)

    def batch(self, step: int) -> dict[str, np.ndarray]:
        """Batch number ``step``: inputs, goals, other, second_goals, coefficients; and paired, clean (B,) 0 or 1."""
        pool, rng = self.pool, np.random.default_rng([self.config.seed, step])
        first, stranger = self._rows(rng), self._rows(rng)
        weight = rng.uniform(*self.config.mix_range, self.config.batch).astype(np.float32)
        weight[::2] = 1
        mixed = weight[:, None]
        other = self._order[rng.integers(self._starts[first], self._ends[first])]
        clean = np.isfinite(pool.coefficients[first, 0]) & (weight == 1)
        return {
            "inputs": np.maximum(mixed * pool.inputs[first] + (1 - mixed) * pool.inputs[stranger], 0),
            "goals": np.maximum(mixed * pool.goals[first] + (1 - mixed) * pool.goals[stranger], 0),
            "second_goals": mixed * pool.second_goals[first] + (1 - mixed) * pool.second_goals[stranger],
            "other": pool.inputs[other],
            "paired": (weight == 1).astype(np.float32),
            "coefficients": np.nan_to_num(pool.coefficients[first]),
            "clean": clean.astype(np.float32),
        }

    def _rows(self, rng: np.random.Generator) -> np.ndarray:
        count = self.config.batch
        rows = rng.choice(self._plain, count)
        if not len(self._degraded):
            return rows
        return np.where(rng.random(count) < self.config.plain, rows, rng.choice(self._degraded, count))
