from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """(40, 56, 3) uint8: a smooth picture without any symmetry, its four corners of different colours."""
    y, x = np.mgrid[0:40, 0:56]
    return np.stack([40 + 3 * x, 220 - 4 * y, 60 + 2 * x + 2 * y], axis=-1).astype(np.uint8)
