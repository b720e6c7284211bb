"""Values for vertices that an image does not show, from those that it shows: colours, or corrections of colours."""

from __future__ import annotations

import numpy as np

_ANCHOR = 0.01
"""How strongly every vertex is drawn to the mean colour, relative to one of its neighbours."""


def complete(colours: np.ndarray, confidence: np.ndarray, edges: np.ndarray, *, steps: int = 80) -> np.ndarray:
    """Keep colours where they are known and let them go on smoothly (harmonically) elsewhere.

    Minimises ``sum_i confidence_i |c_i - colours_i|^2 + sum_ij |c_i - c_j|^2`` over the edges ij, with a weak pull to
    the confidence-weighted mean, by conjugate gradients.

    Args:
        colours: (N, 3) float, of any value where ``confidence`` is 0.
        confidence: (N,) float, 0 or more, at least one of them positive.
        edges: (E, 2) integers, pairs of neighbours, each once: see ``edges_of``.
        steps: of conjugate gradients.

    Returns:
        (N, 3) float32.
    """
    n = len(colours)
    a, b = edges.T
    diagonal = np.bincount(edges.ravel(), minlength=n) + confidence + _ANCHOR

    def apply(values: np.ndarray) -> np.ndarray:
        """The system's matrix times values (3, n)."""
        neighbours = [np.bincount(a, row[b], n) + np.bincount(b, row[a], n) for row in values]
        return diagonal * values - np.array(neighbours)

    mean = np.average(colours, axis=0, weights=confidence)
    # Relative to the mean, so that the pull is one to zero; a row for each channel.
    residual = np.ascontiguousarray(confidence * (colours - mean).T)
    solution = np.zeros_like(residual)
    direction = residual / diagonal
    product = _dot(residual, direction)
    for _ in range(steps):
        if product.max() < 1e-12:
            break
        applied = apply(direction)
        step = (product / np.maximum(_dot(direction, applied), 1e-30))[:, None]
        solution += step * direction
        residual -= step * applied
        scaled = residual / diagonal
        previous, product = product, _dot(residual, scaled)
        direction = scaled + (product / np.maximum(previous, 1e-30))[:, None] * direction
    return (solution.T + mean).astype(np.float32)


def _dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.einsum("dn,dn->d", first, second)


def edges_of(triangles: np.ndarray) -> np.ndarray:
    """The edges of a mesh of triangles (T, 3): (E, 2) int64, each once."""
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(np.int64)
    pairs.sort(axis=1)
    keys = np.unique(pairs[:, 0] << 32 | pairs[:, 1])
    return np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1)
