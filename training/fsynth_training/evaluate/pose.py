"""Likeness by how far the head is turned in the photograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_training.evaluate.resemblance import rank_share

YAW_BINS = ((0, 5), (5, 10), (10, 20), (20, 30), (30, 90))
"""Degrees of yaw to either side, lower and upper end."""


@dataclass(frozen=True)
class PoseBin:
    """Photographs whose yaw is within ``low`` to ``high`` degrees: their number, rank-1, mean distance to the photo."""

    low: int
    high: int
    photos: int
    rank1: float
    distance: float


def by_yaw(yaw: np.ndarray, ranks: np.ndarray, distance: np.ndarray) -> list[PoseBin]:
    """Sort outputs by the yaw of their photographs.

    Args:
        yaw: (N,) degrees, to either side.
        ranks: (N,) of another photo of the person, -1 where there is none.
        distance: (N,) between output and photo.
    """
    bins = []
    for low, high in YAW_BINS:
        inside = (np.abs(yaw) >= low) & (np.abs(yaw) < high)
        near = float(distance[inside].mean()) if inside.any() else float("nan")
        bins.append(PoseBin(low, high, int(inside.sum()), rank_share(ranks[inside], 1), near))
    return bins
