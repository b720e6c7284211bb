"""Colour spaces against scikit-image and the formulas of IEC 61966-2-1."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("colour", reason='needs pip install "fsynth[train]"')
pytest.importorskip("skimage", reason="needs scikit-image (extra dev) as the oracle")

from skimage import color as reference

from fsynth_training.dataset import colour


@pytest.fixture
def srgb(rng: np.random.Generator) -> np.ndarray:
    """Random colours and the corners of the cube."""
    corners = np.stack(np.meshgrid([0.0, 1.0], [0.0, 1.0], [0.0, 1.0]), axis=-1).reshape(-1, 3)
    return np.concatenate([rng.uniform(0, 1, (500, 3)), corners])


def test_lab_is_that_of_scikit_image(srgb: np.ndarray) -> None:
    np.testing.assert_allclose(colour.to_lab(srgb), reference.rgb2lab(srgb), atol=0.05)


def test_linear_light_is_that_of_the_standard(srgb: np.ndarray) -> None:
    expected = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)

    np.testing.assert_allclose(colour.to_linear(srgb), expected, atol=1e-6)


def test_srgb_and_linear_light_are_inverse(srgb: np.ndarray) -> None:
    np.testing.assert_allclose(colour.to_srgb(colour.to_linear(srgb)), srgb, atol=1e-6)


def test_lab_goes_back_to_linear_light(srgb: np.ndarray) -> None:
    np.testing.assert_allclose(colour.lab_to_linear(colour.to_lab(srgb)), colour.to_linear(srgb), atol=1e-4)


def test_values_out_of_range_are_clipped_and_stay_finite() -> None:
    np.testing.assert_allclose(colour.to_srgb(np.array([-0.5, 0.5, 3.0]))[[0, 2]], [0, 1], atol=1e-9)
    np.testing.assert_array_equal(colour.to_linear(np.array([-0.2, 0.0, 0.0])), 0)


def test_colours_outside_srgb_are_not_clipped_in_linear_light() -> None:
    assert colour.lab_to_linear(np.array([60.0, 120.0, 20.0])).max() > 1
    assert colour.lab_to_linear(np.array([60.0, 120.0, 20.0])).min() < 0


def test_differences_are_ciede2000(rng: np.random.Generator) -> None:
    first = np.stack([rng.uniform(5, 95, 300), rng.uniform(-60, 60, 300), rng.uniform(-60, 60, 300)], axis=1)
    second = first + rng.normal(0, 5, first.shape)

    expected = reference.deltaE_ciede2000(first, second)  # type: ignore[no-untyped-call]

    np.testing.assert_allclose(colour.difference(first, second), expected, atol=1e-4)


def test_differences_are_those_of_the_paper() -> None:
    # Sharma, Wu and Dalal 2005, table 1, pairs 1, 7 and 17.
    first = np.array([[50, 2.6772, -79.7751], [50, 0, 0], [50, 2.5, 0]])
    second = np.array([[50, 0, -82.7485], [50, -1, 2], [73, 25, -18]])

    np.testing.assert_allclose(colour.difference(first, second), [2.0425, 2.3669, 27.1492], atol=1e-4)


def test_any_shape_of_pixels_goes_through() -> None:
    image = np.full((2, 3, 4, 3), 0.5, np.float32)

    assert colour.to_lab(image).shape == image.shape
    assert colour.difference(colour.to_lab(image), colour.to_lab(image)).shape == (2, 3, 4)
