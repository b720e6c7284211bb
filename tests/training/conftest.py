from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fsynth_training.dataset.open_sets import Photograph
from fsynth_training.dataset.prepare import PreparedSet, prepare

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


@pytest.fixture(scope="session")
def astronaut_set(astronaut: Path) -> PreparedSet:
    """The example photo alone, prepared with one augmented view."""
    return prepare([Photograph("london", "astronaut", astronaut)], augmentations=1)


@pytest.fixture(scope="session")
def geometry(astronaut_set: PreparedSet) -> Geometry:
    """The geometry of a symmetric face: that of the example photo and its mirror image."""
    pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
    from fsynth_training.dataset.geometry import mean_geometry

    return mean_geometry(astronaut_set)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
