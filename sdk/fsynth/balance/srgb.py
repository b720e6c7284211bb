"""The sRGB transfer function (IEC 61966-2-1), for whole photos at a time."""

from __future__ import annotations

import functools

import numpy as np

LUMINANCE: np.ndarray = np.array([0.2126, 0.7152, 0.0722])
"""(3,) how much the linear sRGB channels add to CIE Y."""


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """Gamma-encoded sRGB to linear sRGB, 0..1, float32 of the same shape.

    ``srgb``: uint8 (0..255), uint16 (0..65535) or float (0..1).
    """
    if srgb.dtype == np.uint8:
        return _decoding(255)[srgb]
    if srgb.dtype == np.uint16:
        return _decoding(65535)[srgb]
    return _decode(np.asarray(srgb)).astype(np.float32)


def from_linear(linear: np.ndarray, *, bits: int = 8) -> np.ndarray:
    """Linear sRGB, clipped to 0..1, to gamma-encoded sRGB of the same shape, uint8 (``bits`` 8) or uint16 (16)."""
    if bits == 8:
        encoded = np.empty(np.shape(linear), np.uint8)
        encode_steps(np.clip(linear, 0, 1) * np.float32(65535), encoded)
        return encoded
    return (encode(linear) * 65535 + 0.5).astype(np.uint16)


def encode_steps(linear: np.ndarray, encoded: np.ndarray) -> None:
    """``from_linear`` with 8 bits into the array ``encoded``; ``linear``, a float with 65535 = white, is used up."""
    linear += np.float32(0.5)
    np.clip(linear, 0, 65535, out=linear)
    np.take(_encoding(), linear.astype(np.uint16), out=encoded, mode="clip")  # no index is outside; "raise" is slower


def encode(linear: np.ndarray) -> np.ndarray:
    """Linear sRGB, clipped to 0..1, to gamma-encoded sRGB, 0..1, float of the same shape."""
    light = np.clip(linear, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _decode(srgb: np.ndarray) -> np.ndarray:
    value = np.clip(srgb, 0, 1)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


@functools.cache
def _decoding(top: int) -> np.ndarray:
    return _decode(np.arange(top + 1) / top).astype(np.float32)


@functools.cache
def _encoding() -> np.ndarray:
    """(65536,) uint8. A step of 1 / 65535 is at most a twentieth of a step of the output, so none is skipped."""
    return (encode(np.arange(65536) / 65535) * 255 + 0.5).astype(np.uint8)
