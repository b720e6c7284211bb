"""Colours of the skin in evenly lit photographs of people, vertex by vertex, from heads fitted to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from fsynth.faces import align, find_faces, read_photo
from fsynth_morphable.camera import Camera, rotation_matrix
from fsynth_morphable.model import triangulate
from fsynth_morphable.normals import vertex_normals
from fsynth_morphable.subdivision import Subdivision
from fsynth_training.dataset.colour import to_lab, to_linear, to_srgb
from fsynth_training.head.people import People
from fsynth_training.head.photo_fit import Belief, LandmarkModel, fit_photo
from fsynth_training.head.prior import landmark_noise

_BLUR = 0.8  # px of the aligned face, against noise: a vertex stands for 3 mm, or 2.6 px
_GRAZING = 0.35  # cosine to the viewing direction at which a vertex begins to count
# CIE Lab distances from a person's skin at which hair, clothes and background begin: in lightness and in colour.
_LIGHTNESS, _CHROMA = 12.0, 7.0
_SPREAD_NEUTRAL, _SPREAD_SMILING = 0.06, 0.25


@dataclass(frozen=True, eq=False)
class Samples:
    """Colours of n control vertices in P photographs.

    Attributes:
        linear: (P, n, 3) float32, linear sRGB. confidence: (P, n) float32, 0..1.
        normals: (P, n, 3) float32, towards the camera along +Z. source: (P,) str.
    """

    linear: np.ndarray
    confidence: np.ndarray
    normals: np.ndarray
    source: np.ndarray


@dataclass(frozen=True, eq=False)
class Heads:
    """How fitted coefficients become heads: neutral (n, 3), offsets (B, n, 3) and the mesh they are of.

    ``inner``: (n,) bool, vertices of the face that no hair covers. ``bare``: (n,) bool, those that often are seen.
    ``skin``: (n,) bool, all of the skin outside mouth and sockets.
    """

    neutral: np.ndarray
    offsets: np.ndarray
    polygons: np.ndarray
    inner: np.ndarray
    bare: np.ndarray
    skin: np.ndarray


def sample_colours(heads: Heads, face: LandmarkModel, belief: Belief, people: People, faces: Path) -> Samples:
    """Fit a head to each photograph and look up the colours of its vertices.

    Args:
        face: of the 468 points, with the same B coefficients as ``heads``. belief: before each fit.
        people: whose photographs. faces: the folder they lie in.
    """
    subdivision = Subdivision.catmull_clark(heads.polygons, len(heads.neutral))
    triangles, _ = triangulate(subdivision.polygons)
    rows = []
    for number, path in enumerate(people.path):
        photo = read_photo(faces / str(path))
        aligned = align(photo, find_faces(photo, smallest_share=1)[0])
        spread = _SPREAD_SMILING if people.smiling[number] else _SPREAD_NEUTRAL
        points = people.meshes[number, :, :2].astype(np.float64)
        fit = fit_photo(face, points, _with_spread(belief, spread), landmark_noise())
        control = heads.neutral + np.tensordot(fit.coefficients, heads.offsets, axes=1)
        camera = Camera(rotation_matrix(fit.pose[:3]), np.array([*fit.pose[3:5], -np.exp(fit.pose[5])]))
        rows.append(_look(subdivision.apply(control), triangles, camera, aligned.image, heads))
    linear, confidence, normals = (np.array(column, np.float32) for column in zip(*rows, strict=True))
    return Samples(linear, confidence, normals, people.source)


def _with_spread(belief: Belief, spread: float) -> Belief:
    """``belief`` with expressions, those of unit precision, as variable as ``spread``."""
    precision = belief.precision.copy()
    mood = np.flatnonzero(np.diag(precision) == 1.0)
    precision[mood, mood] = spread**-2
    return Belief(belief.mean, precision)


def _look(
    vertices: np.ndarray, triangles: np.ndarray, camera: Camera, image: np.ndarray, heads: Heads
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear colours (n, 3), confidences (n,) and normals in camera space (n, 3) of the control vertices."""
    count = len(heads.neutral)
    normals = vertex_normals(vertices, triangles)[:count].astype(np.float64)
    corners = vertices[:count]
    view = camera.position - corners
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    cosine = np.einsum("nd,nd->n", normals, view)
    visible = heads.bare & (cosine > _GRAZING) & ~_hidden(vertices, triangles, corners + 6e-4 * normals, view)
    points, _ = camera.project(corners)
    within = np.all((points > 1) & (points < image.shape[0] - 2), axis=1)
    picture = ndimage.gaussian_filter(to_linear(image / 255.0), (_BLUR, _BLUR, 0))
    linear = np.stack(
        [ndimage.map_coordinates(picture[..., c], points[:, ::-1].T, order=1, mode="nearest") for c in range(3)], axis=1
    )
    trust = np.clip((cosine - _GRAZING) / 0.5, 0, 1) * visible * within
    return linear, trust * _is_skin(linear, trust, heads.inner), normals @ camera.rotation.T


def _hidden(vertices: np.ndarray, triangles: np.ndarray, origin: np.ndarray, direction: np.ndarray) -> np.ndarray:
    import open3d

    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(
        open3d.core.Tensor(vertices.astype(np.float32)), open3d.core.Tensor(triangles.astype(np.uint32))
    )
    rays = np.concatenate([origin, direction], axis=1).astype(np.float32)
    return scene.test_occlusions(open3d.core.Tensor(rays)).numpy()


def _is_skin(linear: np.ndarray, trust: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """(n,) 0..1: how much each colour outside the inner face is like the skin within it."""
    lab = to_lab(to_srgb(linear))
    middle = np.median(lab[inner & (trust > 0.5)], axis=0)
    difference = (lab - middle) / [_LIGHTNESS, _CHROMA, _CHROMA]
    like = np.exp(-0.5 * (difference**2).sum(axis=1) ** 1.5)
    return np.where(inner, 1.0, np.where(like > 0.5, like, 0.0))
