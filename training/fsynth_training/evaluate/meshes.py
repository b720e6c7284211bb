"""Meshes of normalized faces, and mouths measured by them."""

from __future__ import annotations

import numpy as np

from fsynth.faces import INNER_LIPS_65, LANDMARKS_65, eye_centres
from fsynth.faces.mesh import find_mesh

PARTED = 0.06
"""Lips count as parted when the gap between the inner lips is more than this times the interocular distance."""


def meshes_of(images: np.ndarray) -> np.ndarray:
    """FaceMesh points (N, 468, 3) of normalized faces (N, 224, 224, 3) uint8, whose place is known."""
    box, eyes = np.array([50.0, 60.0, 173.0, 190.0]), np.array([[84.0, 98.0], [139.0, 98.0]])
    return np.stack([find_mesh(image, box, eyes)[0] for image in images])


def mouth(meshes: np.ndarray) -> np.ndarray:
    """Width of the mouth and gap of the inner lips over the interocular distance, (N, 2), of meshes (N, 468, 3)."""
    upper, lower = LANDMARKS_65[list(INNER_LIPS_65)]
    iod = np.array([np.linalg.norm(np.diff(eye_centres(mesh), axis=0)) for mesh in meshes])
    width = np.linalg.norm(meshes[:, 61, :2] - meshes[:, 291, :2], axis=1)
    gap = np.linalg.norm(meshes[:, upper, :2] - meshes[:, lower, :2], axis=1)
    return np.stack([width, gap], axis=1) / iod[:, None]
