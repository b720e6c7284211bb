"""The texture of a head: the image's own pixels where they can be trusted, the model's colours elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fsynth_morphable.atlas import Atlas, atlas_of
from fsynth_morphable.camera import Camera
from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.eyes import Eyeball, iris_colour, iris_points, paint_eyeball
from fsynth_morphable.hair import paint_hair, paint_scalp
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.scalp import hair_colour
from fsynth_morphable.sampling import enlarge, sample
from fsynth_morphable.texture_fit import TextureFit

SIZES = (256, 512, 1024, 2048, 4096)
"""Widths of textures, which are square, in texels."""

# Confidences at which a texel is all basis and all image. Eq. 13 would leave a third of the basis on cheeks that the
# image shows well; a texture, unlike vertex colours, has the resolution to show what that hides.
_BASIS_UP_TO, _IMAGE_FROM = 0.12, 0.55

_INSIDE_MOUTH = {
    "teeth": (0.86, 0.83, 0.76),
    "gums": (0.62, 0.34, 0.33),
    "tongue": (0.66, 0.37, 0.36),
}
_CLEAR = ("cornea", "lacrimal", "eye_blend", "eye_occlusion")


@dataclass(frozen=True, eq=False)
class Look:
    """What of a person's look the skin does not show.

    ``iris``: (3,) float32 sRGB in 0..1, or None for brown. ``hair``: the same, or None for a bare scalp.
    ``hair_cover``: (N,) float32 in 0..1, how much of the skin at each vertex short hair covers.
    """

    iris: np.ndarray | None = None
    hair: np.ndarray | None = None
    hair_cover: np.ndarray | None = None


def bake(
    model: MorphableModel,
    vertices: np.ndarray,
    fit: TextureFit,
    image: np.ndarray,
    look: Look,
    *,
    size: int = 1024,
) -> np.ndarray:
    """Paint the texture of a fitted head.

    Args:
        model: the model that the head is of, with texture coordinates.
        vertices: (N, 3) metres, its surface without expression.
        fit: the colours of its vertices, fitted to ``image``.
        image: (H, W, 3) uint8 sRGB.
        look: eyes and hair.
        size: width and height in texels, one of ``SIZES``.

    Returns:
        (size, size, 4) uint8 sRGB and alpha, row 0 at v = 1. Alpha is below 255 on brows, lashes and clear parts only.

    Raises:
        ArgumentError: the model has no texture coordinates, or the size is none of ``SIZES``.
    """
    if size not in SIZES:
        raise ArgumentError(f"`size` must be one of {', '.join(map(str, SIZES))}, it is {size}.")
    atlas = atlas_of(model, size)
    colour = np.empty((len(atlas.part), 4), np.float32)
    colour[:, 3] = 1
    for part, name in enumerate(model.part_names):
        texels = np.flatnonzero(atlas.part == part)
        if len(texels):
            _paint_part(name, texels, colour, atlas, model, vertices, fit, image, look)
    colour *= 255
    colour += 0.5
    mean_skin = np.array([*(255 * fit.basis.mean(axis=0)), 255]).astype(np.uint8)
    return atlas.image(np.clip(colour, 0, 255, out=colour).astype(np.uint8), mean_skin)


def _paint_part(
    name: str,
    texels: np.ndarray,
    colour: np.ndarray,
    atlas: Atlas,
    model: MorphableModel,
    vertices: np.ndarray,
    fit: TextureFit,
    image: np.ndarray,
    look: Look,
) -> None:
    if name in ("eye_left", "eye_right"):
        eyeball = Eyeball.around(vertices[np.unique(model.polygons[model.in_parts(name), :3])])
        iris = np.array([0.35, 0.24, 0.17], np.float32) if look.iris is None else look.iris
        colour[texels, :3] = paint_eyeball(atlas.interpolate(vertices, texels), eyeball, iris)
    elif name.startswith(("brows", "lashes")):
        paint_hair(name, texels, colour, atlas, model, fit, look.hair)
    elif name.startswith(_CLEAR):
        colour[texels] = (1, 1, 1, 0.06)
    elif name.startswith(tuple(_INSIDE_MOUTH)):
        plain = next(value for start, value in _INSIDE_MOUTH.items() if name.startswith(start))
        colour[texels, :3] = plain
    else:
        colour[texels, :3] = _skin(texels, atlas, fit, image, look)


def _skin(texels: np.ndarray, atlas: Atlas, fit: TextureFit, image: np.ndarray, look: Look) -> np.ndarray:
    cover = np.zeros(len(fit.basis), np.float32) if look.hair_cover is None else look.hair_cover
    mixed = atlas.interpolate(
        np.concatenate([fit.basis, fit.points, fit.confidence[:, None], cover[:, None]], axis=1, dtype=np.float32), texels
    )
    skin, points, confidence, cover = mixed[:, :3], mixed[:, 3:5], mixed[:, 5], mixed[:, 6]
    if look.hair is not None:
        covered = np.flatnonzero(cover > 0)
        grain = _grain(atlas.size)[atlas.raster.pixel[texels[covered]]]
        skin[covered] = paint_scalp(skin[covered], cover[covered], look.hair, grain)
    share = np.clip((confidence - _BASIS_UP_TO) / (_IMAGE_FROM - _BASIS_UP_TO), 0, 1)
    shown = np.flatnonzero(share)
    share = (share * share * (3 - 2 * share))[shown, None]
    fine = enlarge(image.astype(np.float32) / 255)
    skin[shown] += (np.clip(sample(fine, 2 * points[shown]), 0, 1) - skin[shown]) * share
    return skin


def find_look(
    model: MorphableModel,
    vertices: np.ndarray,
    camera: Camera,
    image: np.ndarray,
    hair_cover: np.ndarray | None,
) -> Look:
    """Read the colours of irises and hair from an image (H, W, 3) uint8 sRGB to which the head was fitted."""
    light = image.astype(np.float32) / 255
    rings = []
    for name in ("eye_left", "eye_right"):
        polygons = model.polygons[model.in_parts(name), :3]
        if len(polygons):
            eyeball = Eyeball.around(vertices[np.unique(polygons)])
            rings.append(camera.project(iris_points(eyeball))[0].astype(np.float32))
    hair = None
    if hair_cover is not None:
        hair = hair_colour(light, model, vertices, camera, hair_cover)
    return Look(iris_colour(light, rings) if rings else None, hair, hair_cover)


@lru_cache(maxsize=2)
def _grain(size: int) -> np.ndarray:
    """Stubble: noise of mean 0 and standard deviation 1, somewhat wider than a texel, (size * size,) float32."""
    noise = np.random.default_rng(0).standard_normal((size, size), np.float32)
    smooth = noise + np.roll(noise, 1, axis=0) + np.roll(noise, 1, axis=1) + np.roll(noise, (1, 1), axis=(0, 1))
    return (smooth / 2).ravel()
