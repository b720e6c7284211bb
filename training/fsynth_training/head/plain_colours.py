"""Skin in plain colours, for pictures in which landmarks are looked for: what matters is that lips are red."""

from __future__ import annotations

import numpy as np

from fsynth_training.head.mesh import HeadMesh
from fsynth_training.head.topology import island_of

SKIN = np.array([188.0, 146, 124]) / 255
LIPS = np.array([168.0, 98, 92]) / 255
MOUTH = np.array([92.0, 34, 34]) / 255
LIDS = np.array([208.0, 142, 130]) / 255
MOUTH_BAG = (0.0, -0.03, -0.02)
EYE_SOCKETS = ((0.029, 0.0, -0.012), (-0.029, 0.0, -0.012))
"""Points nearest to the insides of mouth and lids, metres."""

PARTS = {
    "eye": (226, 219, 212), "cornea": (255, 255, 255), "teeth": (226, 214, 192), "gums": (176, 92, 90),
    "tongue": (178, 96, 96), "lashes": (38, 26, 20), "brows": (38, 26, 20),
}  # fmt: skip
"""sRGB of the beginnings of parts' names."""

_LIP_RINGS = 7.0
"""Rings of quads from the inside of the mouth to the border of the red of the lips."""


def plain_colours(mesh: HeadMesh) -> np.ndarray:
    """(n, 3) sRGB of the control mesh."""
    colours = np.tile(SKIN, (len(mesh.control(mesh.body)), 1))
    hops = mesh.skin.positions @ mesh.slit.hops
    red = np.clip(_LIP_RINGS - hops, 0, 1)[:, None]
    skin = slice(mesh.skin.positions.shape[0])
    colours[skin] = SKIN + red * (LIPS - SKIN)
    for name, colour in PARTS.items():
        rows = mesh.polygons[np.char.startswith(np.array(mesh.part_names)[mesh.polygon_part], name)]
        colours[np.unique(rows[rows >= 0])] = np.array(colour) / 255
    for point, inner in ((MOUTH_BAG, MOUTH), *((socket, LIDS) for socket in EYE_SOCKETS)):
        colours[inside(mesh, np.array(point))] = inner
    return colours


def inside(mesh: HeadMesh, point: np.ndarray) -> np.ndarray:
    """Vertices of the skin in the UV island nearest to ``point`` (3,), but for its border: of the mouth or a socket."""
    polygons = mesh.skin.polygons
    island = island_of(mesh.skin.uv_polygons)
    middles = (mesh.skin.positions @ mesh.body)[polygons[:, :3]].mean(axis=1)
    chosen = island == island[np.linalg.norm(middles - point, axis=1).argmin()]
    return np.setdiff1d(np.unique(polygons[chosen]), np.unique(polygons[~chosen]))
