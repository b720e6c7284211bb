"""A z-buffer in NumPy: which triangle each pixel shows, where on it, and which vertices the camera sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_TOLERANCE = 1e-3
"""Pixels by which a triangle reaches over its edges, so that rounding leaves no crack between neighbours."""

_SMALLEST = 1e-5
"""Square pixels; smaller triangles are edges, of which rounding leaves neither side nor weights."""


@dataclass(frozen=True, eq=False)
class Raster:
    """What the camera sees, for the P pixels in which it sees anything.

    Attributes:
        size: width and height of the image in pixels.
        pixel: (P,) int64, ascending: ``y * width + x``.
        triangle: (P,) int32, row of the triangle in front.
        weights: (P, 3) float32, the barycentric coordinates of the surface point at the pixel's centre, corrected for
            perspective; they sum to 1.
        depth: (P,) float32, the distance of that point along the viewing direction.
    """

    size: tuple[int, int]
    pixel: np.ndarray
    triangle: np.ndarray
    weights: np.ndarray
    depth: np.ndarray

    def interpolate(self, values: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        """Values at the P pixels, (P, d), of values (N, d) at the corners ``triangles`` (T, 3)."""
        a, b, c = triangles[self.triangle].T
        u, v, w = self.weights.T[..., None]
        mixed: np.ndarray = u * values[a]
        mixed += v * values[b]
        mixed += w * values[c]
        return mixed

    def image(self, values: np.ndarray, background: float = 0) -> np.ndarray:
        """Spread values of the P pixels, (P,) or (P, d), over the image, (H, W) or (H, W, d)."""
        width, height = self.size
        out = np.full((height * width, *values.shape[1:]), background, values.dtype)
        out[self.pixel] = values
        return out.reshape(height, width, *values.shape[1:])


def rasterize(
    points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, size: tuple[int, int], *, cull: bool = False
) -> Raster:
    """Find the triangle in front at each pixel of an image.

    A pixel shows a triangle if its centre, which is on integers, lies in it. Inverse depths that differ by less than
    1/65536 of their range count as equal; then the later triangle is in front.

    Args:
        points: (N, 2) float, the projected vertices, (x, y) in pixels, y down.
        depth: (N,) float, their distances along the viewing direction, in any unit. Triangles that reach behind the
            camera (a depth of 0 or less) are left out.
        triangles: (T, 3) integers.
        size: width and height of the image.
        cull: leave out triangles that turn their back to the camera, those that run clockwise in the image.
    """
    points, depth = np.asarray(points, np.float32), np.asarray(depth, np.float32)
    seen = _seen(points, depth, triangles, cull)
    corners = triangles[seen]
    triangle, x, y = _fragments(points[:, 0][corners.T], points[:, 1][corners.T], size)
    nearness = _inverse_depth(points, depth, corners, triangle, x, y)
    pixel = y * np.int64(size[0]) + x
    front = _nearest(pixel, nearness, size[0] * size[1])
    triangle, x, y, pixel = triangle[front], x[front], y[front], pixel[front]
    weights, distance = _weights(points[corners[triangle]], depth[corners[triangle]], x, y)
    return Raster(size, pixel, seen[triangle], weights, distance)


def visible_vertices(points: np.ndarray, depth: np.ndarray, raster: Raster, tolerance: float) -> np.ndarray:
    """Which vertices no surface hides, (N,) bool.

    Args:
        points: (N, 2) float, the projected vertices, in pixels of the raster.
        depth: (N,) float, their distances along the viewing direction.
        raster: what the camera sees of the mesh.
        tolerance: by how much a vertex may lie behind the surface, in the unit of ``depth``.
    """
    width, height = raster.size
    surface = raster.image(raster.depth, np.inf)
    # The farthest of the four pixels around a vertex: beside a silhouette the nearer ones show what is in front.
    x = np.clip(np.floor(points[:, 0]), 0, width - 2).astype(np.int64)
    y = np.clip(np.floor(points[:, 1]), 0, height - 2).astype(np.int64)
    around = np.maximum(
        np.maximum(surface[y, x], surface[y, x + 1]), np.maximum(surface[y + 1, x], surface[y + 1, x + 1])
    )
    inside = (points >= 0).all(axis=1) & (points[:, 0] <= width - 1) & (points[:, 1] <= height - 1)
    visible: np.ndarray = inside & (depth > 0) & (depth <= around + tolerance)
    return visible


def _seen(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, cull: bool) -> np.ndarray:
    """Rows of the triangles that are in front of the camera and not seen edge-on (nor from behind)."""
    a, b, c = triangles.T
    x, y = points.T
    area = (x[b] - x[a]) * (y[c] - y[a]) - (x[c] - x[a]) * (y[b] - y[a])  # y down: negative is counter-clockwise
    in_front = np.minimum(np.minimum(depth[a], depth[b]), depth[c]) > 0
    return np.flatnonzero(in_front & ((-area if cull else np.abs(area)) > _SMALLEST)).astype(np.int32)


def _fragments(x: np.ndarray, y: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pixels of all triangles with corners ``x``, ``y`` (3, M): triangle, x and y of each, int32."""
    width, height = size
    top = np.clip(np.ceil(y.min(axis=0) - _TOLERANCE), 0, height).astype(np.int32)
    bottom = np.clip(np.floor(y.max(axis=0) + _TOLERANCE), -1, height - 1).astype(np.int32)
    triangle, row = _spread(top, bottom)
    # In each row the lines through the edges leave a span. Where a line bounds it from the right and where from the
    # left depends on the direction in which the edge runs; level edges bound no row.
    area = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    left = np.zeros(len(row), np.float32)
    right = np.full(len(row), width - 1, np.float32)
    for start in range(3):
        end = (start + 1) % 3
        dx, dy = x[end] - x[start], y[end] - y[start]
        level = dy == 0
        slope = dx / np.where(level, 1, dy)
        is_right = (dy > 0) == (area > 0)
        first = np.where(level | is_right, -np.inf, x[start] - _TOLERANCE).astype(np.float32)
        last = np.where(level | ~is_right, np.inf, x[start] + _TOLERANCE).astype(np.float32)
        along = slope[triangle] * (row - y[start][triangle])
        np.maximum(left, along + first[triangle], out=left)
        np.minimum(right, along + last[triangle], out=right)
    span, column = _spread(
        np.minimum(np.ceil(left), width).astype(np.int32), np.maximum(np.floor(right), -1).astype(np.int32)
    )
    return triangle[span], column, row[span]


def _spread(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The integers of each range ``first``..``last`` (none where last < first), after the range that each is of."""
    count = np.maximum(last - first + 1, 0)
    which = np.repeat(np.arange(len(count), dtype=np.int32), count)
    start = (first - (np.cumsum(count) - count)).astype(np.int32)
    return which, np.arange(len(which), dtype=np.int32) + start[which]


def _inverse_depth(
    points: np.ndarray, depth: np.ndarray, corners: np.ndarray, triangle: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """1 / depth of each fragment; in the image it is linear over a triangle."""
    a, b, c = corners.T
    inverse = 1 / depth
    x1, y1 = (points[b] - points[a]).T
    x2, y2 = (points[c] - points[a]).T
    d1, d2 = inverse[b] - inverse[a], inverse[c] - inverse[a]
    area = x1 * y2 - x2 * y1
    along_x, along_y = (d1 * y2 - d2 * y1) / area, (d2 * x1 - d1 * x2) / area
    value: np.ndarray = inverse[a][triangle]
    value += along_x[triangle] * (x - points[a, 0][triangle])
    value += along_y[triangle] * (y - points[a, 1][triangle])
    # Rounding may lead off a sliver's steep plane, but no point of it is nearer or farther than its corners.
    low, high = np.minimum(np.minimum(0, d1), d2), np.maximum(np.maximum(0, d1), d2)
    np.maximum(value, (inverse[a] + low)[triangle], out=value)
    np.minimum(value, (inverse[a] + high)[triangle], out=value)
    return value


def _nearest(pixel: np.ndarray, nearness: np.ndarray, pixels: int) -> np.ndarray:
    """The fragment with the largest ``nearness`` in each pixel that has one, by ascending pixel."""
    if not len(pixel):
        return np.empty(0, np.int64)
    low, high = nearness.min(), nearness.max()
    # NumPy sorts 16-bit integers by radix, several times as fast as floats.
    level = ((nearness - low) * (65535 / max(float(high - low), 1e-30))).astype(np.uint16)
    order = np.argsort(level, kind="stable").astype(np.int32)
    front = np.full(pixels, -1, np.int32)
    front[pixel[order]] = order  # of several, the last one stays
    return front[front >= 0]


def _weights(corners: np.ndarray, depth: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric coordinates (P, 3) and depths (P,) of pixels ``x``, ``y`` on triangles (P, 3, 2)."""
    (ax, bx, cx), (ay, by, cy) = (corners[..., 0].T - x), (corners[..., 1].T - y)
    parts = np.stack([bx * cy - cx * by, cx * ay - ax * cy, ax * by - bx * ay])
    parts /= parts[0] + parts[1] + parts[2]
    np.clip(parts, 0, 1, out=parts)  # a pixel may lie outside by the tolerance
    parts /= depth.T
    total = parts[0] + parts[1] + parts[2]
    parts /= total
    return np.ascontiguousarray(parts.T), 1 / total
