"""Where everything is on the texture: islands of the skin laid out anew, and a place for each other part."""

from __future__ import annotations

import numpy as np

from fsynth_training.head.topology import island_of

# (left, bottom, right, top) in UV units, v up. The face has most of the picture: 100 px between the eyes of 1024.
HEAD = (0.005, 0.355, 0.995, 0.995)
NECK = (0.005, 0.005, 0.425, 0.345)
MOUTH_BAG = (0.435, 0.205, 0.575, 0.345)
SOCKETS = ((0.435, 0.135, 0.495, 0.195), (0.515, 0.135, 0.575, 0.195))
EYE = (0.585, 0.145, 0.785, 0.345)
TEETH = (0.795, 0.285, 0.890, 0.345)
GUMS = (0.900, 0.285, 0.995, 0.345)
TONGUE = (0.795, 0.205, 0.865, 0.275)
CORNEA = (0.875, 0.225, 0.925, 0.275)
BROWS = (0.435, 0.005, 0.785, 0.125)
LASHES_UPPER = (0.795, 0.105, 0.995, 0.195)
LASHES_LOWER = (0.795, 0.005, 0.995, 0.095)


def into(box: tuple[float, float, float, float], unit: np.ndarray) -> np.ndarray:
    """Coordinates in the unit square (..., 2) to ``box``."""
    low, high = np.array(box[:2]), np.array(box[2:])
    return low + unit * (high - low)


def lay_out_skin(uvs: np.ndarray, uv_polygons: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """The skin's UVs (u, 2), island by island, in their places.

    Args:
        uvs: (u, 2) of the source. uv_polygons: (F, 4). middles: (F, 3) metres, the middles of the polygons.
    """
    island = island_of(uv_polygons)
    places = {
        "head": (np.array([0.0, 0.04, 0.02]), HEAD),
        "neck": (np.array([0.0, -0.15, -0.03]), NECK),
        "bag": (np.array([0.0, -0.03, -0.02]), MOUTH_BAG),
        "socket_right": (np.array([-0.029, 0.0, -0.012]), SOCKETS[0]),
        "socket_left": (np.array([0.029, 0.0, -0.012]), SOCKETS[1]),
    }
    result = np.zeros((len(uvs), 2))
    for point, box in places.values():
        polygons = np.flatnonzero(island == island[np.linalg.norm(middles - point, axis=1).argmin()])
        members = np.unique(uv_polygons[polygons])
        members = members[members >= 0]
        upright = _upright(uvs, uv_polygons[polygons], middles[polygons])
        turned = uvs[members] @ upright.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        result[members] = into(box, (turned - low) / (high - low))
    return result


def _upright(uvs: np.ndarray, uv_polygons: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """The quarter turn, with a flip where needed, that makes +X of an island point right and +Y point up."""
    flat = uvs[uv_polygons[:, :3]].mean(axis=1)
    across, up = (np.array([np.cov(flat[:, i], middles[:, k])[0, 1] for i in range(2)]) for k in (0, 1))
    quarter = np.zeros((2, 2))
    first = int(np.abs(across).argmax())
    quarter[0, first] = np.sign(across[first])
    quarter[1, 1 - first] = np.sign(up[1 - first]) or 1.0
    return quarter
