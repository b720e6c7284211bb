from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsynth.faces import LANDMARKS_65
from fsynth_training.dataset.store import Dataset

SIZE = 40


def faces(people: int = 9, *, held_out: int = 1, size: int = SIZE, encoder: str | None = "faceres") -> Dataset:
    """Smooth random textures with random landmarks about a spiral; the last ``held_out`` people are for validation."""
    rng = np.random.default_rng(3)
    steps = np.arange(65) / 65
    spiral = 0.3 * np.sqrt(steps + 0.05)[:, None] * np.stack([np.cos(steps * 163), np.sin(steps * 163)], -1)
    mean = ((0.5 + spiral) * (size - 1)).astype(np.float32)
    mesh = rng.uniform(0.2 * size, 0.8 * size, (468, 2)).astype(np.float32)
    mesh[LANDMARKS_65] = mean
    y, x = np.mgrid[:size, :size] / size
    waves = rng.uniform(1, 7, (people, 3, 2))
    textures = 0.5 + 0.4 * np.sin(
        waves[..., :1, None] * x + waves[..., 1:, None] * y + np.arange(people)[:, None, None, None]
    )
    head = np.hypot(x - 0.5, y - 0.5) < 0.42
    owner = np.arange(people, dtype=np.int32)
    features = rng.uniform(size=(people, 2, 1024)).astype(np.float32)
    return Dataset(
        textures=(np.moveaxis(textures, 1, -1) * 255).astype(np.uint8),
        mattes=np.broadcast_to(head * np.uint8(255), (people, size, size)).copy(),
        landmarks=mean + rng.normal(0, 0.4, (people, 65, 2)).astype(np.float32),
        target_identity=owner,
        target_features=features[:, 0],
        features=features,
        photo_identity=owner,
        photo_target=owner,
        view_mirrored=np.zeros((people, 2), bool),
        validation=owner >= people - held_out,
        mean_landmarks=mean,
        mean_mesh=mesh,
        backgrounds=rng.integers(0, 256, (2, size, size, 3), np.uint8),
        encoder=encoder,
    )


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return faces()


@pytest.fixture(scope="session")
def dataset_folder(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("augment") / "dataset"
    dataset.write(folder)
    return folder
