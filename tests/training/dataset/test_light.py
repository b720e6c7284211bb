"""Skin colour, white balance and even light, on images whose result is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("skimage", reason="needs scikit-image (extra dev) as the oracle")

from scipy import ndimage
from skimage import color as skimage_colour
from tests.training.small_sets import flat, lab_colours, waves

from fsynth_training.dataset import light
from fsynth_training.dataset.colour import to_linear, to_srgb
from fsynth_training.dataset.geometry import SIZE

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


def test_skin_colour_is_that_of_the_skin_alone(geometry: Geometry) -> None:
    textures = flat((0.8, 0.6, 0.5), (0.4, 0.25, 0.2))
    expected = skimage_colour.rgb2lab(textures[:, 0, 0])
    textures[:, geometry.skin <= 0.5] = [0, 1, 0]

    np.testing.assert_allclose(light.skin_lab(textures, geometry), expected, atol=0.05)


def test_highlights_and_shadows_do_not_count_as_skin_colour(geometry: Geometry) -> None:
    textures = flat((0.7, 0.5, 0.4))
    rows, columns = np.nonzero(geometry.skin > 0.5)
    some = len(rows) // 12
    textures[0, rows[:some], columns[:some]] = 1
    textures[0, rows[-some:], columns[-some:]] = 0

    expected = skimage_colour.rgb2lab(np.array([0.7, 0.5, 0.4]))
    np.testing.assert_allclose(light.skin_lab(textures, geometry)[0], expected, atol=0.05)


def on_the_line(lightness: np.ndarray) -> np.ndarray:
    """London's skin as the tests have it: a* and b* are straight lines over L*."""
    return np.stack([lightness, 12 + 0.05 * (lightness - 60), 16 - 0.1 * (lightness - 60)], axis=1)


def test_white_balance_brings_a_set_with_a_cast_onto_londons_line(geometry: Geometry) -> None:
    london = on_the_line(np.array([45.0, 55.0, 65.0, 75.0]))
    own = np.array([[0, 2, -1], [0, -2, 1], [0, 1, 3], [0, -1, -3]], float)
    cast = on_the_line(np.array([50.0, 58.0, 62.0, 70.0])) + np.array([0, 5, -7]) + own
    textures = lab_colours(np.concatenate([london, cast]))
    source = np.array(["london"] * 4 + ["congress"] * 4)
    masks = np.ones((8, SIZE, SIZE), np.float32)
    masks[:, :20] = 0

    result = light.white_balance(textures, source, masks, geometry)

    lab = light.skin_lab(result, geometry)
    np.testing.assert_allclose(lab[:4], london, atol=0.15)
    # The set's own cast is gone, and half of what is each photo's own.
    np.testing.assert_allclose(lab[4:], on_the_line(cast[:, 0]) + own / 2, atol=0.15)
    np.testing.assert_array_equal(result[:, :20], textures[:, :20])


def test_even_light_takes_the_difference_of_the_sides_away(geometry: Geometry) -> None:
    # A face like a ball, lit from its right: brightness in linear light falls across.
    x = np.linspace(-1, 1, SIZE)[None, :, None]
    linear = np.broadcast_to(0.3 * (1 + 0.5 * x) * [1.0, 0.7, 0.6], (SIZE, SIZE, 3))
    texture = np.asarray(to_srgb(linear), np.float32)

    result = to_linear(light.even_light(texture, geometry)).mean(axis=-1)

    middle = ndimage.binary_erosion(geometry.face > 0.5, iterations=15)
    left, right = middle.copy(), middle.copy()
    left[:, SIZE // 2 - 15 :], right[:, : SIZE // 2 + 15] = False, False
    before = to_linear(texture).mean(axis=-1)
    assert before[right].mean() / before[left].mean() > 1.25
    assert abs(np.log(result[right].mean() / result[left].mean())) < 0.1 * np.log(
        before[right].mean() / before[left].mean()
    )
    np.testing.assert_allclose(result[middle].mean(), before[middle].mean(), rtol=0.05)


def test_even_light_leaves_even_faces_and_the_surroundings_alone(geometry: Geometry, rng: np.random.Generator) -> None:
    half = (0.5 + 0.1 * waves(1, SIZE, rng)[0]).astype(np.float32)
    symmetric = (half + half[:, ::-1]) / 2
    lit = half * np.linspace(0.5, 1, SIZE, dtype=np.float32)[None, :, None]

    np.testing.assert_allclose(light.even_light(symmetric, geometry), symmetric, atol=0.01)
    np.testing.assert_allclose(light.even_light(lit, geometry)[:10], lit[:10], atol=1e-3)
