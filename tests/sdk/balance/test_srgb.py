from __future__ import annotations

import numpy as np
import pytest

from fsynth.balance.colour_science import colour
from fsynth.balance.srgb import LUMINANCE, encode, from_linear, to_linear


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint8, 8), (np.uint16, 16)])
def test_every_value_survives_the_way_there_and_back(dtype: type, bits: int) -> None:
    values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    assert np.abs(from_linear(to_linear(values), bits=bits).astype(int) - values).max() <= (bits == 16)


@pytest.mark.requires_extra("balance")
def test_is_the_curve_of_the_standard() -> None:
    linear = np.linspace(0, 1, 1001)
    expected = colour().cctf_encoding(linear, function="sRGB")
    assert np.abs(encode(linear) - expected).max() < 1e-7
    assert np.abs(to_linear(expected) - linear).max() < 1e-6


def test_what_is_beyond_the_range_is_clipped() -> None:
    assert from_linear(np.array([-0.2, 0.0, 1.0, 3.0])).tolist() == [0, 0, 255, 255]
    assert from_linear(np.array([-0.2, 3.0]), bits=16).tolist() == [0, 65535]


def test_eight_bits_round_to_the_nearest_step() -> None:
    linear = np.linspace(0, 1, 100_001)
    assert np.abs(from_linear(linear) - encode(linear) * 255).max() < 0.53


def test_the_luminance_of_white_is_one() -> None:
    assert LUMINANCE.sum() == pytest.approx(1)
