from __future__ import annotations

import numpy as np
import pytest

from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.evaluate.photos import EvaluationPhotos


@pytest.fixture
def photos(astronaut_set: PreparedSet) -> EvaluationPhotos:
    """The example photo twice of "a" and, narrower and darker, twice of "b"; the second of each darker still."""
    (image,), (mesh,) = astronaut_set.aligned, astronaut_set.mesh
    narrow = (image * 0.8).astype(np.uint8)
    images = np.stack([image, (image * 0.9).astype(np.uint8), narrow, (narrow * 0.9).astype(np.uint8)])
    plain = EvaluationPhotos(
        aligned=images,
        mesh=np.repeat(mesh[None], 4, axis=0),
        features={"faceres": np.zeros((4, 1024), np.float32)},
        identity=np.array(["a", "a", "b", "b"]),
        expression=np.array(["neutral", "smiling", "neutral", "smiling"]),
        name=np.array([f"{i}.jpg" for i in range(4)]),
    )
    return plain.seen_again(images)
