"""Questions about which polygons of a mesh hang together."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph


def edges_of(polygons: np.ndarray) -> np.ndarray:
    """All edges, (E, 2), smaller vertex first, each once. ``polygons``: (F, 4), -1 in the last column of triangles."""
    sides = np.where(polygons[:, 3] < 0, 3, 4)[:, None]
    corner = np.arange(4)[None]
    after = np.take_along_axis(polygons, (corner + 1) % sides, axis=1)
    pairs = np.sort(np.stack([polygons, after], axis=2)[corner < sides], axis=1)
    return np.unique(pairs, axis=0)


def island_of(polygons: np.ndarray) -> np.ndarray:
    """(F,) int: polygons that hang together, directly or by others, have the same number."""
    edges = edges_of(polygons)
    count = int(polygons.max()) + 1
    graph = sparse.coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
    return csgraph.connected_components(graph, directed=False)[1][polygons[:, 0]]


def shared_loop(polygons: np.ndarray, island: np.ndarray, first: int, second: int) -> np.ndarray:
    """The vertices, in order around the loop, where two islands meet."""
    sides = {tuple(edge) for edge in edges_of(polygons[island == first]).tolist()}
    sides &= {tuple(edge) for edge in edges_of(polygons[island == second]).tolist()}
    neighbours: dict[int, list[int]] = {}
    for a, b in sorted(sides):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    loop = [min(neighbours)]
    while True:
        onward = [vertex for vertex in neighbours[loop[-1]] if vertex not in loop]
        if not onward:
            return np.array(loop)
        loop.append(onward[0])
