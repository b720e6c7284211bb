"""Eyeballs: sclera, iris and pupil, the iris in the colour that the image shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_morphable.model import MorphableModel
from fsynth_morphable.sampling import sample

# Human eyes, in radians seen from the middle of an eyeball of 12 mm: the iris is 11.8 mm wide, the pupil 3.6 mm.
_IRIS = 0.51
_PUPIL = 0.15
_SCLERA: np.ndarray = np.array([0.83, 0.80, 0.78], np.float32)
_VEINS: np.ndarray = np.array([0.80, 0.66, 0.62], np.float32)

BROWN: np.ndarray = np.array([0.35, 0.24, 0.17], np.float32)
"""The iris of most people, sRGB in 0..1."""


@dataclass(frozen=True, eq=False)
class Eyeball:
    """A ball that looks along +Z. ``centre``: (3,) metres. ``radius``: metres."""

    centre: np.ndarray
    radius: float

    @classmethod
    def of(cls, model: MorphableModel, vertices: np.ndarray, part: str) -> Eyeball:
        """The eyeball that a part of a model's surface ``vertices`` (N, 3) is."""
        return cls.around(vertices[np.unique(model.polygons[model.in_parts(part), :3])])

    @classmethod
    def around(cls, vertices: np.ndarray) -> Eyeball:
        """The sphere that fits points (N, 3) on an eyeball best, by least squares."""
        middle = vertices.mean(axis=0).astype(np.float64)
        points = vertices - middle
        rows = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
        solution = np.linalg.lstsq(rows, (points**2).sum(axis=1), rcond=None)[0]
        radius = float(np.sqrt(max(solution[3] + solution[:3] @ solution[:3], 1e-12)))
        return cls(middle + solution[:3], radius)

    def iris_points(self) -> np.ndarray:
        """Points (A, 3) metres on the iris between pupil and rim, on the sides and below, where no lid covers it."""
        return self._points(np.linspace(0.6, 0.85, 3) * _IRIS, np.linspace(-200, 20, 23))

    def sclera_points(self) -> np.ndarray:
        """Points (A, 3) metres on the white, on both sides of the iris."""
        turns = np.linspace(-25, 15, 7)
        return self._points(np.linspace(1.2, 1.6, 4) * _IRIS, np.concatenate([turns, 180 - turns]))

    def _points(self, angles: np.ndarray, turns: np.ndarray) -> np.ndarray:
        """Points on the ball, ``angles`` from the middle of the pupil, ``turns`` around it in degrees, 0 is to +X."""
        angle, turn = np.meshgrid(angles, np.radians(turns))
        directions = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=-1)
        return self.centre + self.radius * directions.reshape(-1, 3)

    def angles(self, places: np.ndarray) -> np.ndarray:
        """How far places (P, 3) metres are from the middle of the pupil, (P,) radians seen from the ball's middle."""
        across, up, forward = (places - self.centre).T
        return np.arctan2(np.hypot(across, up), forward)


def iris_colour(image: np.ndarray, rings: list[np.ndarray], *, brown: float = 0.2) -> np.ndarray:
    """The colour of the irises in an image, (3,) float32 sRGB in 0..1.

    Args:
        image: (H, W, 3) float32 sRGB in 0..1.
        rings: for each eye, points (A, 2) in pixels, where its iris should be: see ``Eyeball.iris_points``.
        brown: how far to go towards brown, 0..1, where the iris is darker: for images that blur it with pupil and
        lashes.
    """
    found = []
    for ring in rings:
        # Eyes do not look quite straight ahead: take the darkest place nearby.
        reach = 0.6 * float(np.ptp(ring[:, 0])) / 2
        shifts = np.stack(np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-0.5, 0.5, 5)), axis=-1).reshape(-1, 2) * reach
        colours = sample(image, (ring + shifts[:, None]).reshape(-1, 2)).reshape(len(shifts), len(ring), 3)
        darkest = np.argmin(colours.mean(axis=(1, 2)) + 0.02 * np.abs(shifts).sum(axis=1) / reach)
        found.append(colours[darkest])
    colours = np.concatenate(found)
    # Lashes, pupils and what a small image blurs into them darken most of the ring, reflections lighten some of it.
    brightness = colours.mean(axis=1)
    low, high = np.quantile(brightness, [0.5, 0.9])
    colour = colours[(brightness >= low) & (brightness <= high)].mean(axis=0)
    return np.clip(colour + brown * (np.maximum(colour, BROWN) - colour), 0.06, 0.7).astype(np.float32)


def sclera_brightness(image: np.ndarray, points: np.ndarray) -> float:
    """How bright the white of the eyes is to be, 0.65..1, so that eyes do not shine out of their face.

    Args:
        image: (H, W, 3) float32 sRGB in 0..1.
        points: (A, 2) pixels, on the white of the eyes: see ``Eyeball.sclera_points``.
    """
    # The brighter ones; lashes and the rim of the iris darken the others. Small images blur the white with both, so
    # that it is brighter than it shows.
    shown = float(np.quantile(sample(image, points).mean(axis=1), 0.8)) / float(_SCLERA.mean())
    return float(np.clip(0.35 + 0.65 * shown, 0.65, 1))


def paint_eyeball(places: np.ndarray, eyeball: Eyeball, iris: np.ndarray, sclera: float) -> np.ndarray:
    """Colours (P, 3) float32 sRGB of places (P, 3) metres on an eyeball.

    ``iris``: (3,), its colour. ``sclera``: brightness of the white, 1 is that of the brightest.
    """
    across, up, forward = ((places - eyeball.centre) / eyeball.radius).astype(np.float32).T
    angle = np.arctan2(np.hypot(across, up), forward)
    turn = np.arctan2(up, across)

    # Fibres run outward; they are brighter around the pupil, and the rim is dark.
    radius = np.clip((angle - _PUPIL) / (_IRIS - _PUPIL), 0, 1)
    fibres = sum(np.sin(count * turn + phase + 2 * radius) for count, phase in ((17, 0.3), (29, 1.9), (53, 4.1)))
    brightness = 1.12 + 0.09 * fibres / 1.7 + 0.22 * np.exp(-(((radius - 0.25) / 0.2) ** 2))
    brightness *= 1 - 0.62 * _step(radius, 0.78, 1.0)
    iris_colour = np.clip(iris * brightness[:, None], 0, 1)
    colour = iris_colour * _step(angle, _PUPIL - 0.025, _PUPIL + 0.025)[:, None]
    colour += 0.015

    share = _step(angle, 0.75, 1.5)[:, None]
    sclera_colour = sclera * (_SCLERA * (1 - share) + _VEINS * share)
    white = _step(angle, _IRIS - 0.03, _IRIS + 0.035)[:, None]
    return _under_lid(colour * (1 - white) + sclera_colour * white, up)


def recolour_eyeball(
    colours: np.ndarray, places: np.ndarray, eyeball: Eyeball, iris: np.ndarray, sclera: float
) -> np.ndarray:
    """Give a painted eyeball another iris, and its white another brightness.

    Args:
        colours: (P, 3) float32 sRGB of the eyeball.
        places: (P, 3) metres, where on it they are.
        eyeball: the ball.
        iris: (3,), the colour that the iris is to have on average.
        sclera: by how much to multiply the white.
    """
    angle = eyeball.angles(places)
    rim = np.abs(angle - 0.72 * _IRIS) < 0.15 * _IRIS
    if not rim.any():
        return colours
    tint = iris / np.maximum(colours[rim].mean(axis=0), 0.02)
    white = _step(colours.max(axis=1), 0.55, 0.75)[:, None]
    # What is coloured is iris: not the white, nor the seam of rim and white, which any tint would make a halo.
    saturation = 1 - colours.min(axis=1) / np.maximum(colours.max(axis=1), 0.02)
    share = ((angle < 1.1 * _IRIS) * _step(saturation, 0.15, 0.4))[:, None] * (1 - white)
    tinted = np.clip(colours * (1 + (tint - 1) * share) * (1 + (sclera - 1) * white), 0, 1)
    return _under_lid(tinted, (places[:, 1] - eyeball.centre[1]) / eyeball.radius)


def _under_lid(colours: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Colours (P, 3) of an eyeball in the shade of the upper lid and its lashes; ``up``: (P,) heights in its radii."""
    shaded = colours * (1 - 0.35 * _step(up, 0.05, 0.5))[:, None]
    return shaded.astype(np.float32)


def _step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, smoothly in between."""
    share = np.clip((values - low) / (high - low), 0, 1)
    smooth: np.ndarray = share * share * (3 - 2 * share)
    return smooth
