"""A linear face space: principal components of clean textures and of landmarks, with their spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of vectors of length D.

    mean: (D,). directions: (K, D), each scaled by its standard deviation, so that coefficients have unit variance.
    """

    mean: np.ndarray
    directions: np.ndarray
    inverse: np.ndarray  # (D, K)

    def project(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (N, D) to coefficients (N, K) in standard deviations."""
        return (vectors - self.mean) @ self.inverse


def principal_components(vectors: np.ndarray, count: int, weights: np.ndarray | None = None) -> Components:
    """The ``count`` leading components of ``vectors`` (N, D), at most N - 1; errors weighted by ``weights`` (D,)."""
    weights = np.ones(vectors.shape[1], np.float32) if weights is None else weights
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    gram = (centred * weights) @ centred.T
    values, left = np.linalg.eigh(gram.astype(np.float64))
    # N vectors less their mean span N - 1 directions; another would divide by a spread of 0.
    order = np.argsort(-values)[: min(count, len(vectors) - 1)]
    left, values = left[:, order], values[order]
    spread = np.sqrt(values / len(vectors))
    directions = (left / np.sqrt(values)).T @ centred * spread[:, None]
    inverse = (directions * weights / spread[:, None] ** 2).T
    return Components(mean, directions.astype(np.float32), inverse.astype(np.float32))


def ridge(inputs: np.ndarray, outputs: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression ``outputs ~ inputs @ kernel + bias``; ``strength`` is relative to the mean input variance.

    inputs (N, P), outputs (N, Q) -> kernel (P, Q), bias (Q,).
    """
    return weighted_ridge(inputs, outputs, strength, np.ones(len(inputs)))


def weighted_ridge(
    inputs: np.ndarray, outputs: np.ndarray, strength: float, weights: np.ndarray, still: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """``ridge`` whose rows count as much as ``weights`` (N,), of mean 1, say.

    ``still`` (P, P): mean outer product of changes of the inputs that the outputs should not follow; its scale says how
    strictly.
    """
    centre, middle = (np.average(part, axis=0, weights=weights) for part in (inputs, outputs))
    x, y = (inputs - centre).astype(np.float64), (outputs - middle).astype(np.float64)
    gram = x.T @ (x * weights[:, None])
    gram[np.diag_indices_from(gram)] += strength * np.trace(gram) / len(gram)
    if still is not None:
        gram += len(x) * still
    kernel = np.linalg.solve(gram, x.T @ (y * weights[:, None]))
    return kernel, middle - centre @ kernel
