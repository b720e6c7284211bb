"""Closes the gap beside turned eyes: what lies behind the lids is laid onto the eyeballs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from fsynth_morphable.eyes import Eyeball
from fsynth_morphable.model import MorphableModel

_REACH = 1.45
"""Radii of an eyeball around its middle within which the inside of the skin is its socket."""

_CLEARANCE = 1.02
"""Radii of an eyeball at which its socket lies on it."""

_BEHIND = -0.2
"""Height above the middle of the ball, towards the front, in its radii: what is farther back nobody sees."""

_FLESH_APART = 10
"""Sum of the differences of channels by which the inside of the skin differs in the model's own texture."""


def close_sockets(model: MorphableModel, vertices: np.ndarray) -> np.ndarray:
    """The surface (N, 3) of a head with its eye sockets lying on its eyeballs; of models without a texture as it is."""
    inside = _inside(model)
    if not len(inside):
        return vertices
    closed = vertices.copy()
    for name in ("eye_left", "eye_right"):
        if not model.in_parts(name).any():
            continue
        ball = Eyeball.of(model, vertices, name)
        away = vertices[inside] - ball.centre
        distance = np.linalg.norm(away, axis=1)
        near = (distance < _REACH * ball.radius) & (away[:, 2] > _BEHIND * ball.radius)
        scale = _CLEARANCE * ball.radius / distance[near]
        closed[inside[near]] = (ball.centre + away[near] * scale[:, None]).astype(vertices.dtype)
    return closed


@lru_cache(maxsize=2)
def _inside(model: MorphableModel) -> np.ndarray:
    """The vertices on the inside of the skin, of mouth and eye sockets: those that the model's own texture colours."""
    if model.texture is None or model.uvs is None or model.uv_polygons is None:
        return np.empty(0, np.int64)
    skin = model.in_parts("skin")
    corners, uv_corners = model.polygons[skin].ravel(), model.uv_polygons[skin].ravel()
    used = corners >= 0
    size = len(model.texture)
    x, y = (model.uvs[uv_corners[used]] * [1, -1] + [0, 1]).T * size
    colours = model.texture[np.clip(y.astype(int), 0, size - 1), np.clip(x.astype(int), 0, size - 1), :3].astype(int)
    apart = np.abs(colours - np.median(colours, axis=0)).sum(axis=1) > _FLESH_APART
    # On the border some corners show the outside: those vertices are the lids' edges, and stay.
    outside = np.unique(corners[used][~apart])
    return np.setdiff1d(corners[used][apart], outside)
