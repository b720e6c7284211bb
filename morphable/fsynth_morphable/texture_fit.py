"""Vertex colours from the normalized face: the paper's Eq. 10 to 13."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fsynth_morphable.camera import Camera
from fsynth_morphable.completion import complete, edges_of
from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.hull import hull_mask
from fsynth_morphable.model import MorphableModel, triangulate
from fsynth_morphable.normals import vertex_normals
from fsynth_morphable.raster import rasterize, visible_vertices
from fsynth_morphable.sampling import sample

FALLOFF = 0.06
"""Width, relative to that of the landmarks' box, of the band outside their hull in which the mask falls to 0."""

REGULARIZATION = 1.0
"""Lambda of Eq. 11, for colours in 0..1 and coefficients in standard deviations."""

_HIDDEN_BY = 0.001
"""Metres by which a vertex must lie behind the surface to count as hidden."""

_VISIBILITY_SIZE = 448
"""Width of the z-buffer in pixels: fine enough for nostrils and lids, whatever the size of the image."""


@dataclass(frozen=True, eq=False)
class TextureFit:
    """The colours of a head's N vertices, sRGB in 0..1, and how they came about.

    Attributes:
        points: (N, 2) float32, where the vertices are in the image, (x, y) in pixels.
        confidence: (N,) float32, alpha of Eq. 10; 0 for vertices that are hidden, turned away, or not skin.
        projected: (N, 3) float32, C_p: the colours of the image at ``points``.
        coefficients: (C,) float64, z of Eq. 11; empty for a model without colour basis.
        basis: (N, 3) float32, c_b of Eq. 12: what the model's colours say; for a model without them, ``projected``
            completed smoothly.
        colours: (N, 3) float32, c of Eq. 13: ``projected`` where confident, ``basis`` elsewhere.
        matched: (N, 3) float32, ``basis`` moved smoothly so that it meets ``projected`` where the image ends. A texture
            made of both shows no border between them, however far the person is from all that the model knows.
    """

    points: np.ndarray
    confidence: np.ndarray
    projected: np.ndarray
    coefficients: np.ndarray
    basis: np.ndarray
    colours: np.ndarray
    matched: np.ndarray


def fit_texture(
    model: MorphableModel,
    vertices: np.ndarray,
    camera: Camera,
    image: np.ndarray,
    outline: np.ndarray,
    *,
    hidden: np.ndarray | None = None,
    regularization: float = REGULARIZATION,
) -> TextureFit:
    """Colour the vertices of a fitted head by the image that it was fitted to.

    Args:
        model: the model that the head is of.
        vertices: (N, 3), its surface, metres.
        camera: through which it was fitted.
        image: (H, W, 3) uint8 sRGB, the normalized face; H = W = ``camera.image_size``.
        outline: (L, 2), (x, y) in pixels of the image: the landmarks, inside whose hull the image is trusted, or more.
        hidden: (N,) in 0..1, how far something, such as hair, hides each vertex in the image.
        regularization: lambda of Eq. 11.

    Raises:
        ArgumentError: the image is of another type or size than the camera's, or shows nothing of the head.
    """
    size = camera.image_size
    if image.shape != (size, size, 3) or image.dtype != np.uint8:
        raise ArgumentError(f"`image` must be ({size}, {size}, 3) uint8, it is {image.shape} {image.dtype}.")
    points, confidence = confidence_of_vertices(model, vertices, camera, outline)
    if hidden is not None:
        confidence *= 1 - hidden
    if not confidence.any():
        raise ArgumentError("The image shows nothing of the head: `camera`, `outline` and `image` don't fit together.")
    projected = sample(image.astype(np.float32) / 255, points)
    if model.colour_mean is None:
        coefficients = np.empty(0)
        basis = matched = np.clip(_spread(model, projected, confidence), 0, 1)
    else:
        coefficients = _fit_coefficients(model, projected, confidence, regularization)
        basis = model.colours(coefficients)
        matched = np.clip(basis + _spread(model, projected - basis, confidence), 0, 1)
    alpha = confidence[:, None]
    colours = projected * alpha + basis * (1 - alpha)
    return TextureFit(points, confidence, projected, coefficients, basis, colours, matched)


def confidence_of_vertices(
    model: MorphableModel, vertices: np.ndarray, camera: Camera, outline: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Eq. 10: where the vertices are in the image, (N, 2) float32, and how far to believe it there, (N,) float32.

    The paper has ``m (1 - n_z)``, which grows towards the silhouette if the camera looks along -z. What its text asks
    for is ``m max(0, cos)`` of the angle between the normal and the direction to the camera.
    """
    points, depth = (part.astype(np.float32) for part in camera.project(vertices))
    skin = _skin_triangles(model)
    scale = _VISIBILITY_SIZE / camera.image_size
    raster_points = (points + 0.5) * scale - 0.5
    raster = rasterize(raster_points, depth, skin, (_VISIBILITY_SIZE, _VISIBILITY_SIZE), cull=True)
    visible = visible_vertices(raster_points, depth, raster, _HIDDEN_BY * camera.scale)
    is_skin = np.zeros(len(vertices), bool)
    is_skin[skin.ravel()] = True
    seen = np.flatnonzero(visible & is_skin)

    to_camera = camera.position.astype(np.float32) - vertices[seen]
    to_camera /= np.sqrt(np.einsum("nd,nd->n", to_camera, to_camera))[:, None]
    cosine = np.einsum("nd,nd->n", vertex_normals(vertices, skin)[seen], to_camera)
    confidence = np.zeros(len(vertices), np.float32)
    falloff = FALLOFF * float(np.ptp(outline[:, 0]))
    confidence[seen] = hull_mask(points[seen], outline, falloff) * np.maximum(cosine, 0)
    return points, confidence


def _fit_coefficients(
    model: MorphableModel, projected: np.ndarray, confidence: np.ndarray, regularization: float
) -> np.ndarray:
    """Eq. 11 by its normal equations; rows whose confidence is 0 are left out, as they add nothing."""
    if model.colour_basis is None or not len(model.colour_basis):
        return np.empty(0)
    mean, basis = _surface_colours(model)
    known = np.flatnonzero(confidence)
    alpha = confidence[known, None]
    weighted = (basis[:, known] * alpha).reshape(len(basis), -1)
    target = ((projected - mean)[known] * alpha).ravel()
    system = (weighted @ weighted.T).astype(np.float64) + regularization**2 * np.eye(len(basis))
    return np.linalg.solve(system, (weighted @ target).astype(np.float64))


def _spread(model: MorphableModel, values: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Let values (N, 3) that are known where there is confidence (N,) go on smoothly over the skin.

    What is smooth needs no more than the vertices of the control mesh, which are the first of the surface.
    """
    n = len(model.mean)
    # At the edge of what is seen the image shows hair and background, too: they shall not spread over the head.
    known = confidence[:n].astype(np.float64) ** 4
    if not known.any():
        return np.zeros_like(values)
    return model.surface(complete(values[:n], known, _control_edges(model)))


@lru_cache(maxsize=2)
def _control_edges(model: MorphableModel) -> np.ndarray:
    """Pairs (E, 2) of neighbours on the skin of the control mesh."""
    if model.subdivision is None:
        return edges_of(_skin_triangles(model))
    # Each control polygon became as many quads as it has corners; the first corner of each is one of them.
    skin = model.in_parts("skin")
    corner, parent = model.polygons[:, 0], model.subdivision.parents
    kept = np.flatnonzero((skin if skin.any() else ~skin) & (corner < len(model.mean)))
    order = kept[np.argsort(parent[kept], kind="stable")]
    pairs = []
    for step in (1, 2, 3):
        together = parent[order[step:]] == parent[order[:-step]]
        pairs.append(np.stack([corner[order[:-step]], corner[order[step:]]], axis=1)[together])
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0).astype(np.int64)


@lru_cache(maxsize=2)
def _surface_colours(model: MorphableModel) -> tuple[np.ndarray, np.ndarray]:
    """The colour mean (N, 3) and basis (C, N, 3) on the surface; the same for every head of a model."""
    assert model.colour_mean is not None
    assert model.colour_basis is not None
    modes, n, _ = model.colour_basis.shape
    together = np.moveaxis(model.colour_basis, 0, 1).reshape(n, -1)
    surface = model.surface(together).reshape(-1, modes, 3)
    return model.surface(model.colour_mean), np.ascontiguousarray(np.moveaxis(surface, 1, 0))


@lru_cache(maxsize=4)
def _skin_triangles(model: MorphableModel) -> np.ndarray:
    """The triangles of the skin; all triangles where the model has no part of that name."""
    triangles, polygon = triangulate(model.polygons)
    skin = model.in_parts("skin")
    return (triangles[skin[polygon]] if skin.any() else triangles).astype(np.int32)
