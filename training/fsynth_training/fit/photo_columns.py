"""Columns of a dataset's table of photos."""

from __future__ import annotations

import numpy as np

from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.errors import FitError


def column(dataset: Dataset, name: str) -> np.ndarray:
    """A column of photos.csv for the M photos, (M,) of text.

    Raises:
        FitError: the dataset's table has no such column.
    """
    kept = [row for row in dataset.photos if row["kept"] != "no"]
    if not kept or name not in kept[0]:
        raise FitError(f"The dataset's photos.csv has no column {name}. Make the dataset by fsynth train prepare.")
    return np.array([row[name] for row in kept])
