"""Which of FaceMesh's 468 points fsynth uses, and how they mirror."""

from __future__ import annotations

import numpy as np

# "Right" and "left" are the person's own; the right side is at smaller x in a photo.
_JAW_RIGHT = (234, 93, 132, 58, 172, 136, 150, 176)
_JAW_LEFT = (454, 323, 361, 288, 397, 365, 379, 400)
_BROW_RIGHT = (70, 63, 105, 66, 107)
_BROW_LEFT = (300, 293, 334, 296, 336)
_EYE_RIGHT = (33, 160, 158, 133, 153, 144)  # outer corner, upper lid, inner corner, lower lid
_EYE_LEFT = (263, 387, 385, 362, 380, 373)
_NOSE_RIGHT = (48, 98)
_NOSE_LEFT = (278, 327)
_MOUTH_RIGHT = (61, 40, 37, 84, 91, 78)  # outer corner, upper lip, lower lip, inner corner
_MOUTH_LEFT = (291, 270, 267, 314, 321, 308)
_MIDLINE = (10, 168, 6, 195, 4, 2, 0, 13, 14, 17, 152)  # forehead, nose from bridge to base, lips, chin

_RIGHT = _JAW_RIGHT + _BROW_RIGHT + _EYE_RIGHT + _NOSE_RIGHT + _MOUTH_RIGHT
_LEFT = _JAW_LEFT + _BROW_LEFT + _EYE_LEFT + _NOSE_LEFT + _MOUTH_LEFT

LANDMARKS_65: np.ndarray = np.array(_RIGHT + _LEFT + _MIDLINE)
"""(65,) indices into the 468 FaceMesh points: 27 on the person's right, their 27 mirror images, 11 on the midline.

Each side: jaw 8, brow 5, eye 6, nose 2, mouth 6. Midline: forehead, 5 on the nose, 4 on the lips, chin.
"""

MIRROR_65: np.ndarray = np.concatenate([np.arange(27, 54), np.arange(27), np.arange(54, 65)])
"""(65,) permutation: landmark ``MIRROR_65[i]`` is the left-right mirror image of landmark ``i``."""

INNER_LIPS_65: tuple[int, int] = (61, 62)
"""Where the middle of the upper and of the lower inner lip stand among the 65."""


def eye_centres(mesh: np.ndarray) -> np.ndarray:
    """Centres of the right and the left eye, (2, 2) float (x, y): the midpoints between the eye corners.

    ``mesh``: (468, 2 or 3), (x, y, ...) in pixels.
    """
    return np.stack([mesh[[33, 133], :2].mean(axis=0), mesh[[362, 263], :2].mean(axis=0)])


def five_points(mesh: np.ndarray) -> np.ndarray:
    """Eye centres, nose tip and mouth corners, (5, 2): the points of the ArcFace alignment template."""
    return np.concatenate([eye_centres(mesh), mesh[[4, 61, 291], :2]])
