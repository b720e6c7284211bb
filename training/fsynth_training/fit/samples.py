"""The batches of a fit: batch number k is a function of the dataset, the configuration and k alone.

So a fit that goes on at step k sees what it would have seen, whatever happened before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fsynth.faces import MIRROR_65
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.config import NetworkConfig
from fsynth_training.fit.errors import FitError

Batch = dict[str, np.ndarray]
"""Arrays of B rows.

features (B, W) float32, what the decoder gets. goals (B, W) float32 of length 1, what the encoder should see in the
output. landmarks (B, L, 2) float32 px and textures (B, S, S, 3) uint8 sRGB, the target; labelled (B,) float32, 1 where
there is one. others (B, W) float32, another photo of the same person, where paired (B,) float32 is 1.
"""


class Morphs(Protocol):
    """An endless sequence of random morphs."""

    def rows(self, start: int, count: int) -> dict[str, np.ndarray]:
        """Morphs ``start``..``start + count``: features (n, W), landmarks (n, L, 2), textures (n, S, S, 3) uint8."""


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """Of the unit-length features of all people who are not held out.

    mean: (W,). spread: the standard deviation of what is left, over all entries. smallest: the least entry.
    """

    mean: np.ndarray
    spread: float
    smallest: float


def statistics(dataset: Dataset) -> FeatureStatistics:
    """Mean and spread of the features of the photos that are fitted to, in all their views."""
    rows = np.flatnonzero(~dataset.validation[dataset.photo_identity])
    total, squares, count, smallest = np.zeros(dataset.feature_width), 0.0, 0, np.inf
    for start in range(0, len(rows), 1024):
        part = unit(dataset.features[rows[start : start + 1024]].reshape(-1, dataset.feature_width))
        total += part.sum(axis=0, dtype=np.float64)
        squares += float(np.square(part, dtype=np.float64).sum())
        count += len(part)
        smallest = min(smallest, float(part.min()))
    mean = total / count
    variance = squares / (count * len(mean)) - float(np.square(mean).mean())
    return FeatureStatistics(mean.astype(np.float32), float(np.sqrt(max(variance, 1e-12))), smallest)


def unit(features: np.ndarray) -> np.ndarray:
    """Features (..., W) at length 1; zeros stay zeros."""
    return features / np.maximum(np.linalg.norm(features, axis=-1, keepdims=True), 1e-12)


class Samples:
    """Makes the batches of a fit.

    Args:
        dataset: what to learn from.
        config: shares, views, batch size, seed.
        morphs: where morphs come from, if ``config.data.morphs`` asks for any.

    Raises:
        FitError: the dataset does not hold what the configuration asks for.
    """

    def __init__(self, dataset: Dataset, config: NetworkConfig, morphs: Morphs | None = None) -> None:
        self.dataset, self.config, self.morphs = dataset, config, morphs
        fitted = ~dataset.validation[dataset.photo_identity]
        has_target = dataset.photo_target >= 0
        self._labelled = np.flatnonzero(fitted & has_target)
        self._unlabelled = np.flatnonzero(fitted & ~has_target)
        self._all = np.flatnonzero(fitted)
        self.validation_rows = _spread_out(np.flatnonzero(~fitted & has_target), config.data.validation_photos)
        self._counts = _row_counts(config)
        self._check()
        self._order = np.argsort(dataset.photo_identity, kind="stable")
        self._people = np.asarray(dataset.photo_identity)[self._order]
        self._means = _person_means(dataset)
        self.statistics = statistics(dataset)

    def batch(self, step: int) -> Batch:
        """Batch number ``step``, from 0."""
        rng = np.random.default_rng([self.config.seed, 1, step])
        labelled, unlabelled, mixed, morphs = self._counts
        parts = []
        if labelled:
            parts.append(self._photos(self._turn(self._labelled, 2, step * labelled, labelled), rng))
        if unlabelled:
            parts.append(self._photos(self._turn(self._unlabelled, 3, step * unlabelled, unlabelled), rng))
        if mixed:
            parts.append(self._mixtures(mixed, rng))
        if morphs:
            assert self.morphs is not None
            parts.append(self._morph_rows(self.morphs.rows(step * morphs, morphs)))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def validation(self, size: int) -> Iterator[Batch]:
        """The photos of held-out people as they are, in batches of ``size``; the rest that fills none is left out.

        With fewer than ``size`` photos there is one batch of them all.
        """
        size = max(1, min(size, len(self.validation_rows)))
        for start in range(0, len(self.validation_rows) - size + 1, size):
            rows = self.validation_rows[start : start + size]
            yield self._of_views(rows, np.zeros(len(rows), int), np.random.default_rng(0))

    def targets(self, rows: np.ndarray, mirrored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Landmarks (n, L, 2) and textures (n, S, S, 3) uint8 on the plain background of the targets of photos."""
        target = self.dataset.photo_target[rows]
        alpha = self.dataset.mattes[target][..., None].astype(np.float32) / 255
        background = np.float32(255 * self.config.decoder.background)
        textures = (self.dataset.textures[target] * alpha + background * (1 - alpha) + 0.5).astype(np.uint8)
        landmarks = np.array(self.dataset.landmarks[target])
        if mirrored.any():
            textures[mirrored] = textures[mirrored, :, ::-1]
            flipped = landmarks[mirrored][:, MIRROR_65]
            flipped[..., 0] = self.dataset.image_size - 1 - flipped[..., 0]
            landmarks[mirrored] = flipped
        return landmarks, textures

    def _turn(self, rows: np.ndarray, stream: int, start: int, count: int) -> np.ndarray:
        """Rows ``start``..``start + count`` of an endless sequence that shuffles ``rows`` anew each time through."""
        positions = np.arange(start, start + count)
        turns = positions // len(rows)
        chosen = np.empty(count, int)
        for turn in np.unique(turns):
            order = np.random.default_rng([self.config.seed, stream, int(turn)]).permutation(rows)
            here = turns == turn
            chosen[here] = order[positions[here] % len(rows)]
        return chosen

    def _photos(self, rows: np.ndarray, rng: np.random.Generator) -> Batch:
        return self._of_views(rows, rng.integers(0, self._view_count(), len(rows)), rng)

    def _of_views(self, rows: np.ndarray, views: np.ndarray, rng: np.random.Generator) -> Batch:
        data = self.dataset
        part = self._empty(len(rows))
        part["features"] = data.features[rows, views]
        part["goals"] = self._goals(rows)
        here = data.photo_target[rows] >= 0
        part["labelled"] = here.astype(np.float32)
        if here.any():
            mirrored = data.view_mirrored[rows[here], views[here]]
            part["landmarks"][here], part["textures"][here] = self.targets(rows[here], mirrored)
        if self.config.loss.consistency:
            identity = data.photo_identity[rows]
            first, last = (np.searchsorted(self._people, identity, side) for side in ("left", "right"))
            other = self._order[rng.integers(first, last)]
            part["others"] = data.features[other, rng.integers(0, self._view_count(), len(rows))]
            part["paired"][:] = 1
        return part

    def _mixtures(self, count: int, rng: np.random.Generator) -> Batch:
        part = self._empty(count)
        rows = rng.choice(self._all, (2, count))
        views = rng.integers(0, self._view_count(), (2, count))
        weight = rng.uniform(*self.config.data.mix_range, (count, 1)).astype(np.float32)
        first, second = (unit(self.dataset.features[row, view]) for row, view in zip(rows, views, strict=True))
        features = weight * first + (1 - weight) * second
        goals = weight * self._goals(rows[0]) + (1 - weight) * self._goals(rows[1])
        if self.statistics.smallest >= 0:  # behind a ReLU no photo has a feature below 0
            features, goals = np.maximum(features, 0), np.maximum(goals, 0)
        part["features"], part["goals"] = features, unit(goals)
        return part

    def _morph_rows(self, morphs: dict[str, np.ndarray]) -> Batch:
        part = self._empty(len(morphs["features"]))
        if not np.isfinite(morphs["features"]).all():
            raise FitError("A morph has a feature that is not a finite number. Make the shards again.")
        part.update({name: morphs[name] for name in ("features", "landmarks", "textures")})
        part["goals"] = unit(morphs["features"])
        part["labelled"][:] = 1
        return part

    def _goals(self, rows: np.ndarray) -> np.ndarray:
        own = unit(self.dataset.features[rows, 0])
        if self.config.loss.identity_goal == "photo":
            return own
        person = self._means[self.dataset.photo_identity[rows]]
        return person if self.config.loss.identity_goal == "person" else unit(own + person)

    def _view_count(self) -> int:
        views = self.dataset.features.shape[1]
        return views if self.config.data.views == "all" else min(views, 2)

    def _empty(self, count: int) -> Batch:
        data = self.dataset
        size, width = data.image_size, data.feature_width
        return {
            "features": np.zeros((count, width), np.float32),
            "goals": np.zeros((count, width), np.float32),
            "landmarks": np.zeros((count, *data.landmarks.shape[1:]), np.float32),
            "textures": np.zeros((count, size, size, 3), np.uint8),
            "labelled": np.zeros(count, np.float32),
            "others": np.zeros((count, width), np.float32),
            "paired": np.zeros(count, np.float32),
        }

    def _check(self) -> None:
        labelled, unlabelled, mixed, morphs = self._counts
        if labelled and not len(self._labelled):
            raise FitError("No photo with a target is left to fit to: all of them show people held out for validation.")
        if unlabelled and not len(self._unlabelled):
            raise FitError("data.unlabelled asks for photos without a target, and the dataset has none: set it to 0.")
        if mixed and not len(self._all):
            raise FitError("data.mixed asks for photos, and all of them show people held out for validation.")
        if morphs and self.morphs is None:
            raise FitError("data.morphs asks for random morphs, and none were given.")
        if self.dataset.view_mirrored.any() and self.dataset.landmarks.shape[1] != len(MIRROR_65):
            raise FitError(
                f"The dataset has mirrored photos and {self.dataset.landmarks.shape[1]} landmarks, and how those "
                f"mirror is known for {len(MIRROR_65)} only: leave the mirrored views out of it."
            )


def _row_counts(config: NetworkConfig) -> tuple[int, int, int, int]:
    """How many rows of a batch are labelled photos, unlabelled ones, mixtures and morphs."""
    data = config.data
    unlabelled, mixed, morphs = (round(config.batch * share) for share in (data.unlabelled, data.mixed, data.morphs))
    labelled = config.batch - unlabelled - mixed - morphs
    if labelled < 0 or labelled + morphs == 0:
        raise FitError(
            f"A batch of {config.batch} has no room for data.unlabelled = {data.unlabelled}, data.mixed = {data.mixed} "
            f"and data.morphs = {data.morphs}: at least one row must have a target."
        )
    return labelled, unlabelled, mixed, morphs


def _person_means(dataset: Dataset) -> np.ndarray:
    """(I, W) float32 of length 1: the mean of each person's photos as they are."""
    total = np.zeros((len(dataset.validation), dataset.feature_width), np.float64)
    for start in range(0, len(dataset.features), 1024):
        part = slice(start, start + 1024)
        np.add.at(total, dataset.photo_identity[part], unit(dataset.features[part, 0]))
    return unit(total).astype(np.float32)


def _spread_out(rows: np.ndarray, count: int) -> np.ndarray:
    """At most ``count`` of ``rows``, evenly spaced."""
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).astype(int)]
