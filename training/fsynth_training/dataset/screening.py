"""What is measured of a photograph to decide whether it may be a target."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from fsynth.faces import INNER_LIPS_65, LANDMARKS_65
from fsynth_training.dataset.colour import to_lab
from fsynth_training.dataset.geometry import Geometry


def pose_angles(mesh: np.ndarray) -> np.ndarray:
    """Yaw and pitch in degrees, (N, 2), of meshes (N, 468, 3): from the depth of cheeks, and of forehead and chin."""
    across = mesh[:, 454] - mesh[:, 234]
    down = mesh[:, 152] - mesh[:, 10]
    yaw = np.degrees(np.arctan2(across[:, 2], across[:, 0]))
    pitch = np.degrees(np.arctan2(down[:, 2], down[:, 1]))
    return np.stack([yaw, pitch], axis=1)


def glasses_evidence(textures: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Strength of level edges across the bridge of the nose and on both upper cheeks, (N,): what glasses draw there.

    Bare faces of the London set stay below 0.09; frames give 0.1 to 0.4.
    """
    luma = textures.mean(axis=-1)

    def level_edge(centre: np.ndarray, half_width: int, above: int, below: int) -> np.ndarray:
        x, y = (int(value) for value in np.round(centre))
        column = luma[:, y - above : y + below, x - half_width : x + half_width + 1].mean(axis=2)
        detail = column - ndimage.gaussian_filter1d(column, 4, axis=1)
        return np.abs(np.diff(detail, axis=1)).max(axis=1)

    bridge = level_edge(geometry.mesh[168], 5, 14, 22)
    right, left = (level_edge(geometry.mesh[i], 9, 14, 12) for i in (119, 348))
    return bridge + np.minimum(right, left)


def forehead_contrast(textures: np.ndarray, geometry: Geometry) -> np.ndarray:
    """CIE Lab distance between the lower forehead and the cheeks, (N,): large under hats and thick fringes."""

    def patch(indices: tuple[int, ...]) -> np.ndarray:
        areas = []
        for x, y in geometry.mesh[list(indices)].round().astype(int):
            areas.append(textures[:, y - 4 : y + 5, x - 5 : x + 6])
        return to_lab(np.mean(areas, axis=(0, 2, 3)))

    return np.linalg.norm(patch((151, 108, 337)) - patch((50, 280)), axis=1)


def mouth_opening(landmarks: np.ndarray) -> np.ndarray:
    """Distance of the inner lips (N,) and width of the mouth (N,), in px, of landmarks (N, 65, 2): (N, 2)."""
    upper, lower = INNER_LIPS_65
    gap = np.linalg.norm(landmarks[:, upper] - landmarks[:, lower], axis=1)
    right, left = (int(np.flatnonzero(LANDMARKS_65 == i)[0]) for i in (61, 291))
    return np.stack([gap, np.linalg.norm(landmarks[:, right] - landmarks[:, left], axis=1)], axis=1)
