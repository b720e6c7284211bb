"""Meshes of faces made of numbers alone."""

from __future__ import annotations

import numpy as np

from fsynth.faces import INNER_LIPS_65, LANDMARKS_65


def face_mesh(width: float, gap: float) -> np.ndarray:
    """A mesh (468, 3) with eyes 50 px apart and a mouth of this width and gap, in px."""
    mesh = np.zeros((468, 3))
    mesh[[33, 133], :2], mesh[[263, 362], :2] = [[75, 100], [95, 100]], [[145, 100], [125, 100]]
    upper, lower = LANDMARKS_65[list(INNER_LIPS_65)]
    mesh[61, :2], mesh[291, :2] = [110 - width / 2, 160], [110 + width / 2, 160]
    mesh[upper, :2], mesh[lower, :2] = [110, 160 - gap / 2], [110, 160 + gap / 2]
    return mesh


def turned(mesh: np.ndarray, degrees: float) -> np.ndarray:
    """``mesh`` (468, 3) turned about the upright axis through its middle; positive degrees deepen the left cheek."""
    angle = np.radians(degrees)
    middle = mesh.mean(axis=0)
    x, y, z = (mesh - middle).T
    return np.stack([np.cos(angle) * x - np.sin(angle) * z, y, np.sin(angle) * x + np.cos(angle) * z], axis=1) + middle
