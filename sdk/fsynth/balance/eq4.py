"""The paper's colour shift (Cole et al. 2017, section 7.3, Eq. 4): piecewise linear in each channel of YCrCb.

The space: gamma-encoded sRGB, BT.601 weights, full range; Y in 0..1, Cr and Cb in 0..1 with 0.5 for grey. Each channel
maps 0 to 0, the photo's mean to the normalized face's mean, and 1 to 1, linearly between.
"""

from __future__ import annotations

import numpy as np

from fsynth.balance.colour_science import colour
from fsynth.errors import ArgumentError

_EDGE = 1e-3  # means stay so far from 0 and 1, where a piece of the map would have no length
_STRIP = 1 << 18  # pixels at a time


def to_ycrcb(srgb: np.ndarray) -> np.ndarray:
    """Gamma-encoded sRGB (..., 3), 0..1, as (Y, Cr, Cb), each 0..1, float64."""
    science = colour()
    ycbcr = science.RGB_to_YCbCr(srgb, K=science.WEIGHTS_YCBCR["ITU-R BT.601"], in_legal=False, out_legal=False)
    return np.asarray(ycbcr)[..., [0, 2, 1]] + [0.0, 0.5, 0.5]


def from_ycrcb(ycrcb: np.ndarray) -> np.ndarray:
    """The inverse of ``to_ycrcb``; colours outside sRGB are not clipped."""
    science = colour()
    ycbcr = (np.asarray(ycrcb, np.float64) - [0.0, 0.5, 0.5])[..., [0, 2, 1]]
    weights = science.WEIGHTS_YCBCR["ITU-R BT.601"]
    return np.asarray(science.YCbCr_to_RGB(ycbcr, K=weights, in_legal=False, out_legal=False))


def mean_colour(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """m_P or m_N: the mean (Y, Cr, Cb), (3,), of the pixels of ``image`` (H, W, 3) uint8 sRGB where ``mask`` is true.

    Raises:
        ArgumentError: the mask selects nothing.
    """
    if not mask.any():
        raise ArgumentError("`mask` selects no pixel, so there is no colour to take the mean of.")
    return to_ycrcb(image[mask] / 255).mean(axis=0)


def shift(image: np.ndarray, photo_mean: np.ndarray, normalized_mean: np.ndarray) -> np.ndarray:
    """Eq. 4 on ``image`` (H, W, 3) sRGB, uint8 or uint16; the same shape and dtype, colours outside sRGB clipped.

    ``photo_mean``, ``normalized_mean``: (3,) mean (Y, Cr, Cb) of the face in the photo and of the normalized face.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype not in (np.uint8, np.uint16):
        raise ArgumentError(f"`image` must be (H, W, 3) uint8 or uint16, it is {image.shape} {image.dtype}.")
    top = np.iinfo(image.dtype).max
    shifted = np.empty_like(image)
    step = max(1, _STRIP // max(image.shape[1], 1))
    for start in range(0, len(image), step):
        rows = slice(start, start + step)
        moved = from_ycrcb(shift_ycrcb(to_ycrcb(image[rows] / top), photo_mean, normalized_mean))
        shifted[rows] = np.clip(moved, 0, 1) * top + 0.5
    return shifted


def unshift(image: np.ndarray, photo_mean: np.ndarray, normalized_mean: np.ndarray) -> np.ndarray:
    """The inverse of ``shift``, up to rounding and what was clipped: the same map with the two means exchanged."""
    return shift(image, normalized_mean, photo_mean)


def shift_ycrcb(ycrcb: np.ndarray, photo_mean: np.ndarray, normalized_mean: np.ndarray) -> np.ndarray:
    """Eq. 4 itself on ``ycrcb`` (..., 3), each channel 0..1; exchanging the means undoes it."""
    p = np.clip(photo_mean, _EDGE, 1 - _EDGE)
    n = np.clip(normalized_mean, _EDGE, 1 - _EDGE)
    return np.where(ycrcb <= p, ycrcb * (n / p), 1 - (1 - ycrcb) * ((1 - n) / (1 - p)))
