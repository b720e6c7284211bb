"""Pictures of a head without a display: soft light, smooth normals, texture, hair that can be looked through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_morphable.camera import Camera
from fsynth_morphable.colour import to_bytes, to_linear
from fsynth_morphable.head import Head
from fsynth_morphable.lighting import KEY, irradiance
from fsynth_morphable.materials import MATERIALS, material_of_polygons
from fsynth_morphable.raster import Raster, rasterize
from fsynth_morphable.sampling import sample

_OVERSAMPLING = 2
"""Rendered pixels per pixel of the picture, each way."""

_BACKGROUND = ((0.56, 0.58, 0.60), (0.30, 0.31, 0.33))
"""Linear colours in the middle of the top edge, and in the corners below."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A head in its studio, ready to be looked at from any side.

    ``vertices``: (N, 3) with the expression that is on. ``normals``: (N, 3). ``light``: (N, 3) linear RGB at each
    vertex. ``texture``: (S, S, 4) float32, linear RGB and alpha, or None. ``colours``: (N, 3) linear RGB where there is
    no texture. ``opaque``, ``cut_out``, ``clear``: rows of the head's triangles. ``roughness``, ``specular``: (T,).
    """

    head: Head
    vertices: np.ndarray
    normals: np.ndarray
    light: np.ndarray
    texture: np.ndarray | None
    colours: np.ndarray
    opaque: np.ndarray
    cut_out: np.ndarray
    clear: np.ndarray
    roughness: np.ndarray
    specular: np.ndarray

    @classmethod
    def of(cls, head: Head) -> Scene:
        """Light ``head``."""
        vertices = head.posed
        normals = head.normals(vertices)
        triangles, polygon = head.triangles
        material = material_of_polygons(head)[polygon]
        is_clear = np.array([not material.textured for material in MATERIALS])[material]
        is_cut_out = np.array([material.cut_out for material in MATERIALS])[material]
        opaque = np.flatnonzero(~is_clear & ~is_cut_out)
        grey = np.full_like(vertices, 0.7)
        return cls(
            head,
            vertices,
            normals,
            irradiance(vertices, normals, triangles[opaque]),
            None if head.texture is None else _linear_texture(head.texture),
            to_linear(grey if head.colours is None else np.clip(head.colours, 0, 1)),
            opaque,
            np.flatnonzero(is_cut_out),
            np.flatnonzero(is_clear),
            np.array([material.roughness for material in MATERIALS], np.float32)[material],
            np.array([material.specular for material in MATERIALS], np.float32)[material],
        )

    def render(self, camera: Camera) -> np.ndarray:
        """What ``camera`` sees: (S, S, 3) uint8 sRGB, S its ``image_size``."""
        size = camera.image_size * _OVERSAMPLING
        fine = Camera(camera.rotation, camera.translation, camera.scale, size, camera.field_of_view)
        points, depth = (part.astype(np.float32) for part in fine.project(self.vertices))
        picture = _background(size).reshape(size * size, 3)

        raster = self._rasterize(points, depth, self.opaque, size)
        picture[raster.pixel] = self._shade(raster, self.opaque, camera)[0]
        nearest = raster.image(raster.depth, np.inf).ravel()
        for rows in (self.cut_out, self.clear):
            if not len(rows):
                continue
            raster = self._rasterize(points, depth, rows, size)
            raster = _in_front(raster, nearest)
            colour, alpha = self._shade(raster, rows, camera)
            picture[raster.pixel] = picture[raster.pixel] * (1 - alpha) + colour
        blocks = picture.reshape(camera.image_size, _OVERSAMPLING, camera.image_size, _OVERSAMPLING, 3)
        return to_bytes(blocks.mean(axis=(1, 3)))

    def _rasterize(self, points: np.ndarray, depth: np.ndarray, rows: np.ndarray, size: int) -> Raster:
        return rasterize(points, depth, self.head.triangles[0][rows], (size, size))

    def _shade(self, raster: Raster, rows: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        """Colours (P, 3) linear, already multiplied by alpha, and alpha (P, 1), of the pixels of a raster."""
        triangles = self.head.triangles[0][rows]
        attributes = raster.interpolate(
            np.concatenate([self.vertices, self.normals, self.light, self.colours], axis=1), triangles
        )
        place, normal, light, colour = np.split(attributes, (3, 6, 9), axis=1)
        is_clear = rows is self.clear
        alpha = np.ones((len(place), 1), np.float32)
        if is_clear:
            alpha[:], colour = 0, np.zeros_like(colour)
        elif self.texture is not None and self.head.uvs is not None:
            uv = raster.interpolate(self.head.uvs, self.head.uv_triangles[rows])
            texels = sample(self.texture, _texel_places(uv, len(self.texture)))
            colour = texels[:, :3]
            if rows is self.cut_out:
                alpha = texels[:, 3:]
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
        to_camera = camera.position.astype(np.float32) - place
        to_camera /= np.linalg.norm(to_camera, axis=1, keepdims=True)
        if rows is self.cut_out:
            normal *= np.sign(np.einsum("pd,pd->p", normal, to_camera))[:, None]
        highlight = _highlight(normal, to_camera, self.roughness[rows][raster.triangle])
        highlight *= self.specular[rows][raster.triangle] * light.mean(axis=1)
        return colour * light * alpha + highlight[:, None] * (1 if is_clear else alpha), alpha


def _highlight(normal: np.ndarray, to_camera: np.ndarray, roughness: np.ndarray) -> np.ndarray:
    """Blinn and Phong's highlight of the key light, (P,), with the exponent that goes with a roughness."""
    half = to_camera + KEY.astype(np.float32)
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    exponent = 2 / roughness**4
    strength: np.ndarray = np.maximum(np.einsum("pd,pd->p", normal, half), 0) ** exponent
    return strength


def _in_front(raster: Raster, nearest: np.ndarray) -> Raster:
    """The pixels of a raster whose depth is not behind ``nearest`` (pixels,)."""
    kept = np.flatnonzero(raster.depth <= nearest[raster.pixel] + 2e-4)
    return Raster(raster.size, raster.pixel[kept], raster.triangle[kept], raster.weights[kept], raster.depth[kept])


def _texel_places(uv: np.ndarray, size: int) -> np.ndarray:
    return uv * np.array([size, -size], np.float32) + np.array([-0.5, size - 0.5], np.float32)


def _background(size: int) -> np.ndarray:
    down, across = np.meshgrid(np.linspace(0, 1, size), np.linspace(-1, 1, size), indexing="ij")
    share = np.clip(0.55 * down + 0.35 * across**2, 0, 1)[..., None]
    top, bottom = np.array(_BACKGROUND)
    return (top * (1 - share) + bottom * share).astype(np.float32)


def _linear_texture(texture: np.ndarray) -> np.ndarray:
    table = to_linear(np.arange(256, dtype=np.float32) / 255)
    linear = np.empty(texture.shape, np.float32)
    linear[..., :3] = table[texture[..., :3]]
    linear[..., 3] = texture[..., 3] / np.float32(255)
    return linear
