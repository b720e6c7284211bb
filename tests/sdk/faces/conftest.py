from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsynth.faces import Face, find_faces, read_photo


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """(40, 56, 3) uint8: a smooth picture without any symmetry, its four corners of different colours."""
    y, x = np.mgrid[0:40, 0:56]
    return np.stack([40 + 3 * x, 220 - 4 * y, 60 + 2 * x + 2 * y], axis=-1).astype(np.uint8)


@pytest.fixture(scope="session")
def portrait(astronaut: Path) -> np.ndarray:
    """(512, 512, 3) uint8: the example photo; one face, 44 px between the eyes."""
    return read_photo(astronaut)


@pytest.fixture(scope="session")
def face(portrait: np.ndarray) -> Face:
    """The face of ``portrait``."""
    return find_faces(portrait)[0]
