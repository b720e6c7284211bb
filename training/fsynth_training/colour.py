"""sRGB, linear light, CIE Lab (D65) and the luma-chroma planes, on arrays whose last axis has three channels."""

from __future__ import annotations

import numpy as np

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """Gamma-encoded sRGB (..., 3), 0..1, to linear light, 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light (..., 3), clipped to 0..1, to gamma-encoded sRGB, 0..1."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def to_lab(srgb: np.ndarray) -> np.ndarray:
    """Gamma-encoded sRGB (..., 3), 0..1, to CIE L* a* b* under D65."""
    ratio = to_linear(srgb) @ _TO_XYZ.T / _WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def lab_to_linear(lab: np.ndarray) -> np.ndarray:
    """CIE L* a* b* (..., 3) under D65 to linear sRGB, not clipped."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    ratio = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return (ratio * _WHITE) @ np.linalg.inv(_TO_XYZ).T
