from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsynth import encoder
from fsynth.encoder import Encoder
from fsynth.faces import find_faces


@pytest.fixture(params=["faceres", "dlib"])
def network(request: pytest.FixtureRequest) -> Encoder:
    """Each encoder in turn."""
    return encoder.load(request.param)


@pytest.fixture
def chips(network: Encoder, astronaut: Path) -> np.ndarray:
    """A face cut out for ``network``, its mirror image, and noise: (3, S, S, 3) uint8."""
    photo = np.asarray(Image.open(astronaut).convert("RGB"))
    (face, *_) = find_faces(photo)
    chip = network.crop(photo, face.mesh)
    noise = np.random.default_rng(0).integers(0, 256, chip.shape, dtype=np.uint8)
    return np.stack([chip, chip[:, ::-1], noise])
