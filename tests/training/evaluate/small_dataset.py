"""A dataset of numbers alone: features, and targets that depend on them in a known way."""

from __future__ import annotations

import numpy as np
from tests.training.small_sets import waves

from fsynth.faces import LANDMARKS_65, MIRROR_65
from fsynth_training.dataset.store import Dataset

WIDTH = 16


def small_dataset(mesh: np.ndarray, rng: np.random.Generator, people: int = 24) -> Dataset:
    """``people`` with one photograph each, a plain and a mirrored view of it; the last six are held out.

    Landmarks are the mean ones and a linear map of the centred unit features; features have the same length. Mirrored
    views have the first half of the features in place of the second and the other way round, as the landmarks mirror.
    """
    mean = mesh[LANDMARKS_65, :2]
    mean = (mean + mean[MIRROR_65] * (-1, 1) + (223, 0)) / 2
    plain = np.abs(rng.normal(1, 0.3, (people, WIDTH)))
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    mirrored = np.roll(plain, WIDTH // 2, axis=1)
    offsets = rng.normal(0, 20, (WIDTH, 65, 2))
    swapped = np.roll(offsets, WIDTH // 2, axis=0)[:, MIRROR_65] * (-1, 1)
    offsets = (offsets + swapped) / 2
    centre = np.concatenate([plain, mirrored])[: 2 * people].mean(axis=0)
    landmarks = mean + np.tensordot(plain - centre, offsets, 1)
    textures = np.clip(0.5 + 0.1 * waves(people, 224, rng), 0, 1)
    return Dataset(
        textures=(textures * 255).astype(np.uint8),
        mattes=np.full((people, 224, 224), 255, np.uint8),
        landmarks=landmarks.astype(np.float32),
        target_identity=np.arange(people, dtype=np.int32),
        target_features=plain.astype(np.float32),
        features=np.stack([plain, mirrored], axis=1).astype(np.float32),
        photo_identity=np.arange(people, dtype=np.int32),
        photo_target=np.arange(people, dtype=np.int32),
        view_mirrored=np.tile([False, True], (people, 1)),
        validation=np.arange(people) >= people - 6,
        mean_landmarks=mean.astype(np.float32),
        mean_mesh=mesh[:, :2].astype(np.float32),
        backgrounds=np.zeros((0, 224, 224, 3), np.uint8),
        encoder="faceres",
    )
