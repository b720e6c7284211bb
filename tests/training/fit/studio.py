"""A dataset of six people made of waves, at full size: four in a studio, of whom two smile once, two elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tests.training.small_sets import waves

from fsynth_training.dataset.geometry import SIZE
from fsynth_training.dataset.store import Dataset

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry

WIDTH = 24
PEOPLE = (0, 0, 1, 1, 2, 3, 4, 5, 5)
SMILING = (1, 3)
SMILE = np.linspace(-1, 1, WIDTH) ** 3
"""What a smile adds to features."""


def studio(geometry: Geometry, *, encoder: str | None = "faceres", width: int = WIDTH) -> Dataset:
    """Nine photos of six people in three views; the last two photos have no target."""
    rng = np.random.default_rng(11)
    person = np.array(PEOPLE)
    own = rng.gamma(1, 1, (6, width))
    plain = own[person] / np.linalg.norm(own[person], axis=1, keepdims=True)
    smile = np.interp(np.linspace(0, 1, width), np.linspace(0, 1, WIDTH), SMILE)
    plain[list(SMILING)] += [[0.1], [0.05]] * smile
    features = 15 * np.repeat(plain[:, None], 3, axis=1)
    features[:, 2] += 0.3 * rng.normal(size=plain.shape)
    mirrored = np.zeros((9, 3), bool)
    mirrored[:, 1] = True
    mirrored[::2, 2] = True
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    mattes = np.stack([np.hypot(x - 111.5, y - 115) < radius for radius in (80, 82, 84, 86, 88, 90, 92)])
    textures = 0.5 + 0.1 * waves(7, SIZE, rng)
    landmarks = geometry.landmarks + rng.normal(0, 2, (7, 65, 2))
    sets = ["studio"] * 6 + ["street"] * 3
    photos = tuple(
        {
            "file": f"{i}.jpg", "identity": f"person {p}", "set": name, "role": "target", "kept": "target",
            "expression": ("smiling" if i in SMILING else "neutral") if name == "studio" else "",
            "mouth_width": str(0.9 + 0.2 * (i in SMILING)), "yaw": str(float(i)),
        }
        for i, (p, name) in enumerate(zip(PEOPLE, sets, strict=True))
    )  # fmt: skip
    return Dataset(
        textures=(np.clip(textures, 0, 1) * 255 + 0.5).astype(np.uint8),
        mattes=(255 * mattes).astype(np.uint8),
        landmarks=landmarks.astype(np.float32),
        target_identity=person[:7].astype(np.int32),
        target_features=features[:7, 0].astype(np.float32),
        features=np.maximum(features, 0).astype(np.float32),
        photo_identity=person.astype(np.int32),
        photo_target=np.array([0, 1, 2, 3, 4, 5, 6, -1, -1], np.int32),
        view_mirrored=mirrored,
        validation=np.zeros(6, bool),
        mean_landmarks=geometry.landmarks.astype(np.float32),
        mean_mesh=geometry.mesh.astype(np.float32),
        backgrounds=np.zeros((0, SIZE, SIZE, 3), np.uint8),
        encoder=encoder,
        photos=photos,
    )
