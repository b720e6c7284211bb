"""Photographs made worse, in kinds and levels: what the robustness of weights is measured on.

Each kind is a pure function of an aligned face (224, 224, 3) uint8 sRGB, whose eyes are 55 px apart, and of its mesh.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from fsynth.faces.alignment import INTEROCULAR
from fsynth_training.evaluate import occlude
from fsynth_training.evaluate.lights import relight, temperature_gains

Apply = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(image (H, W, 3) uint8, mesh (468, 3)) -> image."""

_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Degradation:
    """One level of one kind; ``apply(image, mesh)`` gives the degraded image."""

    kind: str
    level: str
    apply: Apply

    @property
    def name(self) -> str:
        """What it is kept under."""
        return f"{self.kind}, {self.level}"


CLEAN = Degradation("clean", "as it is", lambda image, mesh: image)
"""Changes nothing; the face is found again as in the degraded ones."""


def degradations() -> list[Degradation]:
    """``CLEAN``, and every kind at three levels, the mildest first."""
    table: dict[str, dict[str, Apply]] = {
        "warm light": {f"{k} K": _pixels(relight, temperature_gains(k)) for k in (4500, 3500, 2800)},
        "cold light": {f"{k} K": _pixels(relight, temperature_gains(k)) for k in (8000, 10000, 15000)},
        "too dark": {f"{-stops} EV": _pixels(relight, 2.0**-stops) for stops in (1, 2, 3)},
        "too bright": {f"+{stops} EV": _pixels(relight, 2.0**stops) for stops in (1, 1.5, 2)},
        "side light": {f"ambient {share:.0%}": _face(side_light, share) for share in (0.4, 0.2, 0.05)},
        "sunglasses": {
            "tinted": _face(occlude.sunglasses, 0.6, 1.0),
            "dark": _face(occlude.sunglasses, 0.97, 1.0),
            "large": _face(occlude.sunglasses, 0.97, 1.3),
        },
        "hat": {name: _face(occlude.hat, height) for name, height in occlude.HAT_HEIGHTS.items()},
        "mask": {worn: _face(occlude.mask, worn) for worn in ("chin", "mouth", "nose")},
        "monochrome": {
            "half": _pixels(monochrome, 0.5, 1),
            "grey": _pixels(monochrome, 1, 1),
            "high contrast": _pixels(monochrome, 1, 2),
        },
        "blur": {f"{sigma} px": _pixels(blur, sigma) for sigma in (1, 2, 4)},
        "JPEG": {f"quality {quality}": _pixels(jpeg, quality) for quality in (30, 15, 5)},
        "low resolution": {f"eyes {eyes} px": _pixels(low_resolution, eyes) for eyes in (20, 12, 8)},
        "painting": {f"radius {radius} px": _pixels(painting, radius) for radius in (2, 4, 6)},
    }
    every = [Degradation(kind, level, apply) for kind, levels in table.items() for level, apply in levels.items()]
    return [CLEAN, *every]


def side_light(image: np.ndarray, mesh: np.ndarray, ambient: float) -> np.ndarray:
    """Light a face from the image's left, 75 degrees off the camera, as a cylinder would be lit (Lambert).

    ``ambient``: the share of light that comes from everywhere. The brightest place keeps its brightness.
    """
    right, left = mesh[234, 0], mesh[454, 0]
    across = np.clip((np.arange(image.shape[1]) - (right + left) / 2) / (abs(left - right) / 2), -0.99, 0.99)
    light = np.radians(75)
    shading = np.maximum(-across * np.sin(light) + np.sqrt(1 - across**2) * np.cos(light), 0)
    return relight(image, (ambient + (1 - ambient) * shading / shading.max())[None, :, None])


def monochrome(image: np.ndarray, share: float, contrast: float) -> np.ndarray:
    """Take ``share`` (0..1) of the colour out, and stretch luma around its mean by ``contrast``."""
    luma = (image @ _LUMA)[..., None]
    stretched = (luma - luma.mean()) * contrast + luma.mean()
    return (np.clip(image * (1 - share) + stretched * share, 0, 255) + 0.5).astype(np.uint8)


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian of ``sigma`` px."""
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(sigma)))


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Through JPEG of ``quality`` 1..95 and back."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as compressed:
        return np.asarray(compressed.convert("RGB"))


def low_resolution(image: np.ndarray, eyes: float) -> np.ndarray:
    """As a photo has it in which the eyes are ``eyes`` px apart, enlarged again."""
    height, width = image.shape[:2]
    factor = eyes / INTEROCULAR
    small = Image.fromarray(image).resize((round(width * factor), round(height * factor)), Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def painting(image: np.ndarray, radius: int) -> np.ndarray:
    """Brush strokes: each pixel takes the mean of the calmest of the four squares at whose corner it is.

    ``radius``: of the squares in px.

    Source: Kuwahara et al. 1976.
    """
    size = radius + 1
    values = image.astype(np.float64)
    luma = values @ _LUMA
    best, result = np.full(luma.shape, np.inf), values
    for down in (-1, 1):
        for right in (-1, 1):
            # An even filter's window starts at size // 2 before the pixel; the origin moves the pixel to its corner.
            origin = [_corner(size, down), _corner(size, right)]
            mean = ndimage.uniform_filter(luma, size, origin=origin)
            variance = ndimage.uniform_filter(luma**2, size, origin=origin) - mean**2
            colours = ndimage.uniform_filter(values, (size, size, 1), origin=[*origin, 0])
            calmer = variance < best
            best = np.where(calmer, variance, best)
            result = np.where(calmer[..., None], colours, result)
    return (np.clip(result, 0, 255) + 0.5).astype(np.uint8)


def _corner(size: int, direction: int) -> int:
    """The ``origin`` of a filter of ``size`` that lets its window begin (1) or end (-1) at the pixel."""
    return -(size // 2) if direction > 0 else (size - 1) // 2


def _pixels(function: Callable[..., np.ndarray], *values: Any) -> Apply:
    """A degradation that needs the image alone."""
    return lambda image, mesh: function(image, *values)


def _face(function: Callable[..., np.ndarray], *values: Any) -> Apply:
    """A degradation that goes by the mesh."""
    return lambda image, mesh: function(image, mesh, *values)
