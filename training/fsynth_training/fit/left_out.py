"""Directions of features that say what a photo caught, not who is on it: a smile, the turn of the head."""

from __future__ import annotations

import numpy as np

from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.basis import ridge
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.linear_config import SpaceConfig
from fsynth_training.fit.nuisances import nuisances_of
from fsynth_training.fit.photo_columns import column
from fsynth_training.fit.samples import unit

_MOUTH_RIDGE = 3.0


def left_out(dataset: Dataset, config: SpaceConfig) -> np.ndarray:
    """(D, W) orthonormal: what the decoder is not shown of unit-length features.

    Raises:
        FitError: the dataset has not what the directions are learned from.
    """
    found = np.concatenate(
        [smile_directions(dataset, config.smile_directions), turn_directions(dataset, config.turn_directions)]
    )
    found = np.linalg.qr(found.T)[0].T
    return with_mouth_directions(found, dataset, config.mouth_directions).astype(np.float32)


def smile_directions(dataset: Dataset, count: int) -> np.ndarray:
    """(count, W) orthonormal: what changes in unit-length features between a person's neutral and smiling photos.

    Raises:
        FitError: there are no people of whom the dataset has both.
    """
    if not count:
        return np.zeros((0, dataset.feature_width), np.float32)
    expression, people = column(dataset, "expression"), dataset.photo_identity
    fitted = ~dataset.validation[people]
    neutral = {people[i]: i for i in np.flatnonzero(fitted & (expression == "neutral"))}
    smiling = [i for i in np.flatnonzero(fitted & (expression == "smiling")) if people[i] in neutral]
    if len(smiling) < count:
        raise FitError(
            f"space.smile_directions = {count} needs at least as many people with a neutral and a smiling photo (the "
            f"column expression of the list of photos); the dataset has {len(smiling)}. Set it to 0."
        )
    features = unit(np.array(dataset.features[:, :2]).mean(axis=1))
    pairs = [neutral[people[i]] for i in smiling]
    return np.linalg.svd(features[smiling] - features[pairs], full_matrices=False)[2][:count]


def turn_directions(dataset: Dataset, count: int) -> np.ndarray:
    """(count, W) orthonormal: what changes in unit-length features when a photo is mirrored.

    Who it shows does not change, but where the head turns and the light comes from.
    """
    if not count:
        return np.zeros((0, dataset.feature_width), np.float32)
    fitted = ~dataset.validation[dataset.photo_identity]
    photo, mirrored = (unit(np.array(dataset.features[fitted, view])) for view in (0, 1))
    change = photo - mirrored
    return np.linalg.eigh(change.T @ change)[1][:, ::-1].T[:count]


def with_mouth_directions(known: np.ndarray, dataset: Dataset, count: int) -> np.ndarray:
    """``known`` (D, W) and ``count`` more: what the width of the mouth can be told from when they are taken out.

    Source: Ravfogel et al. 2020, Null It Out (iterative nullspace projection).

    Raises:
        FitError: the dataset's photos.csv lacks a column.
    """
    if not count:
        return known
    nuisances = nuisances_of(dataset)
    features = unit(nuisances.features)
    for _ in range(count):
        seen = features - (features @ known.T) @ known
        kernel, _ = ridge(seen, nuisances.mouth_width[:, None], _MOUTH_RIDGE)
        direction = kernel[:, 0] - known.T @ (known @ kernel[:, 0])
        known = np.concatenate([known, direction[None] / np.linalg.norm(direction)])
    return known
