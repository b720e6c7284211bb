"""Brows and lashes: strips whose texture says by alpha where the hairs are."""

from __future__ import annotations

import numpy as np

from fsynth_morphable.sampling import sample
from fsynth_morphable.texture_fit import TextureFit

_LASHES: np.ndarray = np.array([0.09, 0.065, 0.055], np.float32)
_BROW_OPACITY = 0.75
"""The image's own brows are on the skin below; the strips only add single hairs to them."""


def tint_brows(hairs: np.ndarray, points: np.ndarray, image: np.ndarray, fit: TextureFit) -> np.ndarray:
    """Give brows the colour of those in the image, and leave hairs only where it shows some.

    Args:
        hairs: (P, 4) float32 sRGB and alpha of the strips.
        points: (P, 2), where they are in the image, in pixels.
        image: (H, W, 3) uint8 sRGB.
        fit: the colours fitted to the image.

    Returns:
        (P, 4) float32.
    """
    colours = sample(image.astype(np.float32) / 255, points)
    brightness = colours.mean(axis=1)
    dark, light = np.quantile(brightness, [0.1, 0.9])
    if light - dark < 0.03:  # no brows to be seen
        return np.column_stack([hairs[:, :3], 0 * hairs[:, 3]])
    brow = colours[brightness <= np.quantile(brightness, 0.2)].mean(axis=0)
    # A small image blurs hairs with the skin between them; they are darker than it shows.
    brow = np.clip(brow - 0.35 * (light - dark), 0.03, 1)
    own = hairs[:, :3].mean(axis=1, keepdims=True)
    tinted = brow * (own / max(float(own.mean()), 1e-3))
    share = np.clip((light - brightness) / (light - dark), 0, 1)
    return np.column_stack([np.clip(tinted, 0, 1), hairs[:, 3] * share * _BROW_OPACITY]).astype(np.float32)


def tint_lashes(hairs: np.ndarray, hair: np.ndarray | None) -> np.ndarray:
    """Lashes (P, 4) as dark as lashes are, a little towards the colour ``hair`` (3,) of the head."""
    colour = _LASHES if hair is None else 0.8 * _LASHES + 0.2 * np.minimum(hair, 0.4)
    return np.column_stack([np.broadcast_to(colour, (len(hairs), 3)), hairs[:, 3]]).astype(np.float32)
