"""Skin in plain colours, for pictures in which landmarks are looked for: what matters is that lips are red."""

from __future__ import annotations

import numpy as np

from fsynth_training.head.mesh import HeadMesh
from fsynth_training.head.topology import island_of

SKIN = np.array([188.0, 146, 124]) / 255
LIPS = np.array([168.0, 98, 92]) / 255
MOUTH = np.array([92.0, 34, 34]) / 255
LIDS = np.array([186.0, 112, 102]) / 255
_LIP_RINGS = 7.0
"""Rings of quads from the inside of the mouth to the border of the red of the lips."""


def plain_colours(mesh: HeadMesh) -> np.ndarray:
    """(n, 3) sRGB of the control mesh; parts other than the skin are as dark as the mouth."""
    colours = np.tile(SKIN, (len(mesh.control(mesh.body)), 1))
    colours[mesh.skin.positions.shape[0] :] = MOUTH
    hops = mesh.skin.positions @ mesh.slit.hops
    red = np.clip(_LIP_RINGS - hops, 0, 1)[:, None]
    skin = slice(mesh.skin.positions.shape[0])
    colours[skin] = SKIN + red * (LIPS - SKIN)
    for point, colour in (((0, -0.03, -0.02), MOUTH), ((0.029, 0, -0.012), LIDS), ((-0.029, 0, -0.012), LIDS)):
        colours[inside(mesh, np.array(point))] = colour
    return colours


def inside(mesh: HeadMesh, point: np.ndarray) -> np.ndarray:
    """Vertices of the skin in the UV island nearest to ``point`` (3,), but for its border: of the mouth or a socket."""
    polygons = mesh.skin.polygons
    island = island_of(mesh.skin.uv_polygons)
    middles = (mesh.skin.positions @ mesh.body)[polygons[:, :3]].mean(axis=1)
    chosen = island == island[np.linalg.norm(middles - point, axis=1).argmin()]
    return np.setdiff1d(np.unique(polygons[chosen]), np.unique(polygons[~chosen]))
