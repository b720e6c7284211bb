"""What of a photo must not show in its normalized face: the mouth's width, which a smile changes, and the yaw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.both_sides import both_sides
from fsynth_training.fit.photo_columns import column


@dataclass(frozen=True, eq=False)
class Nuisances:
    """Measurements of photos that were neither chosen for them nor normalised by them.

    features: (P, W), of the photos as they are. mouth_width, yaw: (P,) float32, of mean 0 within each set and of
    standard deviation 1.
    """

    features: np.ndarray
    mouth_width: np.ndarray
    yaw: np.ndarray


def nuisances_of(dataset: Dataset) -> Nuisances:
    """Of all photos that are fitted to and whose pixels may be learned from.

    Sets differ in more than their smiles, in age and sex for example: only what varies within a set counts.

    Raises:
        FitError: the dataset's photos.csv lacks a column.
    """
    sets, roles = column(dataset, "set"), column(dataset, "role")
    rows = np.flatnonzero((roles == "target") & ~dataset.validation[dataset.photo_identity])
    measured = [column(dataset, name)[rows].astype(np.float64) for name in ("mouth_width", "yaw")]
    for values in measured:
        for name in np.unique(sets[rows]):
            here = sets[rows] == name
            values[here] -= values[here].mean()
        values /= max(values.std(), 1e-9)
    width, yaw = (values.astype(np.float32) for values in measured)
    return Nuisances(both_sides(dataset.features[rows])[:, 0], width, yaw)
