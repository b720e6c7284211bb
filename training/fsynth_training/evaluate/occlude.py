"""Sunglasses, hats and masks drawn over a face by its mesh."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from fsynth.faces.landmarks import eye_centres

_FINER = 4  # shapes are drawn this much larger and averaged, for smooth edges

_JAW_RIGHT = (58, 172, 136, 150, 149, 176, 148)
_JAW_LEFT = (288, 397, 365, 379, 378, 400, 377)
_MASK_TOPS = {
    "chin": ((58, 172), 18, (397, 288)),
    "mouth": ((132, 205), 2, (425, 361)),
    "nose": ((234, 117, 114), 197, (343, 346, 454)),
}
"""The upper edge of a mask, from the person's right to the left, by how far up it is worn."""

HAT_HEIGHTS = {"high": 0.85, "middle": 0.5, "low": 0.2}
"""Where the brim of a hat crosses the forehead: 0 at the root of the nose, 1 at the top of the mesh."""


def sunglasses(image: np.ndarray, mesh: np.ndarray, opacity: float, size: float) -> np.ndarray:
    """Draw sunglasses.

    Args:
        image: (H, W, 3) uint8 sRGB.
        mesh: (468, 2 or 3) px of ``image``.
        opacity: 0..1, of the lenses.
        size: 1 covers the eyes up to the brows.
    """
    eyes = eye_centres(mesh)
    across = (eyes[1] - eyes[0]) / np.linalg.norm(eyes[1] - eyes[0])
    down = np.array([-across[1], across[0]])
    scale = max(float(np.linalg.norm(mesh[10, :2] - mesh[152, :2])) / 2.6, 1.0)  # a head's turn leaves it as it is
    angle = np.linspace(0, 2 * np.pi, 48)[:, None]
    lenses = []
    for eye, corners in zip(eyes, ((33, 133), (263, 362)), strict=True):
        width = np.clip(np.linalg.norm(mesh[corners[0], :2] - mesh[corners[1], :2]) / (0.42 * scale), 0.3, 1)
        # A superellipse, as lenses are: flatter than an ellipse.
        x, y = (np.sign(f(angle)) * np.abs(f(angle)) ** 0.75 for f in (np.cos, np.sin))
        centre = eye + 0.06 * scale * down
        lenses.append(centre + size * scale * (0.40 * width * x * across + 0.29 * y * down))
    middle = [lens.mean(axis=0) for lens in lenses]
    frame = [
        np.stack([middle[0], middle[1]]),
        *(np.stack([middle[i], mesh[ear, :2]]) for i, ear in ((0, 127), (1, 356))),
    ]
    shaded = _paint(image, lenses, np.array([18, 18, 20]), opacity)
    bars = [_bar(ends - 0.1 * size * scale * down, 0.045 * scale) for ends in frame]
    outside = 1 - _coverage(image.shape, lenses)
    return _paint(shaded, bars, np.array([22, 20, 20]), 1.0, outside)


def hat(image: np.ndarray, mesh: np.ndarray, height: float) -> np.ndarray:
    """Draw a knitted hat whose brim crosses the forehead at ``height`` (see ``HAT_HEIGHTS``).

    ``image``: (H, W, 3) uint8 sRGB. ``mesh``: (468, 2 or 3) px of it.
    """
    points = mesh[:, :2]
    up = points[10] - points[152]
    up = up / np.linalg.norm(up)
    across = np.array([-up[1], up[0]])
    brim = points[168] + height * (points[10] - points[168])
    right, left = ((points[i] - brim) @ across for i in (127, 356))
    middle, half = (right + left) / 2, 1.12 * abs(left - right) / 2
    face = float(np.linalg.norm(points[10] - points[152]))
    angle = np.linspace(0, np.pi, 40)[:, None]
    crown = brim + across * (middle + half * np.cos(angle)) + up * (0.75 * face * np.sin(angle))
    edge = np.linspace(-1, 1, 24)[:, None]
    lower = brim + across * (middle + 1.04 * half * edge) - up * (0.10 * face * (edge**2) - 0.02 * face)
    band = np.concatenate([lower, lower[::-1] + 0.2 * face * up])
    hatted = _paint(image, [crown], np.array([58, 66, 88]), 1.0)
    return _paint(hatted, [band], np.array([44, 50, 70]), 1.0)


def mask(image: np.ndarray, mesh: np.ndarray, worn: str) -> np.ndarray:
    """Draw a surgical mask, ``worn`` "chin", "mouth" (nose free) or "nose" (as it should be).

    ``image``: (H, W, 3) uint8 sRGB. ``mesh``: (468, 2 or 3) px of it.
    """
    points = mesh[:, :2]
    right, top, left = _MASK_TOPS[worn]
    outline = [*right, top, *left, *_JAW_LEFT[int(worn == "chin") :], 152, *reversed(_JAW_RIGHT[int(worn == "chin") :])]
    shape = points[outline]
    covered = _paint(image, [shape], np.array([158, 190, 208]), 1.0)
    folds = []
    for share in (0.35, 0.55, 0.75):
        ends = [points[i] + share * (points[152] - points[i]) for i in (right[-1], top, left[0])]
        folds += [_bar(np.stack(ends[:2]), 1.2), _bar(np.stack(ends[1:]), 1.2)]
    return _paint(covered, folds, np.array([132, 165, 186]), 0.8)


def _bar(ends: np.ndarray, width: float) -> np.ndarray:
    """The corners (4, 2) of a bar of ``width`` px between ``ends`` (2, 2)."""
    along = ends[1] - ends[0]
    aside = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-6) * width / 2
    return np.concatenate([ends + aside, ends[::-1] - aside])


def _coverage(shape: tuple[int, ...], polygons: list[np.ndarray]) -> np.ndarray:
    """(H, W) float, 0..1: how much of each pixel lies in one of ``polygons`` (N, 2)."""
    drawn = Image.new("L", (shape[1] * _FINER, shape[0] * _FINER))
    for polygon in polygons:
        corners = [tuple(point) for point in (polygon + 0.5) * _FINER]
        ImageDraw.Draw(drawn).polygon(corners, fill=255)
    return np.asarray(drawn.reduce(_FINER), np.float64) / 255


def _paint(
    image: np.ndarray,
    polygons: list[np.ndarray],
    colour: np.ndarray,
    opacity: float,
    within: np.ndarray | float = 1.0,
) -> np.ndarray:
    alpha = (_coverage(image.shape, polygons) * within * opacity)[..., None]
    return (image * (1 - alpha) + colour * alpha + 0.5).astype(np.uint8)
