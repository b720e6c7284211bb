"""Catmull-Clark subdivision as a fixed linear operator: built once for a control mesh, applied to any values on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_morphable.errors import ArgumentError


@dataclass(frozen=True, eq=False)
class Subdivision:
    """The subdivision of one control mesh of n vertices and F polygons to N vertices and F' quads.

    Fine vertices stand in the order: the control vertices, then a vertex for each edge, then one for each polygon (and
    so on for each level), so control vertex ``i`` becomes fine vertex ``i``.

    Attributes:
        polygons: (F', 4) int32, the fine quads, wound as their control polygons.
        parents: (F',) int32, the control polygon that each quad comes from.
        levels: one gather table for each level, coarsest first.

    Source: Catmull and Clark, Recursively generated B-spline surfaces on arbitrary topological meshes (1978); borders
    as in DeRose, Kass and Truong, Subdivision surfaces in character animation (1998).
    """

    polygons: np.ndarray
    parents: np.ndarray
    levels: tuple[Level, ...]

    @classmethod
    def catmull_clark(
        cls, polygons: np.ndarray, vertices: int, levels: int = 1, *, smooth_border: bool = True
    ) -> Subdivision:
        """Build the operator.

        Args:
            polygons: (F, 4) integers, quads, or triangles with -1 in the last column; every edge in one or two of them.
            vertices: n, how many control vertices there are; those in no polygon stay as they are.
            levels: how often to subdivide, 0 or more.
            smooth_border: let open borders become smooth curves, as for positions. Without it they keep their straight
                edges and every border vertex its place, as for UV coordinates, whose islands must keep their shape.

        Raises:
            ArgumentError: polygons of another shape, vertices out of range, or an edge in more than two polygons.
        """
        polygons = np.asarray(polygons)
        _check(polygons, vertices, levels)
        parents = np.arange(len(polygons))
        tables = []
        for _ in range(levels):
            table, polygons, parent = _subdivide(polygons, vertices, smooth_border)
            parents = parents[parent]
            vertices = table.rows
            tables.append(table)
        return cls(polygons.astype(np.int32), parents.astype(np.int32), tuple(tables))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Values on the control vertices, (n, d) float, to values on the fine vertices, (N, d) of the same dtype."""
        for level in self.levels:
            values = level.apply(values)
        return values

    def weights(self, fine_vertices: np.ndarray, vertices: int) -> np.ndarray:
        """How the given fine vertices (R,) depend on the ``vertices`` = n control vertices: (R, n) float64.

        ``weights(r, n) @ values == apply(values)[r]``, without computing what lies elsewhere.
        """
        needed = [np.asarray(fine_vertices)]
        for level in reversed(self.levels):
            needed.append(level.sources(needed[-1]))
        values = np.zeros((len(needed[-1]), vertices))
        values[np.arange(len(values)), needed[-1]] = 1
        for level, known, wanted in zip(self.levels, needed[:0:-1], needed[-2::-1], strict=True):
            values = level.apply_at(wanted, known, values)
        return values


@dataclass(frozen=True, eq=False)
class Level:
    """One level as gathers. Rows with equally many sources form a group.

    Attributes:
        rows: how many vertices this level has.
        targets: for each group (G,) its rows.
        sources_of: for each group (S, G) which vertices of the level before it takes.
        weights_of: for each group (S, G) float32 how much of each; they add up to 1.
    """

    rows: int
    targets: tuple[np.ndarray, ...]
    sources_of: tuple[np.ndarray, ...]
    weights_of: tuple[np.ndarray, ...]

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Values (n, d) of the level before to values (rows, d) of this one."""
        result = np.empty((self.rows, values.shape[1]), values.dtype)
        for target, sources, weights in zip(self.targets, self.sources_of, self.weights_of, strict=True):
            total = values[sources[0]] * weights[0][:, None].astype(values.dtype)
            for source, weight in zip(sources[1:], weights[1:], strict=True):
                total += values[source] * weight[:, None].astype(values.dtype)
            result[target] = total
        return result

    def sources(self, rows: np.ndarray) -> np.ndarray:
        """Which vertices of the level before ``rows`` depend on, sorted."""
        found = [
            sources[:, np.isin(target, rows)].ravel()
            for target, sources in zip(self.targets, self.sources_of, strict=True)
        ]
        return np.unique(np.concatenate(found))

    def apply_at(self, rows: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values (len(rows), d) at ``rows``, from values (len(known), d) at the sorted vertices ``known``."""
        result = np.empty((len(rows), values.shape[1]))
        for target, sources, weights in zip(self.targets, self.sources_of, self.weights_of, strict=True):
            place = np.searchsorted(target, rows).clip(max=len(target) - 1)
            here = np.flatnonzero(target[place] == rows)
            taken = np.searchsorted(known, sources[:, place[here]])
            result[here] = np.einsum("sg,sgd->gd", weights[:, place[here]].astype(np.float64), values[taken])
        return result


def _check(polygons: np.ndarray, vertices: int, levels: int) -> None:
    if polygons.ndim != 2 or polygons.shape[1] != 4 or polygons.dtype.kind not in "iu":
        raise ArgumentError(
            f"`polygons` must be (F, 4) integers, -1 in the last column for triangles; it is "
            f"{polygons.shape} {polygons.dtype}."
        )
    if levels < 0:
        raise ArgumentError(f"`levels` must be 0 or more, it is {levels}.")
    if len(polygons) and (
        polygons[:, :3].min() < 0 or polygons[:, 3].min(initial=0) < -1 or polygons.max() >= vertices
    ):
        raise ArgumentError(f"`polygons` must name vertices 0..{vertices - 1}; there are others among them.")


def _subdivide(polygons: np.ndarray, n: int, smooth_border: bool) -> tuple[Level, np.ndarray, np.ndarray]:
    """One level: its gather table, its quads (F', 4), and the polygon (F',) that each comes from."""
    corner_polygon, corner = np.nonzero(polygons >= 0)
    sides = (polygons >= 0).sum(axis=1)[corner_polygon]
    here = polygons[corner_polygon, corner]
    after = polygons[corner_polygon, (corner + 1) % sides]
    edges, edge, count = np.unique(
        np.sort(np.stack([here, after], axis=1), axis=1), axis=0, return_inverse=True, return_counts=True
    )
    edge = edge.ravel()
    if count.max(initial=0) > 2:
        a, b = edges[np.argmax(count)]
        raise ArgumentError(f"The edge {a}-{b} is in {count.max()} polygons; a mesh to subdivide has at most two.")

    weights = _Triplets()
    first_edge, first_polygon = n, n + len(edges)
    weights.add(first_polygon + corner_polygon, here, 1 / sides)
    _edge_points(weights, first_edge, edges, edge, count, corner_polygon, here, sides)
    _vertex_points(weights, n, edges, edge, count, corner_polygon, here, sides, smooth_border)

    # A quad for each corner: the corner, the middle of the edge after it, the polygon's middle, the edge before it.
    before = np.arange(len(corner)) - 1
    starts = np.flatnonzero(corner == 0)
    before[starts] = starts + sides[starts] - 1
    quads = np.stack([here, first_edge + edge, first_polygon + corner_polygon, first_edge + edge[before]], axis=1)
    return weights.table(first_polygon + len(polygons), n), quads, corner_polygon


def _edge_points(
    weights: _Triplets,
    first_edge: int,
    edges: np.ndarray,
    edge: np.ndarray,
    count: np.ndarray,
    corner_polygon: np.ndarray,
    here: np.ndarray,
    sides: np.ndarray,
) -> None:
    """Inner edges: the mean of both ends and of the middles of both polygons. Border edges: the middle."""
    inner = count == 2
    for end in edges.T:
        weights.add(first_edge + np.arange(len(edges)), end, np.where(inner, 0.25, 0.5))
    # Each corner hands its share of its polygon's middle to all edges of the polygon.
    polygon_edges = _pairs(corner_polygon)
    corner, other = polygon_edges
    kept = inner[edge[other]]
    weights.add(first_edge + edge[other][kept], here[corner][kept], 0.25 / sides[corner][kept])


def _vertex_points(
    weights: _Triplets,
    n: int,
    edges: np.ndarray,
    edge: np.ndarray,
    count: np.ndarray,
    corner_polygon: np.ndarray,
    here: np.ndarray,
    sides: np.ndarray,
    smooth_border: bool,
) -> None:
    """Inner vertices of valence k: (mean of polygon middles + mean of neighbours + (k - 2) own place) / k."""
    valence = np.bincount(edges.ravel(), minlength=n)
    border_edges = edges[count == 1]
    border_valence = np.bincount(border_edges.ravel(), minlength=n)
    # Where two fans of polygons meet in one vertex no rule applies: it stays.
    smooth = (border_valence == 2) if smooth_border else np.zeros(n, bool)
    inner = (border_valence == 0) & (valence > 2)
    k = np.maximum(valence, 1)
    everywhere = np.arange(n)
    weights.add(everywhere, everywhere, np.where(inner, (k - 2) / k, np.where(smooth, 0.75, 1.0)))
    for end, other in (edges.T, edges.T[::-1]):
        kept = inner[end]
        weights.add(end[kept], other[kept], 1 / k[end[kept]] ** 2)
    for end, other in (border_edges.T, border_edges.T[::-1]):
        kept = smooth[end]
        weights.add(end[kept], other[kept], np.full(kept.sum(), 0.125))
    corner, other = _pairs(corner_polygon)
    kept = inner[here[other]]
    weights.add(here[other][kept], here[corner][kept], 1 / (sides[corner] * k[here[other]] ** 2)[kept])


def _pairs(corner_polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every ordered pair of corners that belong to one polygon, each corner with itself included."""
    starts = np.searchsorted(corner_polygon, corner_polygon)
    sides = np.bincount(corner_polygon)[corner_polygon] if len(corner_polygon) else corner_polygon
    corner = np.repeat(np.arange(len(corner_polygon)), sides)
    step = np.arange(len(corner)) - np.repeat(np.cumsum(sides) - sides, sides)
    return corner, starts[corner] + step


class _Triplets:
    """A sparse matrix in the making: rows, columns and weights, those of one place added up."""

    def __init__(self) -> None:
        self._rows: list[np.ndarray] = []
        self._columns: list[np.ndarray] = []
        self._weights: list[np.ndarray] = []

    def add(self, rows: np.ndarray, columns: np.ndarray, weights: np.ndarray) -> None:
        self._rows.append(rows)
        self._columns.append(columns)
        self._weights.append(weights)

    def table(self, rows: int, columns: int) -> Level:
        place = np.concatenate(self._rows).astype(np.int64) * columns + np.concatenate(self._columns)
        unique, where = np.unique(place, return_inverse=True)
        weight = np.bincount(where, np.concatenate(self._weights))
        row, column = unique // columns, unique % columns
        count = np.bincount(row, minlength=rows)
        start = np.cumsum(count) - count
        targets, sources, weights = [], [], []
        for size in np.unique(count):
            target = np.flatnonzero(count == size)
            members = start[target] + np.arange(size)[:, None]
            targets.append(target)
            sources.append(column[members])
            weights.append(weight[members].astype(np.float32))
        return Level(rows, tuple(targets), tuple(sources), tuple(weights))
