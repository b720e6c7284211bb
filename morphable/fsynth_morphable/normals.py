"""Smooth vertex normals."""

from __future__ import annotations

import numpy as np


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals (N, 3) float32 of a mesh: the normals of the triangles around each vertex, weighted by their areas.

    Vertices of no triangle, and those whose triangles cancel out, get (0, 0, 1).

    Args:
        vertices: (N, 3) float.
        triangles: (T, 3) integers, counter-clockwise seen from outside.
    """
    a, b, c = (vertices[corner] for corner in triangles.T)
    ux, uy, uz = (b - a).T
    vx, vy, vz = (c - a).T
    around = triangles.ravel()
    normals = np.empty((len(vertices), 3), np.float32)
    for axis, part in enumerate((uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)):
        normals[:, axis] = np.bincount(around, np.repeat(part, 3), minlength=len(vertices))
    length = np.sqrt(np.einsum("nd,nd->n", normals, normals))
    flat = length < 1e-20
    normals[flat], length[flat] = (0, 0, 1), 1
    normals /= length[:, None]
    return normals
