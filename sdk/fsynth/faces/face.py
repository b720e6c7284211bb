"""A face found in a photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Face:
    """A face found in a photo, in photo pixels: (x, y), origin top left, pixel centres on integers.

    Attributes:
        box: (4,) float32, left, top, right, bottom of the mesh: the face without hair and ears. It may leave the photo.
        score: the detector's confidence, 0..1; for a clear frontal face about 0.9.
        mesh: (468, 3) float32, the FaceMesh points: x and y in pixels, z (depth, smaller is nearer) on the same scale.
    """

    box: np.ndarray
    score: float
    mesh: np.ndarray
