"""Brings the lips together, which gape by up to 2 mm in the neutral heads of the source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from fsynth_training.head.topology import edges_of, island_of, shared_loop


@dataclass(frozen=True, eq=False)
class Slit:
    """An opening in the skin between an upper and a lower rim. Rows are vertices of the body.

    Attributes:
        upper, lower: contact vertices of each rim, from one corner to the other.
        rim: (N,) float: 1 for vertices that follow the upper rim, -1 for the lower one, less away from it, 0 elsewhere.
        hops: (N,) float, edges between each vertex and the loop where the skin ends and the mouth bag begins.
    """

    upper: np.ndarray
    lower: np.ndarray
    rim: np.ndarray
    hops: np.ndarray

    def gap(self, reference: np.ndarray) -> sparse.csr_matrix:
        """(N, N): heights y -> how far the rims gape beside each vertex, for the x of ``reference`` (N, 3)."""
        rows = np.flatnonzero(self.rim)
        x = reference[rows, 0]
        return _interpolation(rows, x, self.upper, reference) - _interpolation(rows, x, self.lower, reference)

    def close(self, positions: np.ndarray, reference: np.ndarray, overlap: float) -> np.ndarray:
        """Move both rims of ``positions`` (..., N, 3) until they overlap by ``overlap`` metres.

        Linear in ``positions`` and ``overlap``, so offsets are closed with an overlap of 0.
        """
        result = positions.copy()
        flat = result.reshape(-1, *positions.shape[-2:])
        operator = self.gap(reference)
        for one in flat:
            gap = operator @ one[:, 1] + overlap * (self.rim != 0)
            one[:, 1] -= self.rim * gap / 2
        return result


def mouth_slit(vertices: np.ndarray, polygons: np.ndarray, uv_polygons: np.ndarray) -> Slit:
    """The slit between the lips: its rings run between the island of the mouth bag and that of the face."""
    island = island_of(uv_polygons)
    bag = _island_at(vertices, polygons, island, np.array([0.0, -0.03, -0.02]))
    face = _island_at(vertices, polygons, island, np.array([0.0, 0.04, 0.02]))
    return _slit(vertices, polygons, shared_loop(polygons, island, bag, face), rings=3, reach=0.009)


def _slit(vertices: np.ndarray, polygons: np.ndarray, loop: np.ndarray, *, rings: int, reach: float) -> Slit:
    corners = loop[[vertices[loop, 0].argmin(), vertices[loop, 0].argmax()]]
    along = (vertices[loop, 0] - vertices[corners[0], 0]) / np.ptp(vertices[corners, 0])
    chord = vertices[corners[0], 1] + along * (vertices[corners[1], 1] - vertices[corners[0], 1])
    # Which half of the loop a vertex is on: walk from corner to corner.
    first, second = sorted(int(np.flatnonzero(loop == corner)[0]) for corner in corners)
    inside = np.zeros(len(loop), bool)
    inside[first : second + 1] = True
    above = vertices[loop, 1] - chord
    is_upper = inside == (above[inside].mean() > above[~inside].mean())

    edges = edges_of(polygons)
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    graph = sparse.coo_matrix((length, edges.T), shape=(len(vertices),) * 2).tocsr()
    distance, _, nearest = csgraph.dijkstra(graph, False, loop, min_only=True, return_predecessors=True, limit=reach)
    side_of = dict(zip(loop.tolist(), np.where(is_upper, 1.0, -1.0).tolist(), strict=True))
    near = np.flatnonzero(np.isfinite(distance))
    rim = np.zeros(len(vertices))
    rim[near] = [side_of[int(v)] for v in nearest[near]]
    hops = csgraph.dijkstra(graph, False, loop, min_only=True, unweighted=True)
    contact = hops <= rings
    upper = _envelope(vertices, np.flatnonzero(contact & (rim > 0)), corners, -1)
    lower = _envelope(vertices, np.flatnonzero(contact & (rim < 0)), corners, 1)
    rim[near] *= (1 - (distance[near] / reach) ** 2) ** 2
    return Slit(upper, lower, rim, hops)


def _envelope(vertices: np.ndarray, members: np.ndarray, corners: np.ndarray, sign: int) -> np.ndarray:
    """Of ``members``, the extreme one in each of a dozen columns between the corners, corners included."""
    low, high = vertices[corners, 0]
    column = np.floor((vertices[members, 0] - low) / (high - low) * 15).astype(int)
    chosen = [
        members[column == c][np.argmax(sign * vertices[members[column == c], 1])]
        for c in range(15)
        if np.any(column == c)
    ]
    inner = [v for v in chosen if v not in corners and low < vertices[v, 0] < high]
    return np.array([corners[0], *inner, corners[1]])


def _interpolation(rows: np.ndarray, x: np.ndarray, curve: np.ndarray, reference: np.ndarray) -> sparse.csr_matrix:
    """(N, N) sparse: for each of ``rows``, at ``x``, the value on the polyline through the vertices ``curve``."""
    knots = reference[curve, 0]
    right = np.searchsorted(knots, x).clip(1, len(curve) - 1)
    share = np.clip((x - knots[right - 1]) / (knots[right] - knots[right - 1]), 0, 1)
    entries = np.concatenate([1 - share, share])
    place = np.concatenate([rows, rows]), np.concatenate([curve[right - 1], curve[right]])
    return sparse.csr_matrix((entries, place), shape=(len(reference),) * 2)


def _island_at(vertices: np.ndarray, polygons: np.ndarray, island: np.ndarray, point: np.ndarray) -> int:
    middles = vertices[polygons].mean(axis=1)
    return int(island[np.linalg.norm(middles - point, axis=1).argmin()])
