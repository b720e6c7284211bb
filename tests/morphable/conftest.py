"""A small model with landmarks, like enough to a face to be fitted."""

from __future__ import annotations

import numpy as np
import pytest

from fsynth_morphable.model import LandmarkPoints, MorphableModel


@pytest.fixture(scope="session")
def small_model() -> MorphableModel:
    """Half an ellipsoid of the size of a face: 441 vertices, 12 identities, 6 expressions, 65 landmarks."""
    rng = np.random.default_rng(7)
    u, v = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21))
    x, y = 0.07 * u, 0.1 * v
    z = 0.09 * np.sqrt(np.maximum(1 - 0.45 * u**2 - 0.45 * v**2, 0))
    mean = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    terms = np.stack([(u**i * v**j).ravel() for i in range(4) for j in range(4 - i)])
    modes = np.einsum("kdt,tn->knd", rng.normal(0, 0.0015, (18, 3, len(terms))), terms)
    cell = np.arange(21 * 21).reshape(21, 21)
    polygons = np.stack([cell[:-1, :-1], cell[:-1, 1:], cell[1:, 1:], cell[1:, :-1]], axis=-1).reshape(-1, 4)
    chosen = polygons[rng.choice(len(polygons), 65, replace=False), :3]
    return MorphableModel(
        name="small",
        licence="none",
        source="made up",
        mean=mean.astype(np.float32),
        identity=modes[:12].astype(np.float32),
        expression=modes[12:].astype(np.float32),
        expression_names=tuple("abcdef"),
        polygons=polygons.astype(np.int32),
        part_names=("skin",),
        polygon_part=np.zeros(len(polygons), np.int32),
        landmarks=LandmarkPoints(chosen.astype(np.int32), rng.dirichlet([2, 2, 2], 65)),
    )
