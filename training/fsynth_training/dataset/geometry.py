"""The mean face: where everything is when every face has the same shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from fsynth.faces import LANDMARKS_65
from fsynth.warp.numpy import sparse_image_warp
from fsynth_training.dataset.prepare import PreparedSet

SIZE = 224
"""Width and height of textures in pixels."""

_FACE_OUTLINE = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
                 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
_EYE_HOLES = ((33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
              (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249))  # fmt: skip
_BROW_HOLES = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
_LIP_HOLE = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)


_MIDLINE_468 = (0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164, 168, 175, 195, 197,
                199, 200)  # fmt: skip


def _mirror_468() -> np.ndarray:
    # FaceMesh counts the midline and the right half up to 247, then the left half in the same order.
    right = np.setdiff1d(np.arange(248), _MIDLINE_468)
    mirror = np.arange(468)
    mirror[right], mirror[248:] = np.arange(248, 468), right
    return mirror


MIRROR_468: np.ndarray = _mirror_468()
"""(468,) permutation: point ``MIRROR_468[i]`` of the mesh is the left-right mirror image of point ``i``."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """The mean face. mesh: (468, 2) px, symmetric. face, skin: (224, 224) float32 masks, 0..1, soft edges."""

    mesh: np.ndarray
    face: np.ndarray
    skin: np.ndarray

    @property
    def landmarks(self) -> np.ndarray:
        """(65, 2) float64: the mean landmarks in pixels."""
        return self.mesh[LANDMARKS_65]


def mean_geometry(prepared: PreparedSet) -> Geometry:
    """The mean of London's neutral meshes and of their mirror images."""
    neutral = (prepared.source == "london") & ~prepared.smiling
    return geometry_of(symmetric(prepared.mesh[neutral, :, :2].mean(axis=0).astype(np.float64)))


def geometry_of(mesh: np.ndarray) -> Geometry:
    """The geometry of ``mesh`` (468, 2) px: its masks of face and skin."""
    face = polygon(mesh[list(_FACE_OUTLINE)])
    skin = face.copy()
    for hole in (*_EYE_HOLES, *_BROW_HOLES, _LIP_HOLE):
        skin *= 1 - ndimage.grey_dilation(polygon(mesh[list(hole)]), size=5)
    return Geometry(mesh, soften(face, 5), ndimage.grey_erosion(skin, size=5))


def symmetric(mesh: np.ndarray) -> np.ndarray:
    """Average each point of ``mesh`` (468, 2) px with the mirror image of its partner."""
    mirrored = np.stack([SIZE - 1 - mesh[:, 0], mesh[:, 1]], axis=1)
    return (mesh + mirrored[MIRROR_468]) / 2


def polygon(points: np.ndarray) -> np.ndarray:
    """(224, 224) float32: 1 inside the polygon of ``points`` (N, 2), 0 outside."""
    image = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(image).polygon([tuple(p) for p in points], fill=255)
    return np.asarray(image, np.float32) / 255


def soften(mask: np.ndarray, sigma: float) -> np.ndarray:
    """``mask`` with an edge as soft as a Gaussian of ``sigma`` px."""
    return ndimage.gaussian_filter(mask, sigma)


def bust(geometry: Geometry) -> np.ndarray:
    """(224, 224) float32, 0..1: head and neck stay, shoulders and clothes beside the neck do not."""
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    middle, chin = (SIZE - 1) / 2, geometry.mesh[152, 1]
    jaw = (geometry.mesh[454, 0] - geometry.mesh[234, 0]) / 2
    # The width that stays narrows from the whole image at the mouth to the neck below the chin.
    falling = np.clip((y - (chin - 45)) / 45, 0, 1)
    half = (1 - falling) * SIZE / 2 + falling * 0.78 * jaw
    beside = np.clip((half - np.abs(x - middle)) / 12 + 0.5, 0, 1)
    return beside.astype(np.float32)


def to_texture(image: np.ndarray, landmarks: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Warp an aligned ``image`` (224, 224, 3) with ``landmarks`` (65, 2) into the mean geometry."""
    return sparse_image_warp(image, landmarks.astype(np.float64), geometry.landmarks)[0].astype(np.float32)
