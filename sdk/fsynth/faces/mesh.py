"""FaceMesh: the 468 points of a face whose place in the photo is roughly known."""

from __future__ import annotations

import numpy as np

from fsynth import networks
from fsynth.faces.landmarks import eye_centres
from fsynth.faces.resample import resample
from fsynth.faces.similarity import apply_transform, fit_similarity, invert_transform

_INPUT_SIZE = 192
_MARGIN = 1.5  # the region is this times the face, as the network was trained


def find_mesh(photo: np.ndarray, box: np.ndarray, eyes: np.ndarray) -> tuple[np.ndarray, float]:
    """Find the mesh of the face in ``box``; a second look at the region that the first mesh gives refines it.

    Args:
        photo: (H, W, 3) uint8 sRGB.
        box: (4,) float, left, top, right, bottom.
        eyes: (2, 2) float, right and left eye; they give the roll.

    Returns:
        The mesh (468, 3) float32 in photo pixels, and the network's confidence (0..1) that this is a face.
    """
    mesh, _ = _look(photo, _region(box.reshape(2, 2), eyes))
    return _look(photo, _region(mesh[:, :2], eye_centres(mesh)))


def _region(points: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """The similarity (2, 3) that puts ``points`` upright and centred into the network's input."""
    direction = eyes[1] - eyes[0]
    angle = np.arctan2(direction[1], direction[0])
    upright = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    # A detector's box is square to the photo, so only its centre and size count.
    turned = points @ upright.T if len(points) > 2 else points
    low, high = turned.min(axis=0), turned.max(axis=0)
    centre = (low + high) / 2 @ upright if len(points) > 2 else (low + high) / 2
    half = max(float((high - low).max()) / 2 * _MARGIN, 1.0)
    source = np.stack([centre, centre + half * upright[0]])
    middle = (_INPUT_SIZE - 1) / 2
    return fit_similarity(source, np.array([[middle, middle], [middle + _INPUT_SIZE / 2, middle]]))


def _look(photo: np.ndarray, transform: np.ndarray) -> tuple[np.ndarray, float]:
    crop = resample(photo, transform, _INPUT_SIZE, _INPUT_SIZE)
    points, flag = networks.session("facemesh").run(
        ["landmarks", "face_flag"], {"image": crop[None].astype(np.float32) / 255}
    )
    points = points.reshape(468, 3)
    back = invert_transform(transform)
    scale = np.sqrt(abs(np.linalg.det(back[:, :2])))
    mesh = np.concatenate([apply_transform(back, points[:, :2] - 0.5), points[:, 2:] * scale], axis=1)
    return mesh.astype(np.float32), float(flag.reshape(()))
