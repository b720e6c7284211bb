"""Short hair: which skin of a head it covers, and its colour."""

from __future__ import annotations

import numpy as np

from fsynth_morphable.camera import Camera
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.sampling import sample

# Heights of the hairline around the head, by the angle from the front in degrees. The unit is the height of the forehead
# landmark above the ears' landmarks: 0 is where the jaw begins at the ear, 1 the top of the forehead.
_ANGLES = np.radians([0, 25, 45, 60, 75, 88, 100, 125, 150, 180])
_HEIGHTS = np.array([1.06, 1.03, 0.93, 0.66, 0.42, 0.02, 0.12, -0.45, -0.75, -0.8])

_FOREHEAD, _EARS = 54, (0, 27)
"""Rows of the 65 landmarks: the top of the forehead, and where the jaw begins at the right and the left ear."""

_FEATHER = 0.10
"""How far the hair thins out above the hairline, in the same unit."""


def hair_cover(vertices: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """How much of the skin at each vertex short hair would cover, (N,) float32 in 0..1.

    Args:
        vertices: (N, 3) metres, the head without expression; those that are not skin get a value, too.
        landmarks: (65, 3) metres, its landmarks.
    """
    ears = landmarks[list(_EARS)].mean(axis=0)
    unit = float(landmarks[_FOREHEAD, 1] - ears[1])
    # Around an axis through the middle of the head, somewhat behind the ears' landmarks.
    x, y, z = ((vertices - ears) / unit).T
    angle = np.abs(np.arctan2(x, z + 0.15))
    height = y - np.interp(angle, _ANGLES, _HEIGHTS)
    cover = np.clip(height / _FEATHER, 0, 1)
    cover = cover * cover * (3 - 2 * cover)
    return (cover * (1 - _ears(vertices, landmarks, unit))).astype(np.float32)


def _ears(vertices: np.ndarray, landmarks: np.ndarray, unit: float) -> np.ndarray:
    """1 on the ears, 0 on the rest of the head: what stands out of an ellipsoid through the sides of the skull."""
    ears = landmarks[list(_EARS)].mean(axis=0)
    x, y, z = ((vertices - ears) / unit).T
    skull = (y > 0.55) & (np.abs(z + 0.35) < 1.1)
    rows = np.stack([x**2, y**2, z**2, y, z], axis=1)[skull]
    a, b, c, d, e = np.linalg.lstsq(rows, np.ones(len(rows)), rcond=None)[0]
    # Where the ellipsoid's side is at the height and depth of each vertex.
    side = np.sqrt(np.maximum(1 - b * y**2 - c * z**2 - d * y - e * z, 0) / max(a, 1e-6))
    beside = (np.abs(y) < 0.75) & (z > -0.75) & (z < 0.25)
    out = np.clip((np.abs(x) - side - 0.03) / 0.05, 0, 1)
    return np.where(beside, out, 0)


def hair_colour(
    image: np.ndarray, model: MorphableModel, vertices: np.ndarray, camera: Camera, cover: np.ndarray
) -> np.ndarray | None:
    """The colour of the hair that an image shows above the forehead, (3,) float32 sRGB in 0..1.

    Args:
        image: (H, W, 3) float32 sRGB in 0..1.
        model: the model that the head is of.
        vertices: (N, 3) metres, its surface as the image shows it.
        camera: through which it does.
        cover: (N,), from ``hair_cover``.

    Returns:
        None where the image shows no scalp.
    """
    covered = np.flatnonzero(cover > 0.9)
    skin = np.unique(model.polygons[model.in_parts("skin"), :3])
    covered = np.intersect1d(covered, skin)
    points, _ = camera.project(vertices[covered])
    # Of the scalp, the upper front: the part towards the camera, and not the edge, where background mixes in.
    forward = camera.rotation @ (vertices[covered] - vertices[skin].mean(axis=0)).T
    front = forward[2] > 0.55 * forward[2].max()
    size = camera.image_size
    shown = front & (points >= 1).all(axis=1) & (points <= size - 2).all(axis=1)
    if shown.sum() < 20:
        return None
    return np.median(sample(image, points[shown]), axis=0).astype(np.float32)
