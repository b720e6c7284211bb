"""Similarity transforms (rotation, uniform scale, translation) between two sets of points."""

from __future__ import annotations

import numpy as np


def fit_similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The similarity that maps ``source`` to ``target`` with least squared error.

    Args:
        source: (N, 2) float, (x, y), N >= 2, not all the same point.
        target: (N, 2) float, (x, y).

    Returns:
        (2, 3) float64: ``target ~ source @ T[:, :2].T + T[:, 2]``. Never a reflection.

    Source: Umeyama 1991; in the plane it is one complex least-squares fit.
    """
    a = np.asarray(source, np.float64) @ np.array([1, 1j])
    b = np.asarray(target, np.float64) @ np.array([1, 1j])
    a_mean, b_mean = a.mean(), b.mean()
    factor = np.vdot(a - a_mean, b - b_mean) / np.vdot(a - a_mean, a - a_mean).real
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
