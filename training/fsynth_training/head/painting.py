"""The texture of what photographs do not show: eyes, teeth, gums, tongue, and single hairs of lashes and brows."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from fsynth_training.head import atlas
from fsynth_training.head.eyes import IRIS_UV

SIZE = 1024
_HAIR = (38, 26, 20)
_SKIN = (188, 146, 124)
_MOUTH = (92, 34, 34)
_LID = (208, 142, 130)  # the inside of the lids


def paint(seed: int = 0) -> np.ndarray:
    """(1024, 1024, 4) uint8 sRGB and alpha, first row at v = 1. Skin is one plain colour, to be replaced."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((SIZE, SIZE, 4), np.uint8)
    canvas[:] = (*_SKIN, 255)
    _fill(canvas, atlas.MOUTH_BAG, (*_MOUTH, 255))
    for socket in atlas.SOCKETS:
        _fill(canvas, socket, (*_LID, 255))
    _fill(canvas, atlas.CORNEA, (255, 255, 255, 16))
    _put(canvas, atlas.EYE, _eye(rng, *_pixels(atlas.EYE)[1]))
    _put(canvas, atlas.TEETH, _teeth(*_pixels(atlas.TEETH)[1]))
    _put(canvas, atlas.GUMS, _flesh(rng, (176, 92, 90), *_pixels(atlas.GUMS)[1]))
    _put(canvas, atlas.TONGUE, _flesh(rng, (178, 96, 96), *_pixels(atlas.TONGUE)[1]))
    _put(canvas, atlas.LASHES_UPPER, _lashes(rng, 130, *_pixels(atlas.LASHES_UPPER)[1]))
    _put(canvas, atlas.LASHES_LOWER, _lashes(rng, 80, *_pixels(atlas.LASHES_LOWER)[1]))
    _put(canvas, atlas.BROWS, _brow(rng, 800, *_pixels(atlas.BROWS)[1]))
    return canvas


def _pixels(box: tuple[float, float, float, float], margin: int = 4) -> tuple[tuple[int, int], tuple[int, int]]:
    """(top, left) and (height, width) of ``box``, with a margin around it against bleeding."""
    left, bottom, right, top = box
    first = round((1 - top) * SIZE) - margin, round(left * SIZE) - margin
    last = round((1 - bottom) * SIZE) + margin, round(right * SIZE) + margin
    return first, (last[0] - first[0], last[1] - first[1])


def _put(canvas: np.ndarray, box: tuple[float, float, float, float], picture: np.ndarray) -> None:
    (top, left), (height, width) = _pixels(box)
    skip_top, skip_left = max(-top, 0), max(-left, 0)
    target = canvas[top + skip_top : top + height, left + skip_left : left + width]
    target[:] = picture[skip_top : skip_top + target.shape[0], skip_left : skip_left + target.shape[1]]


def _fill(canvas: np.ndarray, box: tuple[float, float, float, float], colour: tuple[int, ...]) -> None:
    _put(canvas, box, np.broadcast_to(np.array(colour, np.uint8), (*_pixels(box)[1], 4)))


def _opaque(colour: np.ndarray) -> np.ndarray:
    alpha = np.full((*colour.shape[:2], 1), 255.0)
    return np.rint(np.clip(np.concatenate([colour, alpha], axis=2), 0, 255)).astype(np.uint8)


def _noise(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> np.ndarray:
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), sigma, mode="wrap")
    return noise / noise.std()


def _eye(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A brown iris with fibres and a dark rim on an off-white ball."""
    size = width - 8
    y, x = np.mgrid[:height, :width]
    dx, dy = (x - (width - 1) / 2) / size, ((height - 1) / 2 - y) / size
    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    share = radius / IRIS_UV

    sclera = np.array([226.0, 219, 212]) - np.array([6.0, 22, 26]) * np.clip((radius - 0.26) / 0.2, 0, 1)[..., None]
    veins = np.maximum(_noise(rng, (height, width), 2.2) - 1.2, 0) * np.clip((radius - 0.28) / 0.15, 0, 1)
    sclera -= veins[..., None] * [4.0, 16, 16]

    # Fibres run outwards: noise over the angle, a little over the radius.
    table = _noise(rng, (64, 720), 0) * 0.5 + _noise(rng, (64, 720), 1.5) * 0.5
    table = ndimage.gaussian_filter(table, (9, 0.8), mode="wrap")
    table /= table.std()
    fibres = ndimage.map_coordinates(table, [np.clip(share, 0, 1) * 63, (angle / (2 * np.pi) % 1) * 719], order=1)
    inner, outer = np.array([124.0, 82, 46]), np.array([84.0, 54, 34])
    blend = np.clip((share - 0.4) / 0.5, 0, 1)[..., None]
    iris = (inner * (1 - blend) + outer * blend) * (1 + 0.16 * fibres[..., None])
    iris *= (1 - 0.62 * _step(share, 0.84, 1.0))[..., None] * (0.75 + 0.25 * _step(share, 0.34, 0.5))[..., None]
    iris = iris * _step(share, 0.335, 0.375)[..., None] + 8
    edge = _step(share, 0.95, 1.06)[..., None]
    return _opaque(iris * (1 - edge) + sclera * edge)


def _step(value: np.ndarray, low: float, high: float) -> np.ndarray:
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _teeth(height: int, width: int) -> np.ndarray:
    """Yellower at the neck, a little clearer at the edge."""
    up = np.linspace(1, 0, height)[:, None, None]
    neck, body, edge = np.array([198.0, 176, 142]), np.array([226.0, 214, 192]), np.array([220.0, 214, 202])
    colour = np.where(up < 0.5, neck + (body - neck) * up / 0.5, body + (edge - body) * (up - 0.5) / 0.5)
    return _opaque(np.broadcast_to(colour, (height, width, 3)).copy())


def _flesh(rng: np.random.Generator, colour: tuple[int, int, int], height: int, width: int) -> np.ndarray:
    mottle = 5 * _noise(rng, (height, width), 2.5) + 3 * _noise(rng, (height, width), 0.8)
    return _opaque(np.array(colour, float) + mottle[..., None] * [0.7, 1.0, 1.0])


def _strokes(rng: np.random.Generator, strokes: list[tuple[np.ndarray, float]], height: int, width: int) -> np.ndarray:
    """Hairs, each a polyline (P, 2) in pixels with a width at the root that tapers to the tip, as RGBA."""
    scale = 4
    alpha = Image.new("L", (width * scale, height * scale))
    draw = ImageDraw.Draw(alpha)
    for line, thickness in strokes:
        for i in range(len(line) - 1):
            taper = 1 - 0.85 * i / (len(line) - 1)
            a, b = line[i] * scale, line[i + 1] * scale
            draw.line([*a, *b], fill=255, width=max(1, round(thickness * taper * scale)))
    coverage = np.asarray(alpha.resize((width, height), Image.Resampling.BOX), np.float64)
    colour = np.array(_HAIR, float) * (1 + 0.12 * _noise(rng, (height, width), 1.0)[..., None])
    return np.rint(np.clip(np.dstack([colour, coverage]), 0, 255)).astype(np.uint8)


def _lashes(rng: np.random.Generator, count: int, height: int, width: int) -> np.ndarray:
    """Tapered hairs that fan out, in small tufts, of unequal length; roots at the bottom, inner corner on the left."""
    strokes = []
    for share in np.sort(rng.uniform(0.02, 0.98, count)):
        tuft = 0.012 * np.sin(share * 97)
        reach = rng.uniform(0.55, 0.98) * (0.8 + 0.2 * np.sin(np.pi * share))
        lean = (share - 0.4) * 0.10 + rng.normal(0, 0.012)
        t = np.linspace(0, 1, 9)
        x = 4 + (width - 8) * (share + lean * t + tuft * t**2)
        y = height - 4 - (height - 8) * reach * t
        strokes.append((np.stack([x, y], axis=1), rng.uniform(1.5, 2.4)))
    return _strokes(rng, strokes, height, width)


def _brow(rng: np.random.Generator, count: int, height: int, width: int) -> np.ndarray:
    """Hairs that stand up at the nose and lie down towards the temple, dense in the middle of the strip."""
    strokes = []
    for _ in range(count):
        share = rng.beta(1.15, 1.25)
        across = np.clip(rng.normal(0.5, 0.15), 0.14, 0.86)
        # Upwards at the nose; further out the lower hairs go up and the upper ones down, along the brow.
        turn = np.interp(share, [0, 0.15, 0.5, 1], [1.35, 0.95, 0.45, 0.12]) - 1.1 * (across - 0.5) * min(1, 3 * share)
        turn += rng.normal(0, 0.12)
        length = height * rng.uniform(0.22, 0.42)
        t = np.linspace(0, 1, 7)
        bend = turn - 0.5 * t
        x = 4 + (width - 8) * (0.02 + 0.93 * share) + np.cumsum(np.cos(bend)) * length / 7
        y = height - 4 - (height - 8) * across - np.cumsum(np.sin(bend)) * length / 7
        strokes.append((np.stack([x, y], axis=1), rng.uniform(0.9, 1.7)))
    return _strokes(rng, strokes, height, width)
