"""Control points as the warp meets them, as fixtures that return functions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Array = np.ndarray[Any, np.dtype[Any]]


def arc(x: float, y: float, radius_x: float, radius_y: float, count: int, start: float = 0, turns: float = 1) -> Array:
    angle = 2 * np.pi * (start + turns * np.arange(count) / (count if turns == 1 else count - 1))
    return np.stack([x + radius_x * np.cos(angle), y + radius_y * np.sin(angle)], -1)


def face_points() -> Array:
    """65 points (x, y) laid out like a face's landmarks in a 224 x 224 image."""
    return np.concatenate(
        [
            arc(111.5, 120, 62, 80, 17, 0, 0.5),  # jaw
            arc(84, 84, 16, 5, 5, 0.5, 0.5),  # brows
            arc(139, 84, 16, 5, 5, 0.5, 0.5),
            arc(84, 98, 10, 5, 6),  # eyes
            arc(139, 98, 10, 5, 6),
            np.stack([np.full(4, 111.5), np.linspace(98, 128, 4)], -1),  # nose
            arc(111.5, 134, 12, 4, 5, 0, 0.5),
            arc(111.5, 156, 22, 9, 12),  # mouth
            arc(111.5, 156, 14, 3, 5),
        ]
    )


def face_displacements(
    rng: np.random.Generator, points: Array, deviation: float = 3.0, smoothness: float = 40
) -> Array:
    """Displacements (N, 2) of a given standard deviation in px, correlated over ``smoothness`` px as between faces."""
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    covariance = np.exp(-squared / (2 * smoothness**2)) + 1e-9 * np.eye(len(points))
    return np.asarray(deviation * np.linalg.cholesky(covariance) @ rng.normal(size=points.shape))


def face_batch(batch: int, dtype: str, seed: int = 0) -> tuple[Array, Array, Array]:
    """Random images (B, 224, 224, 3) with source and dest (B, 65, 2)."""
    rng = np.random.default_rng(seed)
    image = rng.uniform(size=(batch, 224, 224, 3))
    dest = np.stack([face_points() + rng.normal(0, 0.7, (65, 2)) for _ in range(batch)])
    source = dest - np.stack([face_displacements(rng, points) for points in dest])
    return image.astype(dtype), source.astype(dtype), dest.astype(dtype)


def edge_points(count: int, width: int, height: int) -> Array:
    """Points on the edges of an image, written independently of fsynth: ``count`` on each, corners included."""
    x, y = np.linspace(0, width - 1, count), np.linspace(0, height - 1, count)
    points = [(a, b) for a in x for b in (0, height - 1)] + [(a, b) for a in (0, width - 1) for b in y[1:-1]]
    return np.array(points, np.float64).reshape(-1, 2)


def pixel_grid(width: int, height: int) -> Array:
    """Every pixel's (x, y), (height * width, 2)."""
    x, y = np.meshgrid(np.arange(float(width)), np.arange(float(height)))
    return np.stack([x.ravel(), y.ravel()], -1)


@pytest.fixture(name="face_points")
def _face_points() -> Callable[..., Array]:
    return face_points


@pytest.fixture(name="face_batch")
def _face_batch() -> Callable[..., tuple[Array, Array, Array]]:
    return face_batch


@pytest.fixture(name="scipy_flow")
def _scipy_flow() -> Callable[..., Array]:
    return scipy_flow


def scipy_flow(source: Array, dest: Array, size: int, order: int, smoothing: float, boundary: int) -> Array:
    """The flow (size, size, 2) of one sample by scipy's RBFInterpolator in float64."""
    from scipy.interpolate import RBFInterpolator

    edge = edge_points(boundary, size, size) if boundary else np.zeros((0, 2))
    points = np.concatenate([dest.astype(np.float64), edge])
    values = np.concatenate([(dest - source).astype(np.float64), np.zeros_like(edge)])
    kernel = {1: "linear", 2: "thin_plate_spline"}[order]
    interpolator = RBFInterpolator(points, values, kernel=kernel, degree=1, smoothing=smoothing)
    return np.asarray(interpolator(pixel_grid(size, size))).reshape(size, size, 2)
