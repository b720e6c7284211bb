"""Soft studio light on a mesh: how much reaches each vertex past what stands in the way."""

from __future__ import annotations

import numpy as np

from fsynth_morphable.raster import rasterize, visible_vertices

_DIRECTIONS = 72
_DEPTH_MAP_SIZE = 192
_BIAS = 0.003
"""Metres by which a vertex must lie behind the surface to be in its shadow."""

# Direction of the middle of each lamp (model space), how wide it is (the exponent of a cosine), its light (linear RGB).
_LAMPS = (
    ((-0.55, 0.55, 0.75), 6.0, (2.6, 2.5, 2.35)),  # key
    ((0.80, 0.15, 0.60), 3.0, (0.85, 0.88, 0.95)),  # fill
    ((0.55, 0.45, -0.80), 8.0, (1.6, 1.65, 1.75)),  # rim
)
_AMBIENT = (0.42, 0.42, 0.43)

KEY: np.ndarray = np.array(_LAMPS[0][0]) / np.linalg.norm(_LAMPS[0][0])
"""Where the strongest light comes from, (3,), for highlights."""


def irradiance(vertices: np.ndarray, normals: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """The light that reaches each vertex, (N, 3) float32 linear RGB; about 1 on a cheek in the open.

    The light of the studio, three large lamps and the walls, comes from directions spread evenly over the sphere; for
    each of them a depth map tells which vertices lie in shadow.

    Args:
        vertices: (N, 3) metres; the lamps stand around the head's own axes.
        normals: (N, 3), unit length.
        triangles: (T, 3) integers, those that throw shadows.
    """
    total = np.zeros((len(vertices), 3), np.float32)
    for direction, light in zip(*_studio(), strict=True):
        cosine = normals @ direction
        lit = _unshadowed(vertices, triangles, direction)
        # Light goes some way through skin: it reaches a little beyond where the surface turns away.
        total += (lit * np.maximum((cosine + 0.15) / 1.15, 0))[:, None] * light
    return total


def _studio() -> tuple[np.ndarray, np.ndarray]:
    """Directions (D, 3) spread evenly over the sphere by the golden angle, and the light from each (D, 3)."""
    step = np.arange(_DIRECTIONS) + 0.5
    y = 1 - 2 * step / _DIRECTIONS
    around = step * np.pi * (3 - np.sqrt(5))
    directions = np.stack([np.sqrt(1 - y**2) * np.sin(around), y, np.sqrt(1 - y**2) * np.cos(around)], axis=1)
    light = np.tile(np.array(_AMBIENT), (_DIRECTIONS, 1))
    for middle, exponent, colour in _LAMPS:
        towards = np.maximum(directions @ (np.array(middle) / np.linalg.norm(middle)), 0)
        light += towards[:, None] ** exponent * np.array(colour)
    return directions.astype(np.float32), (light * 4 / _DIRECTIONS).astype(np.float32)


def _unshadowed(vertices: np.ndarray, triangles: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Which vertices a distant light in this direction reaches, (N,) bool."""
    side = np.cross([0.3, 1.0, 0.2], direction)
    side /= np.linalg.norm(side)
    axes = np.stack([side, np.cross(direction, side), direction]).astype(np.float32)
    x, y, z = (vertices @ axes.T).T
    scale = (_DEPTH_MAP_SIZE - 3) / max(float(np.ptp(x)), float(np.ptp(y)))
    points = np.stack([1 + (x - x.min()) * scale, 1 + (y.max() - y) * scale], axis=1)
    depth = z.max() - z + 1  # distances from a plane in front of everything
    raster = rasterize(points, depth, triangles, (_DEPTH_MAP_SIZE, _DEPTH_MAP_SIZE), cull=True)
    return visible_vertices(points, depth, raster, _BIAS)
