from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth_training.dataset.colour import to_linear
from fsynth_training.evaluate.lights import lights, relight, temperature_gains, white


def test_daylight_of_6504_kelvin_is_the_white_of_srgb() -> None:
    np.testing.assert_allclose(white(6504), 1, atol=2e-3)
    np.testing.assert_allclose(temperature_gains(6504), 1)


def test_a_planckian_radiator_of_2856_kelvin_is_illuminant_a() -> None:
    # CIE illuminant A in linear sRGB with luminance 1: chromaticity (0.44757, 0.40745).
    x, y = 0.44757, 0.40745
    matrix = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])

    np.testing.assert_allclose(white(2856), matrix @ [x / y, 1, (1 - x - y) / y], atol=5e-3)


def test_the_warmer_the_light_the_redder_at_the_same_luminance() -> None:
    gains = np.array([temperature_gains(kelvin) for kelvin in (2800, 3500, 4500, 6504, 8000, 10000)])

    assert (np.diff(gains[:, 0]) < 0).all()
    assert (np.diff(gains[:, 2]) > 0).all()
    np.testing.assert_allclose(gains @ [0.2126, 0.7152, 0.0722], 1, atol=3e-3)


def test_relight_multiplies_linear_light(rng: np.random.Generator) -> None:
    image = rng.integers(20, 150, (8, 8, 3)).astype(np.uint8)

    brighter = to_linear(relight(image, 2.0) / 255)

    np.testing.assert_allclose(brighter, 2 * to_linear(image / 255), atol=0.006)  # half a step of 8 bits
    np.testing.assert_array_equal(relight(image, 1.0), image)


def test_relight_clips_as_a_camera_does() -> None:
    assert (relight(np.full((1, 1, 3), 250, np.uint8), 4.0) == 255).all()


def test_the_table_has_the_span_of_the_acceptance_criterion() -> None:
    assert {"2800 K", "10000 K", "+1 EV", "-1 EV"} <= set(lights())
    np.testing.assert_allclose(lights()["-1 EV"], 0.5)
