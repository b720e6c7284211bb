"""Principal components and ridge regression against NumPy's SVD and least squares."""

from __future__ import annotations

import numpy as np
import pytest

from fsynth_training.fit.basis import principal_components, ridge, weighted_ridge


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 1, (30, 12)) @ rng.normal(0, 1, (12, 80)) + rng.normal(0, 3, 80)


def same_up_to_sign(first: np.ndarray, second: np.ndarray, tolerance: float = 1e-5) -> None:
    """Compare rows, each of which may have the other sign."""
    signs = np.sign((first * second).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(first * signs, second, atol=tolerance * np.abs(second).max())


def test_directions_are_the_right_singular_vectors_times_their_spread(vectors: np.ndarray) -> None:
    found = principal_components(vectors, 5)

    _, values, right = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(found.mean, vectors.mean(axis=0))
    same_up_to_sign(found.directions, right[:5] * values[:5, None] / np.sqrt(len(vectors)))


def test_coefficients_have_unit_variance_and_do_not_correlate(vectors: np.ndarray) -> None:
    coefficients = principal_components(vectors, 6).project(vectors)

    np.testing.assert_allclose(coefficients.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.cov(coefficients.T, bias=True), np.eye(6), atol=1e-4)


def test_all_components_together_give_the_vectors_back(vectors: np.ndarray) -> None:
    found = principal_components(vectors, 12)

    np.testing.assert_allclose(found.project(vectors) @ found.directions + found.mean, vectors, atol=1e-3)


def test_weights_act_like_scaled_columns(vectors: np.ndarray, rng: np.random.Generator) -> None:
    weights = rng.uniform(0.1, 5, 80)

    weighted = principal_components(vectors, 4, weights)
    scaled = principal_components(vectors * np.sqrt(weights), 4)

    same_up_to_sign(weighted.directions * np.sqrt(weights), scaled.directions)
    same_up_to_sign(weighted.project(vectors).T, scaled.project(vectors * np.sqrt(weights)).T, 1e-4)


def test_projection_has_the_least_weighted_error(vectors: np.ndarray, rng: np.random.Generator) -> None:
    weights = rng.uniform(0.1, 5, 80)
    found = principal_components(vectors, 4, weights)
    new = rng.normal(0, 3, (3, 80))

    root = np.sqrt(weights)
    expected = np.linalg.lstsq((found.directions * root).T, ((new - found.mean) * root).T, rcond=None)[0].T

    np.testing.assert_allclose(found.project(new), expected, atol=1e-3)


def test_there_are_fewer_components_than_vectors(vectors: np.ndarray) -> None:
    found = principal_components(vectors[:6], 20)

    assert found.directions.shape == (5, 80)
    np.testing.assert_allclose(found.project(vectors[:6]).std(axis=0), 1, atol=1e-4)


@pytest.fixture
def data(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    inputs = rng.normal(0, 1, (40, 6)) + 5
    return inputs, inputs @ rng.normal(0, 1, (6, 3)) + rng.normal(0, 0.5, (40, 3)) - 2


def test_ridge_is_least_squares_with_penalty_rows(data: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, outputs = data
    kernel, bias = ridge(inputs, outputs, 0.3)

    # The bias is a free column; every other coefficient has a row that asks it to be 0.
    penalty = np.sqrt(0.3 * np.var(inputs, axis=0).sum() * len(inputs) / 6)
    rows = np.block([[inputs, np.ones((40, 1))], [penalty * np.eye(6), np.zeros((6, 1))]])
    expected = np.linalg.lstsq(rows, np.concatenate([outputs, np.zeros((6, 3))]), rcond=None)[0]

    np.testing.assert_allclose(kernel, expected[:6], atol=1e-9)
    np.testing.assert_allclose(bias, expected[6], atol=1e-8)


def test_ridge_without_strength_finds_an_exact_map(rng: np.random.Generator) -> None:
    inputs, kernel, bias = rng.normal(0, 1, (40, 6)), rng.normal(0, 1, (6, 3)), rng.normal(0, 1, 3)

    found_kernel, found_bias = ridge(inputs, inputs @ kernel + bias, 0.0)

    np.testing.assert_allclose(found_kernel, kernel, atol=1e-9)
    np.testing.assert_allclose(found_bias, bias, atol=1e-9)


def test_ridge_does_not_care_where_the_data_lie(data: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, outputs = data
    kernel, bias = ridge(inputs, outputs, 0.3)

    moved_kernel, moved_bias = ridge(inputs + 100, outputs - 7, 0.3)

    np.testing.assert_allclose(moved_kernel, kernel, atol=1e-8)
    np.testing.assert_allclose((inputs + 100) @ moved_kernel + moved_bias + 7, inputs @ kernel + bias, atol=1e-8)


def test_ridge_does_not_care_about_the_scale_of_the_inputs(data: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, outputs = data

    np.testing.assert_allclose(ridge(10 * inputs, outputs, 0.3)[0] * 10, ridge(inputs, outputs, 0.3)[0], atol=1e-9)


def test_more_strength_shrinks_more(data: tuple[np.ndarray, np.ndarray]) -> None:
    sizes = [float(np.linalg.norm(ridge(*data, strength)[0])) for strength in (0.0, 0.1, 1.0, 10.0)]

    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.2 * sizes[0]


def test_outputs_do_not_follow_what_they_should_not(data: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, outputs = data
    change = np.array([1.0, -2.0, 0.5, 0.0, 1.0, 3.0])

    def moves(strictness: float) -> float:
        kernel, bias = weighted_ridge(inputs, outputs, 0.1, np.ones(40), strictness * np.outer(change, change))
        # Whatever is held still, the mean stays the mean.
        np.testing.assert_allclose(inputs.mean(axis=0) @ kernel + bias, outputs.mean(axis=0), atol=1e-9)
        return float(np.linalg.norm(change @ kernel))

    found = [moves(strictness) for strictness in (0.0, 0.1, 10.0)]
    assert found[0] > 2 * found[1] > 20 * found[2]
    assert found[0] == np.linalg.norm(change @ ridge(inputs, outputs, 0.1)[0])
