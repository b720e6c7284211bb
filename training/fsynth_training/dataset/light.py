"""Colour and light of textures: skin colour, white balance, light from one side."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from fsynth_training.dataset.colour import lab_to_linear, to_lab, to_linear, to_srgb
from fsynth_training.dataset.geometry import Geometry


def skin_lab(textures: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Mean CIE Lab of the skin of each texture, (N, 3): the mean is taken in linear light over mid-bright pixels."""
    results = []
    for texture in textures:
        pixels = texture[geometry.skin > 0.5]
        luma = pixels.mean(axis=1)
        low, high = np.quantile(luma, [0.2, 0.9])
        linear = to_linear(pixels[(luma >= low) & (luma <= high)]).mean(axis=0)
        results.append(to_lab(to_srgb(linear)))
    return np.array(results)


def white_balance(textures: np.ndarray, source: np.ndarray, masks: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Bring each set's skin onto London's line of a* and b* over L*, and each photo halfway, by gains in linear light.

    ``masks`` (N, 224, 224), in the mean geometry, keep the background out of it.
    """
    lab = skin_lab(textures, geometry)
    london = source == "london"
    line = [np.polyfit(lab[london, 0], lab[london, c], 1) for c in (1, 2)]
    residual = np.stack([lab[:, c] - np.polyval(line[c - 1], lab[:, 0]) for c in (1, 2)], axis=1)
    wanted = lab.copy()
    for name in np.unique(source):
        rows = source == name
        shift = residual[rows].mean(axis=0)
        own = 0.25 if name == "london" else 0.5
        wanted[rows, 1:] -= shift + own * (residual[rows] - shift)
    gains = np.clip(lab_to_linear(wanted) / lab_to_linear(lab), 0.5, 2.0)
    balanced = to_srgb(to_linear(textures) * gains[:, None, None]).astype(np.float32)
    alpha = masks[..., None]
    return balanced * alpha + textures * (1 - alpha)


def even_light(texture: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Make the light of a face lit from one side even, left to right."""
    linear = to_linear(texture)
    weight = geometry.face[..., None]
    luma = linear.mean(axis=-1, keepdims=True)
    low = ndimage.gaussian_filter(luma * weight, (14, 14, 0)) / (ndimage.gaussian_filter(weight, (14, 14, 0)) + 1e-3)
    low += 1e-3
    gain = np.clip(np.sqrt(low[:, ::-1] / low), 0.6, 1.6)
    gain = 1 + (gain - 1) * ndimage.gaussian_filter(weight, (6, 6, 0))
    return to_srgb(linear * gain).astype(np.float32)
