"""Similarity transforms (rotation, uniform scale, translation) between two sets of points."""

from __future__ import annotations

import numpy as np

from fsynth.errors import ArgumentError


def fit_similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The similarity that maps ``source`` to ``target`` with least squared error.

    Args:
        source: (N, 2) float, (x, y), N >= 2, not all the same point.
        target: (N, 2) float, (x, y).

    Returns:
        (2, 3) float64: ``target ~ source @ T[:, :2].T + T[:, 2]``. Never a reflection.

    Raises:
        ArgumentError: the shapes differ, a coordinate is not finite, or all source points are the same.

    Source: Umeyama 1991; in the plane it is one complex least-squares fit.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2 or len(source) < 2:
        raise ArgumentError(
            f"`source` and `target` must both have shape (N, 2), N >= 2, not {source.shape} and {target.shape}."
        )
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise ArgumentError("`source` and `target` must be finite.")
    a, b = source @ np.array([1, 1j]), target @ np.array([1, 1j])
    a_mean, b_mean = a.mean(), b.mean()
    spread = np.vdot(a - a_mean, a - a_mean).real
    if spread == 0:
        raise ArgumentError("`source` must hold at least two different points.")
    factor = np.vdot(a - a_mean, b - b_mean) / spread
    shift = b_mean - factor * a_mean
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def apply_transform(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map ``points`` (..., 2) by ``transform`` (2, 3)."""
    mapped: np.ndarray = np.asarray(points, np.float64) @ transform[:, :2].T + transform[:, 2]
    return mapped


def invert_transform(transform: np.ndarray) -> np.ndarray:
    """The inverse (2, 3) of an affine ``transform`` (2, 3)."""
    matrix = np.linalg.inv(transform[:, :2])
    return np.concatenate([matrix, -(matrix @ transform[:, 2:])], axis=1)
