# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays in memory between two presses of a button: the networks and the model last used."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsynth import Normalizer
    from fsynth_morphable import MorphableModel


@lru_cache(maxsize=1)
def normalizer(weights: str, device: str) -> Normalizer:
    """The networks, see ``fsynth.load``."""
    import fsynth

    return fsynth.load(weights, device=device)


@lru_cache(maxsize=1)
def model(name_or_path: str) -> MorphableModel:
    """The morphable model, see ``fsynth_morphable.load``."""
    from fsynth_morphable import load

    return load(name_or_path)


def forget() -> None:
    """Free the memory, and read all files anew when they are next needed."""
    normalizer.cache_clear()
    model.cache_clear()
