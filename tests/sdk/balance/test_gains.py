from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsynth.balance.gains import Gains, limit, solve, solve_exposure
from fsynth.balance.srgb import LUMINANCE
from fsynth.errors import ArgumentError

MATRIX = np.array([[1.6, -0.5, -0.1], [-0.2, 1.5, -0.3], [0.0, -0.5, 1.5]])  # rows sum to 1
AS_SHOT = Gains(np.array([2.0, 1.0, 1.5]))

positive = st.floats(0.05, 20)
some_gains = st.builds(
    lambda red, blue, ev: Gains(np.array([red, 1.0, blue]), ev), positive, positive, st.floats(-4, 4)
)


@given(some_gains)
def test_the_inverse_undoes_gains(gains: Gains) -> None:
    linear = np.random.default_rng(0).uniform(0, 1, (4, 5, 3))
    assert np.allclose(gains.inverse().apply(gains.apply(linear)), linear, rtol=1e-12)
    assert np.allclose(gains.after(gains).factors, 1)


@given(some_gains)
def test_factors_hold_white_balance_and_exposure(gains: Gains) -> None:
    again = Gains.of_factors(gains.factors)
    assert np.allclose(again.multipliers, gains.multipliers)
    assert again.exposure == pytest.approx(gains.exposure, abs=1e-9)
    assert gains.multipliers[1] == 1


def test_solved_gains_give_the_face_its_colour() -> None:
    camera, target = np.array([0.1, 0.25, 0.08]), np.array([0.5, 0.35, 0.28])
    gains = solve(camera, target, MATRIX)
    assert np.allclose(MATRIX @ gains.apply(camera), target)


def test_a_neutral_light_of_known_strength_is_recovered() -> None:
    truth = Gains(np.array([1.7, 1.0, 2.3]), -0.75)
    skin = np.array([0.5, 0.35, 0.28])
    camera = truth.inverse().apply(np.linalg.solve(MATRIX, skin))
    found = solve(camera, skin, MATRIX)
    assert np.allclose(found.multipliers, truth.multipliers)
    assert found.exposure == pytest.approx(truth.exposure)


def test_exposure_alone_keeps_the_white_balance_and_gives_the_luminance() -> None:
    camera, target = np.array([0.1, 0.25, 0.08]), np.array([0.5, 0.35, 0.28])
    gains = solve_exposure(camera, target, MATRIX, AS_SHOT.multipliers)
    assert np.array_equal(gains.multipliers, AS_SHOT.multipliers)
    assert LUMINANCE @ MATRIX @ gains.apply(camera) == pytest.approx(LUMINANCE @ target)


def test_strength_goes_from_as_shot_to_the_whole() -> None:
    gains = Gains(np.array([1.2, 1.0, 2.8]), 1.5)
    assert np.allclose(limit(gains, AS_SHOT, strength=0).factors, AS_SHOT.factors)
    assert np.allclose(limit(gains, AS_SHOT, strength=1).factors, gains.factors)
    half = limit(gains, AS_SHOT, strength=0.5)
    assert np.allclose(half.after(AS_SHOT).factors ** 2, gains.after(AS_SHOT).factors)


@pytest.mark.parametrize(("exposure", "expected"), [(3.0, 1.0), (-3.0, -1.0), (0.4, 0.4)])
def test_the_exposure_stays_within_its_limit(exposure: float, expected: float) -> None:
    gains = Gains(np.array([1.2, 1.0, 2.8]), exposure)
    limited = limit(gains, AS_SHOT, max_ev=1.0)
    assert limited.exposure == pytest.approx(expected)
    assert np.allclose(limited.multipliers, gains.multipliers)


def test_white_balance_alone_keeps_the_exposure() -> None:
    gains = Gains(np.array([1.2, 1.0, 2.8]), 1.5)
    limited = limit(gains, AS_SHOT, white_balance_only=True)
    assert limited.exposure == 0
    assert np.allclose(limited.multipliers, gains.multipliers)


def test_gains_keep_single_precision() -> None:
    assert AS_SHOT.apply(np.ones((2, 2, 3), np.float32)).dtype == np.float32


@pytest.mark.parametrize("wrong", [[1, 1], [1, 0, 1], [1, -1, 1], [np.nan, 1, 1], [np.inf, 1, 1]])
def test_multipliers_that_are_none_are_refused(wrong: list[float]) -> None:
    with pytest.raises(ArgumentError, match="multipliers"):
        Gains(np.array(wrong))


def test_an_exposure_that_is_no_number_is_refused() -> None:
    with pytest.raises(ArgumentError, match="exposure"):
        Gains(np.ones(3), np.nan)
    with pytest.raises(ArgumentError, match=r"exposure|multipliers"):
        Gains.of_factors(np.array([1.0, 0.0, 1.0]))


def test_colours_without_gains_are_refused() -> None:
    skin = np.array([0.5, 0.35, 0.28])
    with pytest.raises(ArgumentError, match="camera"):
        solve(np.array([0.1, 0.0, 0.1]), skin, MATRIX)
    with pytest.raises(ArgumentError, match="target"):
        solve(skin, np.array([0.1, 0.1, np.nan]), MATRIX)
    with pytest.raises(ArgumentError, match="outside the colours"):
        solve(skin, np.array([0.001, 0.9, 0.001]), np.linalg.inv(MATRIX))
    with pytest.raises(ArgumentError, match="luminance"):
        solve_exposure(np.array([0.001, 0.001, 0.9]), skin, MATRIX - [[0, 0, 3], [0, 0, 3], [0, 0, 3]], np.ones(3))


def test_limits_out_of_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match="strength"):
        limit(AS_SHOT, AS_SHOT, strength=1.2)
    with pytest.raises(ArgumentError, match="max_ev"):
        limit(AS_SHOT, AS_SHOT, max_ev=-1)
