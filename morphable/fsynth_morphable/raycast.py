"""Looks at a model's mean head with rays: what is visible where, and a plainly shaded picture of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fsynth_morphable.camera import Camera
from fsynth_morphable.errors import MissingPackageError
from fsynth_morphable.model import MorphableModel, triangulate

CLEAR_PARTS = ("cornea_left", "cornea_right", "lashes", "lacrimal_fluid", "eye_blend", "eye_occlusion")
"""Parts that let the light through, or nearly: rays pass them."""

COVERS = ("brows",)
"""Parts that lie on the skin: seen in pictures, but what they lie on is the skin."""

# Linear reflectances, R G B.
_SKIN = (0.55, 0.34, 0.25)
_REFLECTANCE = {
    "brows": (0.03, 0.02, 0.015),
    "teeth": (0.7, 0.65, 0.55),
    "teeth_upper": (0.7, 0.65, 0.55),
    "teeth_lower": (0.7, 0.65, 0.55),
    "gums": (0.25, 0.05, 0.06),
    "tongue": (0.3, 0.08, 0.08),
}
_SCLERA, _IRIS, _PUPIL = (0.7, 0.66, 0.62), (0.08, 0.04, 0.02), (0.003, 0.003, 0.003)
# Half angles of iris and pupil seen from the centre of the eyeball: radii of 6 mm and 2 mm at 12 mm.
_IRIS_COSINE, _PUPIL_COSINE = np.cos(np.radians(29)), np.cos(np.radians(10))
_BACKGROUND = 0.35
_INSIDE = 0.01  # of surfaces seen from behind, as through an open pupil
_AMBIENT = 0.35


@dataclass(frozen=True, eq=False)
class Hits:
    """What rays meet. ``triangle``: (...,) int64, -1 for nothing; ``weights``: (..., 3) barycentric."""

    triangle: np.ndarray
    weights: np.ndarray


class MeanHead:
    """The mean head of a model as triangles that rays can be cast at.

    Attributes:
        vertices: (N, 3) float64.
        triangles: (T, 3) int64, those of the parts that are not clear.
        skin: (T,) bool, which of them landmarks can be on.
    """

    def __init__(self, model: MorphableModel) -> None:
        """Raises MissingPackageError without open3d."""
        open3d = _open3d()
        self.vertices = model.vertices().astype(np.float64)
        triangles, polygon = triangulate(model.polygons)
        opaque = np.flatnonzero(~model.in_parts(*CLEAR_PARTS)[polygon])
        covers = model.in_parts(*COVERS)[polygon[opaque]]
        opaque = opaque[np.argsort(covers, kind="stable")]
        self.triangles = triangles[opaque].astype(np.int64)
        part = model.polygon_part[polygon[opaque]]
        has_skin = "skin" in model.part_names
        self.skin = (part == model.part_names.index("skin")) if has_skin else np.ones(len(part), bool)
        self._normals = _vertex_normals(self.vertices, self.triangles)
        self._albedo = self._reflectances(model, part)
        self._open3d = open3d
        self._scene = self._make_scene(self.triangles)
        # Covers come last, so that rows of triangles are the same without them.
        self._bare = self._make_scene(self.triangles[: np.count_nonzero(~covers)])
        self._skin_rows = np.flatnonzero(self.skin)
        self._skin_scene = self._make_scene(self.triangles[self.skin])

    def cast(self, camera: Camera, points: np.ndarray, *, covered: bool = False) -> Hits:
        """What is seen at ``points`` (..., 2), (x, y) in pixels of the camera's image; ``covered`` with ``COVERS``."""
        middle = (camera.image_size - 1) / 2
        ray = np.stack(
            [
                (points[..., 0] - middle) / camera.focal_length,
                (middle - points[..., 1]) / camera.focal_length,
                np.full(points.shape[:-1], -1.0),
            ],
            axis=-1,
        )
        direction = ray @ camera.rotation
        scene = self._scene if covered else self._bare
        return self._trace(scene, np.broadcast_to(camera.position, direction.shape), direction)

    def _trace(self, scene: Any, origin: np.ndarray, direction: np.ndarray) -> Hits:
        rays = np.concatenate([origin, direction], axis=-1).astype(np.float32)
        found = scene.cast_rays(self._open3d.core.Tensor(rays))
        triangle = found["primitive_ids"].numpy().astype(np.int64)
        triangle[~np.isfinite(found["t_hit"].numpy())] = -1
        second_third = found["primitive_uvs"].numpy().astype(np.float64)
        weights = np.concatenate([1 - second_third.sum(-1, keepdims=True), second_third], axis=-1)
        return Hits(triangle, weights)

    def from_front(self, points: np.ndarray) -> Hits:
        """What is in front at ``points`` (L, 2 or more), x and y in model space, seen straight from the front."""
        start = np.column_stack([points[:, :2], np.full(len(points), self.vertices[:, 2].max() + 1)])
        return self._trace(self._bare, start, np.broadcast_to([0.0, 0.0, -1.0], start.shape))

    def positions(self, hits: Hits) -> np.ndarray:
        """Where in model space hits are, (..., 3); meaningless where nothing was hit."""
        return np.einsum("...c,...cd->...d", hits.weights, self.vertices[self.triangles[hits.triangle]])

    def nearest_skin(self, points: np.ndarray) -> Hits:
        """The points of the skin nearest to ``points`` (L, 3)."""
        found = self._skin_scene.compute_closest_points(self._open3d.core.Tensor(points.astype(np.float32)))
        second_third = found["primitive_uvs"].numpy().astype(np.float64)
        weights = np.concatenate([1 - second_third.sum(-1, keepdims=True), second_third], axis=-1)
        return Hits(self._skin_rows[found["primitive_ids"].numpy().astype(np.int64)], weights)

    def visible_vertices(self, camera: Camera) -> np.ndarray:
        """Which vertices of the skin the camera sees, (N,) bool."""
        of_skin = np.unique(self.triangles[self.skin])
        points, depth = camera.project(self.vertices[of_skin])
        hits = self.cast(camera, points)
        seen_depth = camera.project(self.positions(hits))[1]
        visible = np.zeros(len(self.vertices), bool)
        # Rays at a vertex may just miss it at the silhouette; half a millimetre in front is still the vertex.
        visible[of_skin] = (hits.triangle >= 0) & (depth < seen_depth + 5e-4 * camera.scale)
        return visible

    def render(self, camera: Camera, light: np.ndarray) -> tuple[np.ndarray, Hits]:
        """A picture of the head lit by a lamp and evenly from everywhere.

        Args:
            camera: gives the size S of the image.
            light: (3,) direction towards the lamp in camera space.

        Returns:
            (S, S, 3) uint8 sRGB, twofold antialiased, and what each pixel's centre shows under ``COVERS``, (S, S).
        """
        size = camera.image_size
        fine = (np.arange(2 * size) - 0.5) / 2
        hits = self.cast(camera, np.stack(np.meshgrid(fine, fine), axis=-1), covered=True)
        corners = self.triangles[hits.triangle]
        normal = np.einsum("...c,...cd->...d", hits.weights, self._normals[corners])
        normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-12)
        lit = np.maximum(normal @ camera.rotation.T @ (light / np.linalg.norm(light)), 0)
        shade = _AMBIENT + (1 - _AMBIENT) * lit
        linear = np.einsum("...c,...cd->...d", hits.weights, self._albedo[hits.triangle]) * shade[..., None]
        linear[np.einsum("...d,...d->...", normal, camera.position - self.positions(hits)) < 0] = _INSIDE
        linear[hits.triangle < 0] = _BACKGROUND
        linear = linear.reshape(size, 2, size, 2, 3).mean(axis=(1, 3))
        x, y = np.meshgrid(np.arange(size), np.arange(size))
        return _encode_srgb(linear), self.cast(camera, np.stack([x, y], axis=-1).astype(np.float64))

    def _make_scene(self, triangles: np.ndarray) -> Any:
        scene = self._open3d.t.geometry.RaycastingScene()
        scene.add_triangles(
            self._open3d.core.Tensor(self.vertices.astype(np.float32)),
            self._open3d.core.Tensor(triangles.astype(np.uint32)),
        )
        return scene

    def _reflectances(self, model: MorphableModel, part: np.ndarray) -> np.ndarray:
        """Linear reflectance at the three corners of each triangle, (T, 3, 3)."""
        albedo = np.empty((len(part), 3, 3))
        albedo[:] = _SKIN
        if model.colour_mean is not None:
            albedo[:] = _decode_srgb(model.colours())[self.triangles]
        for row, name in enumerate(model.part_names):
            if name in _REFLECTANCE:
                albedo[part == row] = _REFLECTANCE[name]
            elif name in ("eye_left", "eye_right"):
                albedo[part == row] = self._eye(self.triangles[part == row])
        return albedo

    def _eye(self, triangles: np.ndarray) -> np.ndarray:
        """Sclera, iris and pupil of an eyeball that looks along +Z, at the corners of its triangles (T, 3, 3)."""
        ball = self.vertices[np.unique(triangles)]
        centre = (ball.min(axis=0) + ball.max(axis=0)) / 2
        outwards = self.vertices[triangles] - centre
        cosine = outwards[..., 2] / np.linalg.norm(outwards, axis=-1)
        colour = np.where((cosine > _IRIS_COSINE)[..., None], _IRIS, _SCLERA)
        return np.where((cosine > _PUPIL_COSINE)[..., None], _PUPIL, colour)


def _vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals (N, 3), the triangles' weighted by their area."""
    a, b, c = vertices[triangles.T]
    normal = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for corner in triangles.T:
        np.add.at(total, corner, normal)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-20)


def _encode_srgb(linear: np.ndarray) -> np.ndarray:
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.rint(255 * np.clip(encoded, 0, 1)).astype(np.uint8)


def _decode_srgb(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _open3d() -> Any:
    try:
        import open3d
    except ImportError as error:
        raise MissingPackageError(
            'Looking for the landmarks of a model needs open3d. Run: pip install "fsynth[models]"'
        ) from error
    return open3d
