"""Which pixels of a photo and of its normalized face are compared: the paper's central box, or the skin.

Faces are given by their 65 landmarks, so that photo and normalized face are masked alike.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from fsynth.balance.develop import as_float, is_clipped
from fsynth.errors import ArgumentError
from fsynth.faces.alignment import ALIGNED_SIZE, AlignedFace

BOX_SIZE = 100
"""Width and height of the paper's central box, pixels of the 224 of an aligned face."""

# Rows of the 65 landmarks (``fsynth.faces.LANDMARKS_65``).
_OVAL = [54, *range(27, 35), 64, *range(7, -1, -1)]  # forehead, jaw left, chin, jaw right
_BROWS = ([8, 9, 10, 11, 12], [35, 36, 37, 38, 39])
_EYES = ([13, 14, 15, 16, 17, 18], [40, 41, 42, 43, 44, 45])
_LIPS = [21, 22, 23, 60, 50, 49, 48, 52, 51, 63, 24, 25]
_CHIN = 64

_OVAL_SCALE = 0.86  # about its centre: without ears, hair at the temples, the turn of the cheek into shadow
_EYE_SCALE = 1.9  # lids, lashes, the shadow under the brow
_LIP_SCALE = 1.25
_BROW_WIDTH = 0.16  # of the distance between the eyes


def skin_mask(landmarks: np.ndarray, height: int, width: int) -> np.ndarray:
    """The skin of a face: its oval without eyes, brows and lips, (height, width) bool.

    ``landmarks``: (65, 2) (x, y) in pixels of the picture, centres on integers; they may leave it.
    """
    points = _check(landmarks)
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    _polygon(draw, _scaled(points[_OVAL], _OVAL_SCALE), 255)
    for eye in _EYES:
        _polygon(draw, _scaled(points[eye], _EYE_SCALE), 0)
    _polygon(draw, _scaled(points[_LIPS], _LIP_SCALE), 0)
    apart = float(np.linalg.norm(points[_EYES[0]].mean(axis=0) - points[_EYES[1]].mean(axis=0)))
    for brow in _BROWS:
        draw.line([(x, y) for x, y in points[brow]], fill=0, width=max(1, round(_BROW_WIDTH * apart)), joint="curve")
    return np.asarray(canvas) > 0


def box_mask(height: int = ALIGNED_SIZE, width: int = ALIGNED_SIZE) -> np.ndarray:
    """The paper's box: the central 100 x 100 pixels of an aligned or a normalized face, (height, width) bool."""
    mask = np.zeros((height, width), bool)
    top, left = (height - BOX_SIZE) // 2, (width - BOX_SIZE) // 2
    mask[top : top + BOX_SIZE, left : left + BOX_SIZE] = True
    return mask


def photo_box_mask(aligned: AlignedFace, height: int, width: int) -> np.ndarray:
    """The paper's box of ``aligned``, as pixels of its photo, (height, width) bool."""
    low, high = (ALIGNED_SIZE - BOX_SIZE) / 2 - 0.5, (ALIGNED_SIZE + BOX_SIZE) / 2 - 0.5
    corners = aligned.to_photo(np.array([[low, low], [high, low], [high, high], [low, high]]))
    canvas = Image.new("L", (width, height))
    _polygon(ImageDraw.Draw(canvas), corners, 255)
    return np.asarray(canvas) > 0


def mean_linear(linear: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean colour (3,) float64 of the pixels where ``mask`` is true and no channel is clipped.

    Args:
        linear: (H, W, 3) scene-linear RGB, uint16 (65535 = saturation) or float (1 = saturation).
        mask: (H, W) bool.

    Raises:
        ArgumentError: the mask selects nothing, or only clipped pixels.
    """
    if not mask.any():
        raise ArgumentError("`mask` selects no pixel: the face is outside the picture or too small.")
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    chosen = mask[part] & ~is_clipped(linear[part])
    if not chosen.any():
        raise ArgumentError("`mask` selects only clipped pixels, which have no colour.")
    return as_float(linear[part][chosen]).mean(axis=0, dtype=np.float64)


def _scaled(points: np.ndarray, scale: float) -> np.ndarray:
    centre = points.mean(axis=0)
    return centre + scale * (points - centre)


def _polygon(draw: ImageDraw.ImageDraw, points: np.ndarray, value: int) -> None:
    draw.polygon([(x, y) for x, y in points], fill=value)


def _check(landmarks: np.ndarray) -> np.ndarray:
    points = np.asarray(landmarks, np.float64)
    if points.shape != (65, 2) or not np.isfinite(points).all():
        raise ArgumentError(f"`landmarks` must be (65, 2) finite numbers, they are {points.shape}.")
    return points
