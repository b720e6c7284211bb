"""Lashes and brows: strips of quads that a texture with alpha turns into hairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from fsynth_training.head import atlas
from fsynth_training.head.part import Part, sheet
from fsynth_training.head.topology import edges_of, island_of, shared_loop

_UPPER_LENGTH, _LOWER_LENGTH = 8.5e-3, 5.0e-3  # metres
# Rows of a strip from the root: share of the length, outwards from the eye and away from the other lid.
_UPPER_CURL = np.array([[-0.06, 0.0], [0.32, 0.02], [0.66, 0.16], [0.92, 0.46]])
_LOWER_CURL = np.array([[-0.06, 0.0], [0.30, 0.16], [0.56, 0.40], [0.74, 0.68]])


def lash_parts(
    mean: np.ndarray, polygons: np.ndarray, uv_polygons: np.ndarray, helper: np.ndarray, side: int
) -> list[Part]:
    """Upper and lower lashes of the left (``side`` 1) or the right (-1) eye, which turn with their lids.

    Args:
        mean: (N, 3) metres. polygons, uv_polygons: (F, 4), the skin of the body. helper: polygons of this eyeball.
    """
    upper, lower = lid_margins(mean, polygons, uv_polygons, side)
    ball = np.unique(helper)
    parts = []
    for margin, sign, length, curl, box in (
        (upper, 1.0, _UPPER_LENGTH, _UPPER_CURL, atlas.LASHES_UPPER),
        (lower, -1.0, _LOWER_LENGTH, _LOWER_CURL, atlas.LASHES_LOWER),
    ):
        along = np.linspace(0, 1, len(margin)) if side > 0 else np.linspace(1, 0, len(margin))
        # Short at the inner corner, longest over the outer third.
        lengths = length * np.interp(along, [0, 0.15, 0.65, 0.9, 1], [0.35, 0.65, 1, 0.9, 0.6])
        place = _lash_placer(margin, ball, sign, lengths, curl)
        grid = sheet(len(curl), len(margin))
        grid = grid if sign > 0 else grid[:, ::-1]
        unit = np.stack([np.tile(along, len(curl)), np.repeat(np.linspace(0, 1, len(curl)), len(margin))], axis=1)
        parts.append(Part("lashes", grid, atlas.into(box, unit), grid, place))
    return parts


def lid_margins(
    mean: np.ndarray, polygons: np.ndarray, uv_polygons: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices along the outer edge of the upper and of the lower lid, each from small to large x."""
    island = island_of(uv_polygons)
    middles = mean[polygons].mean(axis=1)
    socket, face = (
        int(island[np.linalg.norm(middles - point, axis=1).argmin()])
        for point in ([side * 0.029, 0.0, -0.012], [0.0, 0.04, 0.02])
    )
    loop = shared_loop(polygons, island, socket, face)
    ring = np.setdiff1d(_neighbours(polygons[island == face], loop), loop)
    ring = np.intersect1d(ring, polygons[island == face])
    corners = ring[[mean[ring, 0].argmin(), mean[ring, 0].argmax()]]
    share = (mean[ring, 0] - mean[corners[0], 0]) / np.ptp(mean[corners, 0])
    chord = mean[corners[0], 1] + share * (mean[corners[1], 1] - mean[corners[0], 1])
    upper = ring[mean[ring, 1] > chord + 1e-5]
    lower = ring[mean[ring, 1] < chord - 1e-5]
    return _without_corner(mean, upper), _without_corner(mean, lower)


def _without_corner(mean: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """``rim`` from small to large x, without the inner corner, where no lashes grow."""
    x = mean[rim, 0]
    from_nose = np.abs(x) - np.abs(x).min()
    kept = rim[from_nose > 0.13 * from_nose.max()]
    return kept[np.argsort(mean[kept, 0])]


def _neighbours(polygons: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    edges = edges_of(polygons)
    return np.unique(edges[np.isin(edges, vertices).any(axis=1)])


def _lash_placer(
    margin: np.ndarray, ball: np.ndarray, sign: float, lengths: np.ndarray, curl: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    def place(body: np.ndarray) -> np.ndarray:
        root = body[margin]
        centre = body[ball].mean(axis=0)
        outward = root - centre
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        tangent = np.gradient(root, axis=0)
        away = sign * np.cross(outward, tangent)
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        rows = [root + lengths[:, None] * (out * outward + up * away) for out, up in curl]
        return np.concatenate(rows)

    return place


def brow_parts(
    bind: Callable[[np.ndarray], tuple[sparse.csr_matrix, np.ndarray]], lower: np.ndarray, upper: np.ndarray
) -> list[Part]:
    """Both brows as strips half a millimetre above the skin.

    Args:
        bind: points (P, 3) before the face -> weights (P, N) of the skin there, and its normals (P, 3).
        lower, upper: (B, 2) x and y in metres of the left brow's rims, from the nose outwards.
    """
    columns, rows = 15, 4
    parts = []
    for side in (1, -1):
        share = np.linspace(0, 1, columns)
        rims = [
            np.stack([np.interp(share, np.linspace(0, 1, len(rim)), rim[:, k]) for k in range(2)], axis=1)
            for rim in (lower, upper)
        ]
        grid = np.concatenate([rims[0] + t * (rims[1] - rims[0]) for t in np.linspace(-0.25, 1.25, rows)])
        points = np.column_stack([side * grid[:, 0], grid[:, 1], np.full(len(grid), 0.2)])
        weights, normals = bind(points)
        lift = 0.5e-3 * normals
        quads = sheet(rows, columns) if side > 0 else sheet(rows, columns)[:, ::-1]
        unit = np.stack([np.tile(share, rows), np.repeat(np.linspace(0, 1, rows), columns)], axis=1)
        parts.append(Part("brows", quads, atlas.into(atlas.BROWS, unit), quads, _lifted(weights, lift)))
    return parts


def _lifted(weights: sparse.csr_matrix, lift: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda body: weights @ body + lift
