"""Colour and light of textures: skin colour, white balance, light from one side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class WhiteBalance:
    """Gains that bring skin onto a reference set's line of a* and b* over L*.

    Attributes:
        line: (2, 2), slope and intercept of a* and of b* over L*.
        shifts: for each set, by name, the mean distance (2,) of its photos' a* and b* from the line: its cast.
        shares: for each set, how much of a photo's own distance, beyond its set's, is taken out, 0..1.
    """

    line: np.ndarray
    shifts: Mapping[str, np.ndarray]
    shares: Mapping[str, float]

    def gains(self, lab: np.ndarray, name: str) -> np.ndarray:
        """Gains in linear light (3,) for a photo of the set ``name`` whose skin is ``lab`` (3,); each 0.5..2."""
        residual = lab[1:] - _on_line(self.line, lab[0])
        wanted = lab.copy()
        wanted[1:] -= self.shifts[name] + self.shares[name] * (residual - self.shifts[name])
        return np.clip(lab_to_linear(wanted) / lab_to_linear(lab), 0.5, 2.0)


def learn_white_balance(
    lab: np.ndarray, source: np.ndarray, reference: str, *, share: float = 0.5, reference_share: float = 0.25
) -> WhiteBalance:
    """Learn from the skin ``lab`` (N, 3) of photos of the sets ``source`` (N,) str what each set's cast is.

    Args:
        lab: see ``skin_lab``.
        source: the set of each photo.
        reference: the set whose line counts.
        share: how much of a photo's own distance from the line is taken out, 0..1.
        reference_share: the same for photos of the reference set.
    """
    rows = source == reference
    line = np.stack([np.polyfit(lab[rows, 0], lab[rows, channel], 1) for channel in (1, 2)])
    residual = lab[:, 1:] - _on_line(line, lab[:, 0])
    names = [str(name) for name in np.unique(source)]
    shifts = {name: residual[source == name].mean(axis=0) for name in names}
    return WhiteBalance(line, shifts, {name: reference_share if name == reference else share for name in names})


def _on_line(line: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    return np.stack([np.polyval(line[0], lightness), np.polyval(line[1], lightness)], axis=-1)


def apply_gains(texture: np.ndarray, gains: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """``texture`` (224, 224, 3) with ``gains`` (3,) in linear light where ``matte`` (224, 224), 0..1, is head."""
    balanced = to_srgb(to_linear(texture) * gains).astype(np.float32)
    alpha = matte[..., None]
    return balanced * alpha + texture * (1 - alpha)


def white_balance(textures: np.ndarray, source: np.ndarray, masks: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Bring each set's skin onto London's line of a* and b* over L*, and each photo halfway, by gains in linear light.

    ``masks`` (N, 224, 224), in the mean geometry, keep the background out of it.
    """
    lab = skin_lab(textures, geometry)
    balance = learn_white_balance(lab, source, "london")
    rows = zip(textures, lab, source, masks, strict=True)
    return np.stack([apply_gains(texture, balance.gains(skin, name), mask) for texture, skin, name, mask in rows])


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
