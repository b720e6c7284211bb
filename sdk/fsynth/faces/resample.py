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
    inverse = invert_transform(np.asarray(transform, np.float64))
    corners = inverse @ np.array([[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1], [1, 1, 1, 1]])
    shrink = float(np.sqrt(abs(np.linalg.det(inverse[:, :2]))))
    factor = max(1, int(shrink))
    region, origin = _region(photo, corners, factor)
    # Pillow puts pixel centres on halves and wants the map from output to input.
    to_region = inverse.copy()
    to_region[:, 2] -= origin
    half = np.array([0.5, 0.5])
    matrix = to_region[:, :2] / factor
    offset = (to_region[:, 2] - to_region[:, :2] @ half + half) / factor
    coefficients = (*matrix[0], offset[0], *matrix[1], offset[1])
    image = Image.fromarray(region)
    return np.asarray(image.transform((width, height), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR))


def _region(photo: np.ndarray, corners: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of the photo that ``corners`` (2, 4) span, averaged in blocks of ``factor`` pixels, and its origin.

    Where the corners leave the photo its edge is repeated: for two blocks before the averaging, and for the rest after
    it, so that a region far larger than the photo takes no more memory than one within it.
    """
    size = np.array(photo.shape[1::-1])
    low = np.floor(corners.min(axis=1)).astype(int) - 2 - factor
    high = np.ceil(corners.max(axis=1)).astype(int) + 3 + factor
    first = np.minimum(low + np.maximum(-low // factor - 1, 0) * factor, size - 1)
    last = np.maximum(high - np.maximum((high - size) // factor - 1, 0) * factor, 1)
    inner_first, inner_last = np.maximum(first, 0), np.minimum(last, size)
    region = photo[inner_first[1] : inner_last[1], inner_first[0] : inner_last[0]]
    region = _repeat_edge(region, inner_first - first, last - inner_last)
    if factor > 1:
        region = np.asarray(Image.fromarray(region).reduce(factor))
    before = np.maximum((first - low) // factor, 0)
    blocks = np.array(region.shape[1::-1])
    after = np.maximum(-((first - high) // factor) - blocks, 0)
    return _repeat_edge(region, before, after), first - before * factor


def _repeat_edge(image: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """``image`` with its edge repeated ``before`` and ``after``, both (2,) int: columns, rows."""
    if not (before.any() or after.any()):
        return np.ascontiguousarray(image)
    return np.pad(image, ((before[1], after[1]), (before[0], after[0]), (0, 0)), mode="edge")
