from __future__ import annotations

import numpy as np
import pytest

from fsynth.balance.develop import develop, is_clipped, newly_clipped, to_linear_srgb
from fsynth.balance.gains import Gains
from fsynth.balance.srgb import encode
from fsynth.errors import ArgumentError

MATRIX = np.array([[1.6, -0.5, -0.1], [-0.2, 1.5, -0.3], [0.0, -0.5, 1.5]])
TUNGSTEN = Gains(np.array([1.1, 1.0, 3.0]))
IDENTITY = np.eye(3)


def ramp(light: np.ndarray, top: float = 4.0) -> np.ndarray:
    """(1, 400, 3) a grey of rising brightness under ``light``, as a sensor sees it: what is above 1 is clipped."""
    return np.clip(np.linspace(0, top, 400)[None, :, None] * light, 0, 1)


@pytest.mark.parametrize("bits", [8, 16])
def test_develops_as_written(bits: int) -> None:
    camera = np.random.default_rng(0).uniform(0.05, 0.2, (20, 30, 3))
    gains = Gains(np.array([1.5, 1.0, 1.8]), 0.7)
    expected = encode(camera * gains.factors @ MATRIX.T) * (2**bits - 1)
    found = develop(camera, gains, MATRIX, bits=bits)
    assert found.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert np.abs(found - expected).max() <= (0.55 if bits == 8 else 2)


def test_integers_and_floats_develop_alike() -> None:
    camera = np.random.default_rng(0).integers(0, 65536, (20, 30, 3)).astype(np.uint16)
    assert np.array_equal(develop(camera, TUNGSTEN, MATRIX), develop(camera / np.float32(65535), TUNGSTEN, MATRIX))


def test_strips_leave_no_seams() -> None:
    camera = np.random.default_rng(0).uniform(0, 1, (700, 500, 3)).astype(np.float32)
    whole = develop(camera, TUNGSTEN, MATRIX)
    assert np.array_equal(whole[300:400], develop(camera[300:400], TUNGSTEN, MATRIX))


def test_as_it_is_a_picture_comes_back() -> None:
    from fsynth.balance.srgb import to_linear

    picture = np.random.default_rng(0).integers(0, 240, (20, 30, 3)).astype(np.uint8)
    assert np.array_equal(develop(to_linear(picture), Gains(np.ones(3)), IDENTITY), picture)


@pytest.mark.parametrize("exposure", [-2.0, -1.0, 0.0, 1.0])
@pytest.mark.parametrize("light", [(0.9, 1.0, 0.33), (0.4, 1.0, 0.9), (1.0, 0.6, 0.5)])
def test_white_that_clips_stays_neutral(light: tuple[float, float, float], exposure: float) -> None:
    """A grey ramp runs into clipping: wherever channels are lost, the picture stays grey, not pink or green."""
    gains = Gains(1 / np.array(light), exposure)
    camera = ramp(np.array(light))
    linear = to_linear_srgb(camera, gains, MATRIX)
    clipped = is_clipped(camera)
    assert clipped.sum() > 50
    spread = np.ptp(linear[clipped], axis=-1) / linear[clipped].max(axis=-1)
    assert spread.max() < 1e-3
    unfaded = camera.max(axis=-1) < 0.9
    assert np.ptp(linear[unfaded], axis=-1).max() < 1e-6


def test_without_the_fade_the_same_white_is_pink() -> None:
    """The test above can fail: plain gains turn clipped white under tungsten light blue and pink."""
    saturated = np.ones(3) * TUNGSTEN.factors
    assert saturated[2] / saturated[1] > 2


def test_brightness_never_falls_where_the_light_rises() -> None:
    for light in ((0.9, 1.0, 0.33), (0.4, 1.0, 0.9), (1.0, 0.6, 0.5)):
        gains = Gains(1 / np.array(light), -1.5)
        luminance = to_linear_srgb(ramp(np.array(light)), gains, MATRIX) @ [0.2126, 0.7152, 0.0722]
        assert np.diff(luminance[0]).min() > -0.02


def test_clipped_white_is_white_without_darkening() -> None:
    camera = np.ones((4, 4, 3), np.float32)
    assert (develop(camera, TUNGSTEN, MATRIX) == 255).all()


def test_counts_what_becomes_white_and_was_not() -> None:
    camera = np.full((10, 10, 3), 0.3)
    camera[0] = 0.6  # becomes white at + 1 EV
    camera[1] = 1.0  # the sensor's own
    camera[2] = 0.4  # doesn't
    before, after = Gains(np.ones(3)), Gains(np.ones(3), 1.0)
    assert newly_clipped(camera, before, after, IDENTITY) == pytest.approx(0.1)
    assert newly_clipped(camera, before, before, IDENTITY) == 0
    assert newly_clipped(camera, after, before, IDENTITY) == 0


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), np.zeros((4, 4, 4))])
def test_other_arrays_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match="camera"):
        develop(wrong, TUNGSTEN, MATRIX)


def test_other_depths_are_refused() -> None:
    with pytest.raises(ArgumentError, match="bits"):
        develop(np.zeros((4, 4, 3)), TUNGSTEN, MATRIX, bits=12)
