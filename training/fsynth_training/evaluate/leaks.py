"""What of a photograph shows in its normalized face and should not: smile, parted lips, the turn of the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_training.dataset.screening import pose_angles
from fsynth_training.evaluate.meshes import PARTED, mouth


@dataclass(frozen=True)
class Leaks:
    """Attributes of N outputs beside those of their photographs.

    Attributes:
        lips_parted: share of outputs whose inner lips are further apart than ``PARTED`` interocular distances.
        mouth_leak: correlation of the mouth's width in the photo with that in the output.
        yaw_leak: correlation of the head's yaw in the photo with that in the output, both by the mesh.
        yaw_slope: degrees that the output turns for each degree in the photo (least squares).
    """

    lips_parted: float
    mouth_leak: float
    yaw_leak: float
    yaw_slope: float


def leaks(photo_meshes: np.ndarray, output_meshes: np.ndarray) -> Leaks:
    """Compare meshes (N, 468, 3) of outputs with those of the photographs they were made from."""
    there, here = mouth(photo_meshes), mouth(output_meshes)
    turned, left = pose_angles(photo_meshes)[:, 0], pose_angles(output_meshes)[:, 0]
    return Leaks(
        lips_parted=float((here[:, 1] > PARTED).mean()),
        mouth_leak=correlation(there[:, 0], here[:, 0]),
        yaw_leak=correlation(turned, left),
        yaw_slope=slope(turned, left),
    )


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation of (N,) and (N,); 0 where one of them does not vary."""
    if len(first) < 2 or np.ptp(first) < 1e-9 or np.ptp(second) < 1e-9:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def slope(first: np.ndarray, second: np.ndarray) -> float:
    """Least-squares slope of ``second`` (N,) over ``first`` (N,); 0 where ``first`` does not vary."""
    if len(first) < 2 or np.ptp(first) < 1e-9:
        return 0.0
    return float(np.polyfit(first, second, 1)[0])
