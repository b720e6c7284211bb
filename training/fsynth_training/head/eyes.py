"""Eyeballs whose iris is a shallow bowl, under a clear cornea."""

from __future__ import annotations

import numpy as np

from fsynth_training.head import atlas
from fsynth_training.head.part import Part, follow, sheet

_SEGMENTS = 16
_IRIS_RADIUS = 5.9e-3  # metres, of an eyeball of the source's size
_BALL_ANGLES = np.radians([150, 125, 100, 80, 66, 54, 44, 36, 30, 26.5])  # from the direction of gaze
_PUPIL = 0.36  # of the iris' radius
IRIS_UV, VISIBLE_UV = 0.2, 0.42
"""Radii on the eye's texture, in its widths: of the iris, and of the ball up to 80 degrees from the gaze."""

_GROWTH = 1.012  # what subdivision takes of a ball of 16 segments


def eye_parts(mean: np.ndarray, helper: np.ndarray, side: str) -> list[Part]:
    """The opaque eyeball and the cornea.

    Args:
        mean: (N, 3) metres. helper: (70, 4) polygons of the source's eye. side: "left" or "right".
    """
    anchors = np.unique(helper)
    low, high = mean[anchors].min(axis=0), mean[anchors].max(axis=0)
    radius = (high[1] - low[1]) / 2
    centre = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2] + radius])
    ball, ball_uv = _ball(radius)
    shell = _cornea(radius, high[2] - centre[2])
    polygons = _revolved(len(ball))
    return [
        Part(
            f"eye_{side}",
            polygons,
            atlas.into(atlas.EYE, 0.5 + _around(ball_uv, np.zeros(len(ball_uv)))[:, :2]),
            polygons,
            follow(centre + _around(*ball.T), anchors, mean),
        ),
        Part(
            f"cornea_{side}",
            _revolved(len(shell)),
            atlas.into(atlas.CORNEA, 0.5 + 40 * _around(*shell.T)[:, :2]),
            _revolved(len(shell)),
            follow(centre + _around(*shell.T), anchors, mean),
        ),
    ]


def _ball(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Profile (R, 2), distance from the axis and place along it, from the back to the front; texture radii (R,)."""
    limbus = np.arcsin(_IRIS_RADIUS / radius)
    angles = np.append(_BALL_ANGLES[_BALL_ANGLES > limbus * 1.03], limbus)
    ball = _GROWTH * radius * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    edge = ball[-1, 1]
    bowl = np.array(
        [[0.96, -0.4e-3], [0.75, -0.8e-3], [0.55, -1.0e-3], [_PUPIL, -1.1e-3], [0.2, -1.1e-3], [0, -1.1e-3]]
    )
    iris = bowl * [_IRIS_RADIUS, 1] + [0, edge]
    ball_uv = np.interp(angles, [limbus, np.radians(80), np.radians(150)], [IRIS_UV, VISIBLE_UV, 0.5])
    return np.concatenate([ball, iris]), np.concatenate([ball_uv, bowl[:, 0] * IRIS_UV])


def _cornea(radius: float, apex: float) -> np.ndarray:
    """Profile (R, 2) of the clear shell: it leaves the ball around the iris and bulges to ``apex``."""
    angles = np.radians([40, 34, 29])
    rim = (_GROWTH * radius + np.array([-0.1e-3, 0.05e-3, 0.12e-3]))[:, None] * np.stack(
        [np.sin(angles), np.cos(angles)], axis=1
    )
    edge = rim[-1]
    share = np.array([0.85, 0.65, 0.42, 0.2, 0.0])
    bulge = np.stack([share * edge[0], edge[1] + (apex - edge[1]) * np.sqrt(1 - share**2) ** 1.2], axis=1)
    return np.concatenate([rim, bulge])


def _around(distance: np.ndarray, along: np.ndarray) -> np.ndarray:
    """A profile (R,) turned about Z: (vertices, 3), ring by ring, the last one a single vertex."""
    turn = 2 * np.pi * np.arange(_SEGMENTS) / _SEGMENTS
    last = len(distance) - 1
    rings = []
    for row, (r, z) in enumerate(zip(distance, along, strict=True)):
        angles = turn[:1] if row == last else turn
        rings.append(np.stack([r * np.cos(angles), r * np.sin(angles), np.full(len(angles), z)], axis=1))
    return np.concatenate(rings)


def _revolved(rings: int) -> np.ndarray:
    """Polygons of a revolved profile of so many rings, open at its first one; the last one is a pole."""
    first = np.arange(_SEGMENTS)
    pole = np.full(_SEGMENTS, (rings - 1) * _SEGMENTS)
    fan = np.stack([pole - _SEGMENTS + first, pole - _SEGMENTS + (first + 1) % _SEGMENTS, pole, pole * 0 - 1], axis=1)
    return np.concatenate([sheet(rings - 1, _SEGMENTS, ring=True), fan])
