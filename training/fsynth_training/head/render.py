"""Pictures of heads by ray casting: textured, with hairs by alpha, lit by a lamp, a weaker one and the sky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fsynth_morphable.camera import Camera
from fsynth_morphable.model import triangulate
from fsynth_training.dataset.colour import to_linear, to_srgb

_LAYERS = 8  # of strips of hair, one behind the other
_BACKGROUND = 0.35


@dataclass(frozen=True, eq=False)
class Surface:
    """What does not change between pictures of one model.

    Attributes:
        triangles: (T, 3) vertices. uv_triangles: (T, 3). uvs: (U, 2). texture: (S, S, 4) uint8.
        skin: (T,) bool, landmarks can be on it.
        shiny: (T,) bool, drawn with highlights. solid: (T,) bool, casts shadows.
    """

    triangles: np.ndarray
    uv_triangles: np.ndarray
    uvs: np.ndarray
    texture: np.ndarray
    skin: np.ndarray
    shiny: np.ndarray
    solid: np.ndarray

    @classmethod
    def of(
        cls,
        polygons: np.ndarray,
        uvs: np.ndarray,
        uv_polygons: np.ndarray,
        texture: np.ndarray,
        part_names: list[str],
        polygon_part: np.ndarray,
    ) -> Surface:
        """Everything but the corneas."""
        names = np.array(part_names)[polygon_part]
        drawn = ~np.char.startswith(names, "cornea")
        triangles, of = triangulate(polygons[drawn])
        uv_triangles, _ = triangulate(uv_polygons[drawn])
        shiny = np.char.startswith(names, "eye") | np.char.startswith(names, "teeth") | (names == "tongue")
        solid = ~np.char.startswith(names, "lashes") & (names != "brows")
        skin = names == "skin"
        return cls(triangles, uv_triangles, uvs, texture, skin[drawn][of], shiny[drawn][of], solid[drawn][of])


@dataclass(frozen=True, eq=False)
class Seen:
    """What pixels show. triangle: (...,) int64, -1 for nothing; weights: (..., 3) barycentric."""

    triangle: np.ndarray
    weights: np.ndarray


class Scene:
    """One head, ready for pictures.

    Args:
        surface: its model's surface.
        vertices: (N, 3) metres.
        colours: (N, 3) sRGB 0..1 of the skin, which then replace the texture there.
    """

    def __init__(self, surface: Surface, vertices: np.ndarray, colours: np.ndarray | None = None) -> None:
        import open3d

        self._open3d = open3d
        self._surface = surface
        self.vertices = vertices.astype(np.float64)
        self._colours = colours
        self._scene = self._rays_at(surface.triangles)
        self._shadows = self._rays_at(surface.triangles[surface.solid])
        a, b, c = self.vertices[surface.triangles.T]
        normal = np.cross(b - a, c - a)
        self._normals = np.zeros_like(self.vertices)
        for corner in surface.triangles.T:
            np.add.at(self._normals, corner, normal)

    def _rays_at(self, triangles: np.ndarray) -> Any:
        scene = self._open3d.t.geometry.RaycastingScene()
        scene.add_triangles(
            self._open3d.core.Tensor(self.vertices.astype(np.float32)),
            self._open3d.core.Tensor(triangles.astype(np.uint32)),
        )
        return scene

    def cast(self, origin: np.ndarray, direction: np.ndarray) -> tuple[Seen, np.ndarray]:
        """What rays (..., 3) meet first, and after which distance (...), in lengths of ``direction``."""
        rays = np.concatenate([np.broadcast_to(origin, direction.shape), direction], axis=-1).astype(np.float32)
        hit = self._scene.cast_rays(self._open3d.core.Tensor(rays))
        distance = hit["t_hit"].numpy().astype(np.float64)
        triangle = hit["primitive_ids"].numpy().astype(np.int64)
        triangle[~np.isfinite(distance)] = -1
        second_third = hit["primitive_uvs"].numpy().astype(np.float64)
        weights = np.concatenate([1 - second_third.sum(axis=-1, keepdims=True), second_third], axis=-1)
        return Seen(triangle, weights), distance

    def solid_distance(self, origin: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """After which distance rays (R, 3) meet something other than hair, in lengths of ``direction``; or infinity."""
        rays = np.concatenate([np.broadcast_to(origin, direction.shape), direction], axis=-1).astype(np.float32)
        return self._shadows.cast_rays(self._open3d.core.Tensor(rays))["t_hit"].numpy().astype(np.float64)

    def render(self, camera: Camera, light: np.ndarray, *, antialias: int = 2) -> np.ndarray:
        """A picture (S, S, 3) uint8 sRGB. ``light``: (3,) direction to the lamp in camera space."""
        size = camera.image_size
        fine = (np.arange(antialias * size) + 0.5) / antialias - 0.5
        direction = view_rays(camera, np.stack(np.meshgrid(fine, fine), axis=-1)).reshape(-1, 3)
        origin = np.broadcast_to(camera.position, direction.shape).copy()
        colour = np.zeros((len(direction), 3))
        left = np.ones(len(direction))  # how much light still comes through
        active = np.arange(len(direction))
        for _ in range(_LAYERS):
            seen, distance = self.cast(origin[active], direction[active])
            missed = seen.triangle < 0
            colour[active[missed]] += left[active[missed], None] * _BACKGROUND
            active, distance = active[~missed], distance[~missed]
            seen = Seen(seen.triangle[~missed], seen.weights[~missed])
            albedo, alpha = self._albedo(seen)
            lit = self._shade(seen, direction[active], albedo, camera.rotation.T @ light, camera.rotation)
            colour[active] += (left[active] * alpha)[:, None] * lit
            left[active] *= 1 - alpha
            origin[active] += direction[active] * (distance + 2e-5)[:, None]
            active = active[left[active] > 0.02]
            if not len(active):
                break
        picture = colour.reshape(size, antialias, size, antialias, 3).mean(axis=(1, 3))
        return np.rint(to_srgb(picture) * 255).astype(np.uint8)

    def _albedo(self, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
        surface = self._surface
        uv = np.einsum("kc,kcd->kd", seen.weights, surface.uvs[surface.uv_triangles[seen.triangle]])
        size = len(surface.texture)
        x = np.clip(uv[:, 0] * size - 0.5, 0, size - 1.001)
        y = np.clip((1 - uv[:, 1]) * size - 0.5, 0, size - 1.001)
        left, top = x.astype(int), y.astype(int)
        fx, fy = (x - left)[:, None], (y - top)[:, None]
        texel = surface.texture.astype(np.float32)
        value = (texel[top, left] * (1 - fx) + texel[top, left + 1] * fx) * (1 - fy) + (
            texel[top + 1, left] * (1 - fx) + texel[top + 1, left + 1] * fx
        ) * fy
        colour, alpha = value[:, :3] / 255, value[:, 3] / 255
        if self._colours is not None:
            of_skin = surface.skin[seen.triangle]
            mixed = np.einsum("kc,kcd->kd", seen.weights, self._colours[surface.triangles[seen.triangle]])
            colour[of_skin] = mixed[of_skin]
        return to_linear(colour), alpha

    def _shade(
        self, seen: Seen, direction: np.ndarray, albedo: np.ndarray, light: np.ndarray, rotation: np.ndarray
    ) -> np.ndarray:
        surface = self._surface
        corners = surface.triangles[seen.triangle]
        normal = np.einsum("kc,kcd->kd", seen.weights, self._normals[corners])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-20)
        view = -direction / np.linalg.norm(direction, axis=1, keepdims=True)
        normal *= np.where(np.einsum("kd,kd->k", normal, view) < 0, -1, 1)[:, None]
        lamp = light / np.linalg.norm(light)
        other = rotation.T @ np.array([-lamp[0] or -0.7, 0.1, 0.6])
        other /= np.linalg.norm(other)
        # Light wraps a little around edges, as skin scatters it.
        key = np.maximum((normal @ lamp + 0.15) / 1.15, 0) * self._lit(seen, normal, lamp)
        fill = np.maximum(normal @ other, 0)
        sky = 0.5 + 0.5 * normal[:, 1]
        halfway = lamp + view
        halfway /= np.linalg.norm(halfway, axis=1, keepdims=True)
        shiny = surface.shiny[seen.triangle]
        cosine = np.maximum(np.einsum("kd,kd->k", normal, halfway), 0)
        gloss = np.where(shiny, 0.35 * cosine**120, 0.03 * cosine**18)
        return albedo * (0.75 * key + 0.22 * fill + 0.28 * sky)[:, None] + gloss[:, None]

    def _lit(self, seen: Seen, normal: np.ndarray, lamp: np.ndarray) -> np.ndarray:
        """1 where the lamp is seen, 0.15 in its shadow."""
        place = np.einsum("kc,kcd->kd", seen.weights, self.vertices[self._surface.triangles[seen.triangle]])
        rays = np.concatenate([place + 8e-4 * normal, np.broadcast_to(lamp, place.shape)], axis=1).astype(np.float32)
        hidden = self._shadows.test_occlusions(self._open3d.core.Tensor(rays)).numpy()
        return np.where(hidden, 0.15, 1.0)


def view_rays(camera: Camera, points: np.ndarray) -> np.ndarray:
    """Directions in model space (..., 3) in which the camera sees image points (..., 2)."""
    middle = (camera.image_size - 1) / 2
    x = (points[..., 0] - middle) / camera.focal_length
    y = (middle - points[..., 1]) / camera.focal_length
    return np.stack([x, y, np.full(x.shape, -1.0)], axis=-1) @ camera.rotation


def portrait_camera(
    turn: np.ndarray, middle: np.ndarray, extent: float, size: int, *, field_of_view: float = 10.0
) -> Camera:
    """A camera turned by the rotation ``turn`` (3, 3) that sees ``extent`` metres around ``middle`` (3,)."""
    blank = Camera(image_size=size, field_of_view=field_of_view)
    distance = extent * blank.focal_length / size
    return Camera(turn, -turn @ middle - [0, 0, distance], image_size=size, field_of_view=field_of_view)
