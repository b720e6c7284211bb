"""Where short hair covers a head, and its colour."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from fsynth_morphable.sampling import blur, sample

# Heights of the hairline around the head, by the angle from the front in degrees. The unit is the height of the
# forehead landmark above the ears' landmarks: 0 is where the jaw begins at the ear, 1 the top of the forehead.
_ANGLES = np.radians([0, 25, 45, 60, 75, 88, 100, 125, 150, 180])
_HEIGHTS = np.array([1.06, 1.03, 0.93, 0.66, 0.42, 0.02, 0.12, -0.45, -0.75, -0.8])

_FOREHEAD, _CHIN, _EARS = 54, 64, (0, 27)
"""Rows of the 65 landmarks: the top of the forehead, the chin, where the jaw begins at the right and the left ear."""

_FEATHER = 0.10
"""How far the hair thins out above the hairline, in the same unit."""

_LIKE_SKIN = 0.08
"""Hair whose colour differs by less from the skin's is none, or can't be told from it."""

_FADE = 0.35
"""Height of the band below the hairline in which the image gives way to the model's colours."""

_CROPPED = 0.8
"""How bright cropped hair is, relative to the same hair when it is long."""

_CHEEKS = (-1.4, -0.9)
"""Heights of nose and cheeks, whose skin no hair covers."""

_VEIL_BLUR = 0.03
"""Standard deviation in widths of the image."""

_HAIR_BAND = (0.25, 0.55)
"""Heights above the hairline at which the colour of the hair is taken."""


@dataclass(frozen=True, eq=False)
class Scalp:
    """Where the scalp of a head is.

    ``height``: (N,) of each vertex above the usual hairline, in units of the height of the forehead landmark above the
    ears. ``angle``: (N,) radians around the head, 0 in front, pi behind. ``ears``: (N,) 1 on the ears, 0 elsewhere.
    ``neck``: (N,) 1 below and behind the chin, 0 on the face.
    """

    height: np.ndarray
    angle: np.ndarray
    ears: np.ndarray
    neck: np.ndarray

    @classmethod
    def of(cls, vertices: np.ndarray, landmarks: np.ndarray) -> Scalp:
        """The scalp of a head with ``vertices`` (N, 3) and ``landmarks`` (65, 3), metres: a model's mean head.

        All heads of a model have their scalps at the same vertices.
        """
        ears = landmarks[list(_EARS)].mean(axis=0)
        unit = float(landmarks[_FOREHEAD, 1] - ears[1])
        place = (vertices - ears) / unit
        # Around an upright axis somewhat behind the ears' landmarks.
        angle = np.abs(np.arctan2(place[:, 0], place[:, 2] + 0.15))
        chin = (landmarks[_CHIN] - ears) / unit
        below = np.clip((chin[1] - place[:, 1]) / 0.05, 0, 1) * np.clip((chin[2] - 0.15 - place[:, 2]) / 0.1, 0, 1)
        return cls(place[:, 1] - np.interp(angle, _ANGLES, _HEIGHTS), angle, _ears(place), below)

    def density(self, lift: float = 0) -> np.ndarray:
        """How dense short hair is at each vertex, (N,) float32: none at 0 and below, all of it from 1 on.

        ``lift``: by how much the hairline is higher in front than usual, in the unit of ``height``.
        """
        density = np.clip(self._lifted(lift) / _FEATHER, -2, 3)
        return (density * (1 - self.ears) - self.ears).astype(np.float32)

    def fading(self, lift: float = 0) -> np.ndarray:
        """How far an image of the face is to fade towards hairline and neck, (N,) float32: 1 there, 0 on the face."""
        share = np.clip(1 + self._lifted(lift) / _FADE, 0, 1)
        smooth: np.ndarray = np.maximum(share * share * (3 - 2 * share), self.neck)
        return smooth.astype(np.float32)

    def _lifted(self, lift: float) -> np.ndarray:
        """The heights above a hairline that is higher by ``lift`` in front."""
        front = np.clip((np.radians(75) - self.angle) / np.radians(30), 0, 1)
        lifted: np.ndarray = self.height - lift * front
        return lifted

    def band(self, low: float, high: float) -> np.ndarray:
        """The vertices in front between two heights, (N,) bool."""
        return (self.height > low) & (self.height < high) & (self.angle < np.radians(45))


def hair_colour(image: np.ndarray, points: np.ndarray, scalp: Scalp) -> np.ndarray | None:
    """The colour of the hair that an image shows above the forehead, (3,) float32 sRGB in 0..1.

    Args:
        image: (H, W, 3) float32 sRGB in 0..1.
        points: (N, 2), where the vertices are in it, (x, y) in pixels; NaN for those to leave out.
        scalp: of the head that the image shows.

    Returns:
        None where the image shows no scalp.
    """
    colours = _colours(image, points, scalp.band(*_HAIR_BAND))
    return None if len(colours) < 20 else _shaded(colours)


def hairline_lift(image: np.ndarray, points: np.ndarray, scalp: Scalp, hair: np.ndarray) -> float:
    """By how much the hairline in an image is higher in front than usual; see ``hair_colour`` and ``Scalp.density``."""
    forehead = _colours(image, points, scalp.band(-0.25, -0.08))
    if len(forehead) < 20:
        return 0.0
    skin = np.median(forehead, axis=0)
    apart = hair - skin
    if np.abs(apart).max() < _LIKE_SKIN:
        return 0.0
    # In bands upwards: how far the colour has gone from that of the skin to that of the hair.
    edges = np.linspace(-0.1, 0.4, 21)
    share = []
    for low, high in itertools.pairwise(edges):
        colours = _colours(image, points, scalp.band(low, high))
        share.append(np.median((colours - skin) @ apart) / (apart @ apart) if len(colours) > 5 else np.nan)
    reached = np.flatnonzero(np.array(share) > 0.5)
    return float(np.clip(edges[reached[0]] - _FEATHER / 2, -0.1, 0.3)) if len(reached) else 0.0


def veil(image: np.ndarray, points: np.ndarray, scalp: Scalp, hair: np.ndarray) -> np.ndarray:
    """Where an image shows hair on the forehead, (N,) float32: 1 hair, 0 skin. See ``hair_colour``."""
    hidden = np.zeros(len(points), np.float32)
    skin = np.median(_colours(image, points, scalp.band(*_CHEEKS)), axis=0)
    apart = hair - skin
    forehead = np.flatnonzero((scalp.height > -0.5) & np.isfinite(points).all(axis=1))
    if np.abs(apart).max() >= _LIKE_SKIN and len(forehead):
        # Somewhat beyond the hair, with a soft edge, so that its outline is not drawn onto the forehead.
        share = np.clip(((image - skin) @ apart / (apart @ apart) - 0.08) / 0.15, 0, 1)[..., None]
        soft = np.clip(2 * blur(share.astype(np.float32), _VEIL_BLUR * len(image)), 0, 1)
        # Not the brows, where a low forehead brings them near.
        near = np.clip((scalp.height[forehead] + 0.5) / 0.15, 0, 1)
        hidden[forehead] = sample(soft, points[forehead])[:, 0] * near
    return hidden


def _shaded(colours: np.ndarray) -> np.ndarray:
    """The colour (3,) of cropped hair, of those (P, 3) of hair: without the shine of longer hair."""
    order = np.argsort(colours.mean(axis=1))
    darker = order[int(0.15 * len(order)) : int(0.5 * len(order)) + 1]
    return (_CROPPED * colours[darker].mean(axis=0)).astype(np.float32)


def _colours(image: np.ndarray, points: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    height, width, _ = image.shape
    inside = (points >= 1).all(axis=1) & (points[:, 0] <= width - 2) & (points[:, 1] <= height - 2)
    return sample(image, points[chosen & inside])


def _ears(place: np.ndarray) -> np.ndarray:
    """1 on the ears, 0 on the rest of the head: what stands out of the side of the head.

    The side is a quadratic through the skin around the ear, ``place`` (N, 3) in units from the middle between the ears.
    """
    x, y, z = np.abs(place[:, 0]), place[:, 1], place[:, 2]
    # An ear's rim is what stands out farthest beside its landmark.
    beside = (np.abs(y) < 0.7) & (z > -1.2) & (z < 0.2)
    rim = beside & (x > 0.95 * x[beside].max())
    y, z = y - y[rim].mean() + 0.05, z - z[rim].mean() - 0.05
    away = np.hypot(y, z)
    around = (away > 0.6) & (away < 0.95) & (x > 0.45) & (y > -0.7)
    columns = np.stack([np.ones_like(y), y, z, y * y, z * z, y * z], axis=1)
    side = columns @ np.linalg.lstsq(columns[around], x[around], rcond=None)[0]
    out: np.ndarray = np.clip((x - side - 0.025) / 0.03, 0, 1) * (away < 0.6)
    # The shell of the ear lies deeper than its rim: all within the oval that the rim fills counts.
    rims = (out > 0.5) & (y > -0.45)
    (low_y, high_y), (low_z, high_z) = np.quantile(y[rims], [0.01, 0.99]), np.quantile(z[rims], [0.01, 0.99])
    low_z -= 0.25 * (high_z - low_z)  # the front of the shell stands out little
    oval = np.hypot((2 * y - low_y - high_y) / (high_y - low_y), (2 * z - low_z - high_z) / (high_z - low_z))
    # But not the scalp behind the ear.
    shell = np.clip((1.25 - oval) / 0.15, 0, 1) * (z > low_z + 0.25 * (high_z - low_z))
    return np.maximum(out, shell)
