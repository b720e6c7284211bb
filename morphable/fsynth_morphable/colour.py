"""Between sRGB and light (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np


def to_linear(encoded: np.ndarray) -> np.ndarray:
    """SRGB values in 0..1 to light in 0..1."""
    linear: np.ndarray = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def to_srgb(light: np.ndarray) -> np.ndarray:
    """Light in 0..1 to sRGB values in 0..1."""
    encoded: np.ndarray = np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)
    return encoded.astype(np.float32)


def to_bytes(light: np.ndarray) -> np.ndarray:
    """Light in 0..1 to sRGB uint8; brighter light is cut off."""
    return (to_srgb(np.clip(light, 0, 1)) * 255 + 0.5).astype(np.uint8)
