from __future__ import annotations

import numpy as np
import pytest

from fsynth.errors import ArgumentError
from fsynth.faces import apply_transform, fit_similarity, invert_transform


def _least_squares(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The same fit as a linear system in (a, b, tx, ty): x' = ax - by + tx, y' = bx + ay + ty."""
    x, y, one, zero = source[:, 0], source[:, 1], np.ones(len(source)), np.zeros(len(source))
    system = np.concatenate([np.stack([x, -y, one, zero], axis=1), np.stack([y, x, zero, one], axis=1)])
    a, b, tx, ty = np.linalg.lstsq(system, np.concatenate([target[:, 0], target[:, 1]]), rcond=None)[0]
    return np.array([[a, -b, tx], [b, a, ty]])


@pytest.mark.parametrize("count", [2, 3, 5, 68])
def test_fit_is_the_least_squares_solution(count: int) -> None:
    rng = np.random.default_rng(count)
    for _ in range(20):
        source, target = rng.uniform(-500, 500, (2, count, 2))
        np.testing.assert_allclose(fit_similarity(source, target), _least_squares(source, target), atol=1e-8)


def test_two_points_are_met_exactly() -> None:
    source, target = np.random.default_rng(0).uniform(0, 4000, (2, 2, 2))
    np.testing.assert_allclose(apply_transform(fit_similarity(source, target), source), target, atol=1e-9)


def test_a_mirror_image_is_never_fitted_by_a_reflection() -> None:
    source = np.random.default_rng(0).uniform(0, 100, (10, 2))
    assert np.linalg.det(fit_similarity(source, source * [-1, 1])[:, :2]) > 0


def test_inverse_and_broadcasting() -> None:
    rng = np.random.default_rng(0)
    transform = fit_similarity(*rng.uniform(0, 100, (2, 2, 2)))
    points = rng.uniform(0, 100, (3, 4, 2))
    mapped = apply_transform(transform, points)
    assert mapped.shape == points.shape
    np.testing.assert_allclose(mapped[1, 2], transform @ [*points[1, 2], 1])
    np.testing.assert_allclose(apply_transform(invert_transform(transform), mapped), points, atol=1e-9)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (np.zeros((2, 2)), np.eye(2), "at least two different points"),
        (np.eye(2), np.eye(3), "must both have shape"),
        (np.zeros((1, 2)), np.zeros((1, 2)), "N >= 2"),
        (np.array([[0, np.nan], [1, 1]]), np.eye(2), "must be finite"),
        (np.eye(2), np.full((2, 2), np.inf), "must be finite"),
    ],
)
def test_points_that_determine_nothing(source: np.ndarray, target: np.ndarray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        fit_similarity(source, target)
