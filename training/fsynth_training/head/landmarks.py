"""Landmarks of the skin: how they move with directions and expressions, and where they are on the control mesh."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from fsynth_training.head.directions import Directions
from fsynth_training.head.mesh import HeadMesh
from fsynth_training.head.photo_fit import LandmarkModel


def landmark_model(mesh: HeadMesh, ways: Directions, seen: sparse.csr_matrix) -> LandmarkModel:
    """What directions, then expressions, do to points of the skin. ``seen``: (L, N), their weights of the body."""
    people = [seen @ mesh.sealed(offset) for offset in ways.offsets]
    moods = [seen @ offset for offset in mesh.expression_bodies().values()]
    return LandmarkModel(seen @ mesh.body, np.ascontiguousarray(np.array(people + moods).transpose(1, 2, 0)))


def on_control_mesh(mesh: HeadMesh, seen: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Points given by weights of the body (L, N) as vertices of the control mesh (L, k) and their weights (L, k).

    Points of the skin depend on whole vertices of it; the cut's new ones, below the neck, have none.
    """
    whole = np.diff(mesh.skin.positions.indptr) == 1
    control_of = np.full(mesh.skin.positions.shape[1], -1)
    control_of[mesh.skin.positions[whole].indices] = np.flatnonzero(whole)
    width = int(np.diff(seen.indptr).max())
    vertices = np.zeros((seen.shape[0], width), int)
    weights = np.zeros((seen.shape[0], width))
    for row in range(seen.shape[0]):
        entries = slice(seen.indptr[row], seen.indptr[row + 1])
        count = entries.stop - entries.start
        vertices[row, :count] = control_of[seen.indices[entries]]
        weights[row, :count] = seen.data[entries]
    assert vertices.min() >= 0
    return vertices, weights
