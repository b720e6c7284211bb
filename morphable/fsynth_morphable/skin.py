"""The skin of a texture: image, model's colours and short hair, and the detail of a photo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fsynth_morphable.atlas import Atlas
from fsynth_morphable.look import Look
from fsynth_morphable.sampling import blur, enlarge, sample
from fsynth_morphable.texture_fit import TextureFit

# Confidences at which a texel is all basis and all image. Eq. 13 would leave a third of the basis on cheeks that the
# image shows well; a texture, unlike vertex colours, has the resolution to show what that hides.
_BASIS_UP_TO, _IMAGE_FROM = 0.20, 0.60
_DETAIL_FROM, _DETAIL_ALL = 0.40, 0.75

_DETAIL_WIDTH = 0.03
"""Standard deviation of the blur, as a share of an image's width, that parts detail from light and complexion."""

_STRIP = 1 << 18
"""Texels that are painted at once."""

_HAIR_DENSITY = 0.92
_HAIR_GRAIN = 0.10


@dataclass(frozen=True, eq=False)
class Detail:
    """A photo to take the detail of the skin from.

    ``image``: (S, S, 3) uint8 sRGB. ``points``: (N, 2), where the head's vertices are in it, in pixels.
    ``confidence``: (N,), how well it shows them.
    """

    image: np.ndarray
    points: np.ndarray
    confidence: np.ndarray


def paint_skin(
    texels: np.ndarray, atlas: Atlas, fit: TextureFit, image: np.ndarray, look: Look, detail: Detail | None
) -> np.ndarray:
    """Colours (P, 3) float32 sRGB of the rows ``texels`` of ``atlas``; for the other arguments see ``bake``."""
    density = np.full(len(fit.matched), -1, np.float32) if look.hair_density is None else look.hair_density
    columns = np.column_stack([fit.matched, fit.points, fit.confidence, density]).astype(np.float32)
    large = enlarge(image.astype(np.float32) / 255)
    fine = None if detail is None else _Fine.of(detail, image)
    skin = np.empty((len(texels), 3), np.float32)
    # In strips, for which little memory is enough.
    for start in range(0, len(texels), _STRIP):
        strip = slice(start, start + _STRIP)
        skin[strip] = _paint(texels[strip], atlas, columns, large, look, fine)
    return skin


def _paint(
    texels: np.ndarray, atlas: Atlas, columns: np.ndarray, large: np.ndarray, look: Look, fine: _Fine | None
) -> np.ndarray:
    mixed = atlas.interpolate(columns, texels)
    skin, points, confidence, density = mixed[:, :3], mixed[:, 3:5], mixed[:, 5], mixed[:, 6]
    if look.hair is not None:
        covered = np.flatnonzero(density > 0)
        grain = _grain(atlas.size)[atlas.raster.pixel[texels[covered]]]
        skin[covered] = _shorn(skin[covered], _step(density[covered], 0, 1), look.hair, grain)
    share = _step(confidence, _BASIS_UP_TO, _IMAGE_FROM)
    shown = np.flatnonzero(share)
    colours = sample(large, 2 * points[shown])
    skin[shown] += (colours - skin[shown]) * share[shown, None]
    if fine is not None:
        _add_detail(skin, texels, atlas, points, fine)
    return np.clip(skin, 0, 1, out=skin)


def _shorn(skin: np.ndarray, cover: np.ndarray, hair: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Skin (P, 3) under closely cut hair that is as dense as ``cover`` (P,) says."""
    # Grain frays the hairline, and makes single hairs of the rest.
    dense = np.clip(cover + 0.25 * grain * cover * (1 - cover) * 4, 0, 1)[:, None] * _HAIR_DENSITY
    mixed: np.ndarray = skin * (1 - dense) + hair * (1 + _HAIR_GRAIN * grain[:, None]) * dense
    return mixed


@dataclass(frozen=True, eq=False)
class _Fine:
    """What ``Detail`` is used for: images (S, S, 3) float32 in 0..1, and columns (N, 3) of places and confidence."""

    photo: np.ndarray
    coarse: np.ndarray
    even: np.ndarray
    columns: np.ndarray

    @classmethod
    def of(cls, detail: Detail, image: np.ndarray) -> _Fine:
        photo, normalized = detail.image.astype(np.float32) / 255, image.astype(np.float32) / 255
        return cls(
            photo,
            blur(photo, _DETAIL_WIDTH * len(photo)),
            blur(normalized, _DETAIL_WIDTH * len(normalized)),
            np.column_stack([detail.points, detail.confidence]).astype(np.float32),
        )


def _add_detail(skin: np.ndarray, texels: np.ndarray, atlas: Atlas, points: np.ndarray, fine: _Fine) -> None:
    """Give skin (P, 3) the photo's detail, in place: light and complexion stay those of the normalized face.

    The photo's ratio to itself blurred multiplies the normalized face blurred as much.
    """
    mixed = atlas.interpolate(fine.columns, texels)
    share = _step(mixed[:, 2], _DETAIL_FROM, _DETAIL_ALL)
    shown = np.flatnonzero(share)
    places = mixed[shown, :2]
    detailed = sample(fine.even, points[shown]) * (sample(fine.photo, places) + 0.02)
    detailed /= sample(fine.coarse, places) + 0.02
    skin[shown] += (detailed - skin[shown]) * share[shown, None]


@lru_cache(maxsize=2)
def _grain(size: int) -> np.ndarray:
    """Stubble: noise of mean 0 and standard deviation 1, somewhat wider than a texel, (size * size,) float32."""
    noise = np.random.default_rng(0).standard_normal((size, size), np.float32)
    smooth = noise + np.roll(noise, 1, axis=0) + np.roll(noise, 1, axis=1) + np.roll(noise, (1, 1), axis=(0, 1))
    return (smooth / 2).ravel()


def _step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, smoothly in between."""
    share = np.clip((values - low) / (high - low), 0, 1)
    smooth: np.ndarray = share * share * (3 - 2 * share)
    return smooth
