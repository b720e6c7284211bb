"""The layout of a model's texture: which surface point each texel shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.model import MorphableModel, triangulate
from fsynth_morphable.raster import Raster, rasterize

MARGIN = 12
"""Texels by which colours go on beyond the borders of islands, so that seams show no background, nor do mipmaps."""


@dataclass(frozen=True, eq=False)
class Atlas:
    """The texels of a texture of ``size`` x ``size`` that show a surface, P of them, and those around them.

    Attributes:
        raster: triangle and barycentric coordinates of the P texels, row 0 of the texture at v = 1.
        triangles: (T, 3) int32, the model's triangles as rows of its vertices.
        part: (P,) integer, rows of the model's ``part_names``.
        margin: (M,) int64, the texels beside islands, and ``margin_source`` (M,): which of the P each repeats.
    """

    raster: Raster
    triangles: np.ndarray
    part: np.ndarray
    margin: np.ndarray
    margin_source: np.ndarray

    @property
    def size(self) -> int:
        """Width and height in texels."""
        return self.raster.size[0]

    def interpolate(self, values: np.ndarray, texels: np.ndarray | None = None) -> np.ndarray:
        """Values at the P texels, (P, d), or at those of the rows ``texels``, of values per vertex (N, d)."""
        raster = self.raster
        if texels is not None:
            raster = Raster(
                raster.size,
                raster.pixel[texels],
                raster.triangle[texels],
                raster.weights[texels],
                raster.depth[texels],
            )
        return raster.interpolate(values, self.triangles)

    def image(self, values: np.ndarray, background: np.ndarray) -> np.ndarray:
        """The texture (size, size, d) of values (P, d); elsewhere it is ``background``."""
        flat = np.empty((self.size**2, values.shape[1]), values.dtype)
        flat[:] = background
        flat[self.margin] = values[self.margin_source]
        flat[self.raster.pixel] = values
        return flat.reshape(self.size, self.size, -1)


@lru_cache(maxsize=2)
def atlas_of(model: MorphableModel, size: int) -> Atlas:
    """The texture layout of ``model``; it is the same for all its heads.

    Raises:
        ArgumentError: the model has no texture coordinates.
    """
    if model.uvs is None or model.uv_polygons is None:
        raise ArgumentError(f"The model {model.name} has no texture coordinates to bake a texture for.")
    triangles, polygon = triangulate(model.polygons)
    uv_triangles = triangulate(model.uv_polygons)[0]
    places = model.uvs * np.array([size, -size], np.float32) + np.array([-0.5, size - 0.5], np.float32)
    raster = rasterize(places, np.ones(len(places), np.float32), uv_triangles, (size, size))
    margin, source = _grow(raster.pixel, size)
    return Atlas(raster, triangles.astype(np.int32), model.polygon_part[polygon[raster.triangle]], margin, source)


def _grow(pixel: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The empty texels within ``MARGIN`` of full ones, and for each the row of ``pixel`` that it is to repeat."""
    stride = size + 2 * MARGIN  # with a border, so that no step leaves the image
    source = np.full(stride * stride, -1, np.int32)
    places = (pixel // size + MARGIN) * stride + pixel % size + MARGIN
    source[places] = np.arange(len(pixel), dtype=np.int32)
    front, grown = places, []
    for step in range(MARGIN):
        # All eight neighbours every other step make round corners of them.
        reach = [1, -1, stride, -stride] + ([stride + 1, stride - 1, 1 - stride, -1 - stride] if step % 2 else [])
        found = []
        for offset in reach:
            beside = front + offset
            empty = source[beside] < 0
            target = beside[empty]
            source[target] = source[front[empty]]
            found.append(target)
        front = np.unique(np.concatenate(found))
        grown.append(front)
    margin = np.concatenate(grown)
    y, x = margin // stride - MARGIN, margin % stride - MARGIN
    inside = (x >= 0) & (x < size) & (y >= 0) & (y < size)
    return (y * size + x)[inside], source[margin[inside]]
