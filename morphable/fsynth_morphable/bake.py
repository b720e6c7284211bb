"""The texture of a head: the image's own pixels where they can be trusted, the model's colours elsewhere."""

from __future__ import annotations

import numpy as np

from fsynth_morphable.atlas import Atlas, atlas_of
from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.eyes import Eyeball, paint_eyeball, recolour_eyeball
from fsynth_morphable.hair import tint_brows, tint_lashes
from fsynth_morphable.look import Look
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.sampling import resize
from fsynth_morphable.skin import Detail, paint_skin
from fsynth_morphable.texture_fit import TextureFit

SIZES = (256, 512, 1024, 2048, 4096)
"""Widths of textures, which are square, in texels."""

# Of models that bring no texture along, and so no hairs on their strips of brows and lashes.
_PLAIN = {
    "teeth": (0.86, 0.83, 0.76, 1),
    "gums": (0.62, 0.34, 0.33, 1),
    "tongue": (0.66, 0.37, 0.36, 1),
    "brows": (0.15, 0.10, 0.08, 0),
    "lashes": (0.10, 0.07, 0.06, 0),
    "cornea": (1, 1, 1, 0.06),
}


_SOCKET = 2.0
"""Radii of an eyeball around its middle within which the inside of the skin is its socket."""

_FLESH = (0.70, 0.53, 0.49)
"""SRGB of the inside of lids and of the flesh in the inner corner of an eye."""


def bake(
    model: MorphableModel,
    vertices: np.ndarray,
    fit: TextureFit,
    image: np.ndarray,
    look: Look,
    *,
    size: int = 1024,
    detail: Detail | None = None,
) -> np.ndarray:
    """Paint the texture of a fitted head.

    Args:
        model: the model that the head is of, with texture coordinates.
        vertices: (N, 3) metres, its surface as the image shows it.
        fit: the colours of its vertices, fitted to ``image``.
        image: (H, W, 3) uint8 sRGB.
        look: eyes and hair.
        size: width and height in texels, one of ``SIZES``.
        detail: a photo of the person, to give the skin its detail.

    Returns:
        (size, size, 4) uint8 sRGB and alpha, row 0 at v = 1. Alpha is below 255 on brows, lashes and clear parts only.

    Raises:
        ArgumentError: the model has no texture coordinates, or the size is none of ``SIZES``.
    """
    if size not in SIZES:
        raise ArgumentError(f"`size` must be one of {', '.join(map(str, SIZES))}, it is {size}.")
    atlas = atlas_of(model, size)
    canvas = _blank(model, atlas)
    for part, name in enumerate(model.part_names):
        texels = np.flatnonzero(atlas.part == part)
        if not len(texels):
            continue
        if name == "skin":
            # What a model's own texture shows on the skin is the inside of mouth and eye sockets.
            outside = texels[(canvas[texels] == canvas[texels[0]]).all(axis=1)]
            canvas[outside, :3] = paint_skin(outside, atlas, fit, image, look, detail)
            _paint_sockets(canvas, np.setdiff1d(texels, outside, assume_unique=True), atlas, model, vertices)
        elif name in ("eye_left", "eye_right"):
            eyeball = Eyeball.of(model, vertices, name)
            places = atlas.interpolate(vertices, texels)
            if model.texture is None:
                canvas[texels, :3] = paint_eyeball(places, eyeball, look.iris, look.sclera)
            else:
                canvas[texels, :3] = recolour_eyeball(canvas[texels, :3], places, eyeball, look.iris, look.sclera)
        elif name.startswith("brows"):
            canvas[texels] = tint_brows(canvas[texels], atlas.interpolate(fit.points, texels), image, fit)
        elif name.startswith("lashes"):
            canvas[texels] = tint_lashes(canvas[texels], look.hair)
    background = np.append(np.median(fit.matched, axis=0), 1)
    return atlas.image(_to_bytes(canvas), _to_bytes(background))


def _paint_sockets(
    canvas: np.ndarray, inside: np.ndarray, atlas: Atlas, model: MorphableModel, vertices: np.ndarray
) -> None:
    """Make flesh of what lies behind the lids, in place: dark, it would show as a gap beside turned eyes.

    ``inside``: rows of ``atlas`` that are of the inside of mouth and eye sockets.
    """
    balls = [Eyeball.of(model, vertices, name) for name in ("eye_left", "eye_right") if model.in_parts(name).any()]
    if not balls or not len(inside):
        return
    places = atlas.interpolate(vertices, inside)
    for ball in balls:
        near = np.linalg.norm(places - ball.centre, axis=1) < _SOCKET * ball.radius
        canvas[inside[near], :3] = _FLESH


def _blank(model: MorphableModel, atlas: Atlas) -> np.ndarray:
    """The model's own texture at the texels of ``atlas``, or a plain colour for each part: (P, 4) float32 in 0..1."""
    if model.texture is None:
        plain = [
            next((colour for start, colour in _PLAIN.items() if name.startswith(start)), (1, 1, 1, 1))
            for name in model.part_names
        ]
        return np.array(plain, np.float32)[atlas.part]
    own = model.texture
    if len(own) == atlas.size:
        return own.reshape(-1, 4)[atlas.raster.pixel] / np.float32(255)
    resized = resize(own.astype(np.float32) / 255, atlas.size)
    return resized.reshape(-1, 4)[atlas.raster.pixel]


def _to_bytes(colours: np.ndarray) -> np.ndarray:
    scaled = colours * 255
    scaled += 0.5
    return np.clip(scaled, 0, 255, out=scaled).astype(np.uint8)
