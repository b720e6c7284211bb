"""A baseline that knows no people: turn the photograph itself to the front by its 3-D mesh (after Hassner et al. 2015).

Each place of the mean face is looked up in the photograph, where the photograph's own mesh has it. What is turned away
from the camera is taken from the other side of the face. Light, glasses, hats and hands stay where they are.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage, sparse
from scipy.spatial import Delaunay, cKDTree

from fsynth.faces import LANDMARKS_65
from fsynth_training.dataset.geometry import SIZE
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.synthesize import Synthesized

_SEEN = (0.15, 0.45)  # cosine between normal and view, from which a place counts as a little, and as fully, seen


_NEIGHBOURS = 24  # points that count beyond the mesh


class Frontalization:
    """Turns photographs to the front."""

    kind = "baseline"
    name = "frontalization"

    def __init__(self, mesh: np.ndarray) -> None:
        """``mesh`` (468, 3) px, the mean face, symmetric: where every face is warped to."""
        self.mesh = mesh
        self.mean_landmarks = mesh[LANDMARKS_65, :2]
        x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
        pixels = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
        triangulation = Delaunay(mesh[:, :2])
        self._triangles = _facing(triangulation.simplices, mesh)
        self._weights = _interpolation(triangulation, mesh[:, :2], pixels)
        depth = self._weights @ mesh[:, 2]
        self._places = np.concatenate([pixels, depth[:, None], np.ones((len(pixels), 1))], axis=1)

    @property
    def key(self) -> str:
        """What its results are kept under."""
        return f"frontalization-1-{np.abs(self.mesh).sum():.3f}"

    def synthesize(self, photos: EvaluationPhotos) -> Synthesized:
        """Frontal views of ``photos``; their landmarks are those of the mean face."""
        images = np.stack([self.turn(i, mesh) for i, mesh in zip(photos.aligned, photos.mesh, strict=True)])
        landmarks = np.broadcast_to(self.mean_landmarks, (len(photos), *self.mean_landmarks.shape)).copy()
        return Synthesized(images, landmarks, images / np.float32(255), self.mean_landmarks)

    def turn(self, image: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        """``image`` (224, 224, 3) uint8 with the face of ``mesh`` (468, 3) turned to the front."""
        # Where the head as a whole puts a place, and by how much this face differs from that.
        known = np.concatenate([self.mesh, np.ones((len(self.mesh), 1))], axis=1)
        camera = np.linalg.lstsq(known, mesh[:, :2], rcond=None)[0]
        rest = mesh[:, :2] - known @ camera
        source = self._places @ camera + self._weights @ rest
        grid = source.reshape(SIZE, SIZE, 2)
        rows_columns = [grid[..., 1], grid[..., 0]]
        channels = [
            ndimage.map_coordinates(channel, rows_columns, order=1, mode="nearest")
            for channel in np.moveaxis(image.astype(np.float32), -1, 0)
        ]
        seen = self._seen(mesh)[..., None]
        frontal = np.stack(channels, axis=-1)
        # Of a place that neither side shows, its own side is as good.
        mirrored = (1 - seen) * seen[:, ::-1]
        return (frontal * (1 - mirrored) + frontal[:, ::-1] * mirrored + 0.5).clip(0, 255).astype(np.uint8)

    def _seen(self, mesh: np.ndarray) -> np.ndarray:
        """(224, 224), 0..1: how well the photograph shows each place of the frontal face."""
        cosine = vertex_normals(mesh, self._triangles)[:, 2]
        low, high = _SEEN
        visible = self._weights @ np.clip((cosine - low) / (high - low), 0, 1)
        return np.clip(ndimage.gaussian_filter(visible.reshape(SIZE, SIZE), 3), 0, 1)


def vertex_normals(mesh: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals (N, 3) of ``mesh`` (N, 3); the third component is positive towards the camera."""
    a, b, c = (mesh[triangles[:, corner]].astype(np.float64) for corner in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros((len(mesh), 3))
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return normals


def _facing(triangles: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    """``triangles`` (T, 3) with corners in the order that makes normals of the frontal ``mesh`` look at the camera."""
    a, b, c = (mesh[triangles[:, corner], :2] for corner in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    return np.where(area[:, None] > 0, triangles, triangles[:, ::-1])


def _interpolation(triangulation: Delaunay, points: np.ndarray, pixels: np.ndarray) -> sparse.csr_array:
    """Weights (P, N) of ``points`` (N, 2) at each of ``pixels`` (P, 2): linear within the mesh.

    Beyond it the nearest points count, each by the inverse square of its distance, so that it goes on smoothly.
    """
    simplex = triangulation.find_simplex(pixels)
    inside = np.flatnonzero(simplex >= 0)
    affine = triangulation.transform[simplex[inside]]
    two = np.einsum("pij,pj->pi", affine[:, :2], pixels[inside] - affine[:, 2])
    three = np.concatenate([two, 1 - two.sum(axis=1, keepdims=True)], axis=1)
    outside = np.flatnonzero(simplex < 0)
    distance, nearest = cKDTree(points).query(pixels[outside], k=_NEIGHBOURS)
    falling = 1 / (distance + 1) ** 2
    falling /= falling.sum(axis=1, keepdims=True)
    rows = np.concatenate([np.repeat(inside, 3), np.repeat(outside, _NEIGHBOURS)])
    columns = np.concatenate([triangulation.simplices[simplex[inside]].ravel(), nearest.ravel()])
    values = np.concatenate([three.ravel(), falling.ravel()])
    return sparse.csr_array((values, (rows, columns)), shape=(len(pixels), len(points)))
