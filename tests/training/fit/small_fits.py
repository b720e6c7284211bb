"""A dataset of a few people made of numbers, and settings that fit it in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fsynth.faces import LANDMARKS_65, MIRROR_65
from fsynth_training.dataset.store import Dataset

SIZE = 28

QUICK: dict[str, Any] = {
    "method": "network",
    "steps": 6,
    "batch": 4,
    "checkpoint_every": 2,
    "decoder": {"code_width": 8, "landmark_hidden": 8, "base_size": 14, "base_channels": 8},
    "data": {"views": "all"},
    "loss": {"identity": 0.0},
    "optimizer": {"learning_rate": 2e-3},
}
"""A fit of seconds, without the identity loss."""


def people(
    width: int = 16, size: int = SIZE, count: int = 8, encoder: str | None = None, mesh: np.ndarray | None = None
) -> Dataset:
    """``count`` people with three photos each: two with a target and one without; the last two people are held out.

    A person's features decide the colour and the landmarks of their target, so that there is something to learn.
    mesh: (468, 2), of the mean face, in pixels of 224.
    """
    rng = np.random.default_rng(5)
    if mesh is None:
        mesh = rng.uniform(60, 164, (468, 2))
        landmarks = mesh[LANDMARKS_65]
        mesh[LANDMARKS_65] = (landmarks + landmarks[MIRROR_65] * (-1, 1) + (223, 0)) / 2
    mesh = ((mesh + 0.5) * size / 224 - 0.5).astype(np.float32)
    mean = mesh[LANDMARKS_65]
    person = np.repeat(np.arange(count), 3)
    own = rng.normal(size=(count, width))
    features = np.stack([own[person]] * 3, axis=1) + 0.1 * rng.normal(size=(len(person), 3, width))
    mirrored = np.zeros((len(person), 3), bool)
    mirrored[:, 1] = True
    colour = 0.5 + 0.15 * np.tanh(own[:, :3])
    textures = np.clip(colour[:, None, None] + 0.1 * rng.normal(size=(count, size, size, 3)), 0, 1)
    mattes = np.full((count, size, size), 255, np.uint8)
    mattes[:, :, :2] = 0
    return Dataset(
        textures=(255 * textures).astype(np.uint8),
        mattes=mattes,
        landmarks=(mean + 0.02 * size * np.tanh(own[:, None, 3:5])).astype(np.float32),
        target_identity=np.arange(count, dtype=np.int32),
        target_features=own.astype(np.float32),
        features=np.maximum(features, 0).astype(np.float32),
        photo_identity=person.astype(np.int32),
        photo_target=np.where(np.arange(len(person)) % 3 < 2, person, -1).astype(np.int32),
        view_mirrored=mirrored,
        validation=np.arange(count) >= count - 2,
        mean_landmarks=mean,
        mean_mesh=mesh,
        backgrounds=np.zeros((0, size, size, 3), np.uint8),
        encoder=encoder,
        photos=tuple({"file": f"{i}.jpg", "identity": f"person {p}", "kept": "target"} for i, p in enumerate(person)),
    )


def settings(**changes: Any) -> dict[str, Any]:
    """``QUICK`` with other values; tables are merged: ``settings(loss={"colour": 1.0})``."""
    table = {key: dict(value) if isinstance(value, dict) else value for key, value in QUICK.items()}
    for key, value in changes.items():
        table[key] = {**table[key], **value} if isinstance(value, dict) else value
    return table


def checkpoints(run: Path) -> dict[str, bytes]:
    """The files of all checkpoints of a run, and its decoder."""
    files = [*sorted((run / "checkpoints").iterdir()), run / "decoder.npz"]
    return {file.name: file.read_bytes() for file in files}
