"""Cuts a region out of a photo by an affine map, without aliasing when the region is shrunk."""

from __future__ import annotations

import numpy as np
from PIL import Image

from fsynth.faces.similarity import invert_transform


def resample(photo: np.ndarray, transform: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resample ``photo`` through ``transform`` to an image of ``width`` x ``height``.

    Args:
        photo: (H, W, 3) uint8.
        transform: (2, 3) float, maps (x, y, 1) in photo pixels to (x, y) in output pixels; pixel centres on integers.
        width, height: size of the output in pixels.

    Returns:
        (height, width, 3) uint8. What lies outside the photo repeats its edge, so that nothing black bleeds in.
        Shrinking averages blocks of pixels first, then interpolates bilinearly.
    """
    linear = np.asarray(transform, np.float64)
    scale = float(np.sqrt(abs(np.linalg.det(linear[:, :2]))))
    inverse = invert_transform(linear)
    corners = inverse @ np.array([[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1], [1, 1, 1, 1]])
    factor = max(1, int(1 / scale)) if scale > 0 else 1
    region, origin = _padded_region(photo, corners, margin=2 + factor)
    image = Image.fromarray(region)
    if factor > 1:
        image = image.reduce(factor)
    # Pillow puts pixel centres on halves and wants the map from output to input.
    to_region = inverse.copy()
    to_region[:, 2] -= origin
    half = np.array([0.5, 0.5])
    matrix = to_region[:, :2] / factor
    offset = (to_region[:, 2] - to_region[:, :2] @ half + half) / factor
    coefficients = (*matrix[0], offset[0], *matrix[1], offset[1])
    return np.asarray(image.transform((width, height), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR))


def _padded_region(photo: np.ndarray, corners: np.ndarray, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of the photo that ``corners`` (2, 4) span, its edge repeated where they leave it, and its origin."""
    size = np.array(photo.shape[1::-1])
    low = np.floor(corners.min(axis=1)).astype(int) - margin
    high = np.ceil(corners.max(axis=1)).astype(int) + margin + 1
    if np.all(low >= 0) and np.all(high <= size):
        return np.ascontiguousarray(photo[low[1] : high[1], low[0] : high[0]]), low
    columns = np.clip(np.arange(low[0], high[0]), 0, size[0] - 1)
    rows = np.clip(np.arange(low[1], high[1]), 0, size[1] - 1)
    return photo[rows[:, None], columns[None]], low
