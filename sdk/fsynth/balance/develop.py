"""From scene-linear camera RGB to a finished sRGB picture: gains, highlights to neutral, matrix, sRGB curve."""

from __future__ import annotations

import numpy as np

from fsynth.balance.gains import Gains
from fsynth.balance.srgb import LUMINANCE, encode_steps, from_linear
from fsynth.errors import ArgumentError

CLIPPED = 0.98
"""Camera RGB at and above which a channel counts as clipped; 1 is saturation."""

_FADE = 0.90  # camera RGB from which colours fade towards neutral
_STRIP = 1 << 15  # pixels that are developed together: what stays in a processor's cache


def develop(camera: np.ndarray, gains: Gains, camera_to_srgb: np.ndarray, *, bits: int = 8) -> np.ndarray:
    """Develop a photo.

    Where a channel nears saturation its value says nothing of the colour, and gains would make white pink: there the
    balanced colour fades to a grey of its luminance, or, where all three channels are saturated, of the brightest.

    Args:
        camera: (H, W, 3), scene-linear camera RGB: uint16, 65535 = saturation, or float, 1 = saturation. The same for a
            picture in linear sRGB, with the identity as matrix.
        gains: what the channels are multiplied with; for a RAW photo its as-shot multipliers give the as-shot picture.
        camera_to_srgb: (3, 3), balanced camera RGB -> linear sRGB, rows that sum to 1.
        bits: 8 or 16.

    Returns:
        (H, W, 3) sRGB, uint8 or uint16. Colours outside sRGB are clipped.

    Raises:
        ArgumentError: a shape or dtype is wrong, or ``bits`` is neither 8 nor 16.
    """
    if bits not in (8, 16):
        raise ArgumentError(f"`bits` must be 8 or 16, it is {bits}.")
    camera = _check(camera)
    developed = np.empty(camera.shape, np.uint8 if bits == 8 else np.uint16)
    for rows in _strips(camera):
        if bits == 8:
            encode_steps(_linear(camera[rows], gains, camera_to_srgb, 65535.0), developed[rows])
        else:
            developed[rows] = from_linear(to_linear_srgb(camera[rows], gains, camera_to_srgb), bits=bits)
    return developed


def to_linear_srgb(camera: np.ndarray, gains: Gains, camera_to_srgb: np.ndarray) -> np.ndarray:
    """``develop`` without the sRGB curve: (H, W, 3) float32 linear sRGB, not clipped."""
    return _linear(_check(camera), gains, camera_to_srgb, 1.0)


def _linear(camera: np.ndarray, gains: Gains, camera_to_srgb: np.ndarray, top: float) -> np.ndarray:
    """Linear sRGB, ``top`` = white."""
    bright = brightest(camera) > _level(camera, _FADE)
    values = camera.astype(np.float32, copy=False)
    matrix = top * np.asarray(camera_to_srgb, np.float64)
    linear = values @ (matrix * (gains.factors / _level(camera, 1.0))).T.astype(np.float32)
    if bright.any():
        linear[bright] = _faded(as_float(camera[bright]), gains) @ matrix.T.astype(np.float32)
    return linear


def newly_clipped(camera: np.ndarray, before: Gains, after: Gains, camera_to_srgb: np.ndarray) -> float:
    """Share (0..1) of the pixels that reach white in a channel developed with ``after`` and not with ``before``.

    What the sensor itself clipped does not count. Arguments are those of ``develop``; a reduced photo is enough.
    """
    camera = _check(camera)
    count = 0
    for rows in _strips(camera):
        was = brightest(to_linear_srgb(camera[rows], before, camera_to_srgb)) >= 1
        now = brightest(to_linear_srgb(camera[rows], after, camera_to_srgb)) >= 1
        count += int((now & ~was & ~is_clipped(camera[rows])).sum())
    return count / max(camera.shape[0] * camera.shape[1], 1)


def is_clipped(camera: np.ndarray) -> np.ndarray:
    """(H, W) bool: whether a channel of camera RGB (H, W, 3), uint16 or float as in ``develop``, is saturated."""
    return brightest(camera) >= _level(camera, CLIPPED)


def brightest(image: np.ndarray) -> np.ndarray:
    """(H, W): the largest of the three channels of ``image`` (H, W, 3); far faster than ``image.max(axis=-1)``."""
    return np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2])


def as_float(camera: np.ndarray) -> np.ndarray:
    """Camera RGB, uint16 with 65535 = saturation or float, as float32 with 1 = saturation."""
    if camera.dtype == np.uint16:
        return camera * np.float32(1 / 65535)
    return camera.astype(np.float32, copy=False)


def _faded(camera: np.ndarray, gains: Gains) -> np.ndarray:
    """Balanced camera RGB (n, 3) of bright pixels, faded towards neutral by how near saturation they are."""
    balanced = gains.apply(camera)
    saturated = np.clip((camera - _FADE) / (CLIPPED - _FADE), 0, 1)
    saturated = saturated**2 * (3 - 2 * saturated)
    luminance, top = balanced @ LUMINANCE.astype(np.float32), balanced.max(axis=1)
    grey = luminance + saturated.min(axis=1) * (top - luminance)
    return balanced + saturated.max(axis=1)[:, None] * (grey[:, None] - balanced)


def _level(camera: np.ndarray, share: float) -> float:
    """What ``share`` of saturation is in the numbers of ``camera``."""
    return share * 65535 if camera.dtype == np.uint16 else share


def _strips(camera: np.ndarray) -> list[slice]:
    step = max(1, _STRIP // max(camera.shape[1], 1))
    return [slice(start, start + step) for start in range(0, camera.shape[0], step)]


def _check(camera: np.ndarray) -> np.ndarray:
    if camera.ndim != 3 or camera.shape[2] != 3 or not (camera.dtype == np.uint16 or camera.dtype.kind == "f"):
        raise ArgumentError(f"`camera` must be (H, W, 3) uint16 or float, it is {camera.shape} {camera.dtype}.")
    return camera
