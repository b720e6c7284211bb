"""Chips of a decoder's output, against the resampling that the SDK cuts chips with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.small_sets import waves

from fsynth.faces import apply_transform, fit_similarity
from fsynth.faces.resample import resample

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry

pytestmark = pytest.mark.requires_extra("train")

SIZE, CHIP = 96, 80


@pytest.fixture
def landmarks(geometry: Geometry) -> np.ndarray:
    """The mean landmarks in an image of 96 px."""
    return geometry.landmarks[::3] * (SIZE / 224)


@pytest.fixture
def texture(rng: np.random.Generator) -> np.ndarray:
    return np.clip(0.5 + 0.15 * waves(1, SIZE, rng)[0], 0, 1).astype(np.float32)


def transform(chip: int = CHIP) -> np.ndarray:
    """Image to chip: a small turn about the middle, to nearly the same scale."""
    source = np.array([[30.0, 40.0], [66.0, 40.0], [48.0, 70.0]])
    return fit_similarity(source, (source - 48) @ np.array([[0.99, -0.1], [0.1, 0.99]]) + chip / 2)


def render(landmarks: np.ndarray, chip: int, texture: np.ndarray, moved: np.ndarray) -> np.ndarray:
    from fsynth_training.fit.chip_render import ChipRenderer

    renderer: Any = ChipRenderer(landmarks, transform(chip), chip)
    return np.asarray(renderer(texture[None], moved[None].astype(np.float32)))[0]


def test_the_mean_face_gives_the_chip_that_the_sdk_would_cut(texture: np.ndarray, landmarks: np.ndarray) -> None:
    chip = render(landmarks, CHIP, texture, landmarks)

    expected = resample((texture * 255 + 0.5).astype(np.uint8), transform(), CHIP, CHIP)
    np.testing.assert_allclose(chip, expected, atol=1.5)  # both round to whole levels


def test_a_chip_may_be_larger_than_the_texture(texture: np.ndarray, landmarks: np.ndarray) -> None:
    chip = render(landmarks, 120, texture, landmarks)

    assert chip.shape == (120, 120, 3)
    expected = resample((texture * 255 + 0.5).astype(np.uint8), transform(120), 120, 120)
    inside = np.s_[25:95, 25:95]  # beyond the texture, one repeats the edge and the other mirrors
    np.testing.assert_allclose(chip[inside], expected[inside], atol=1.5)


def test_a_framing_says_where_each_pixel_is_looked_up(texture: np.ndarray, landmarks: np.ndarray) -> None:
    from fsynth_training.fit.chip_render import ChipRenderer

    renderer: Any = ChipRenderer(landmarks, transform(), CHIP)
    framings = np.stack([np.eye(3), [[0, 1, 0], [1, 0, 0], [0, 0, 1]], [[1, 0, 5], [0, 1, -3], [0, 0, 1]]])
    three = [np.repeat(part[None].astype(np.float32), 3, axis=0) for part in (texture, landmarks)]

    same, flipped, shifted = np.asarray(renderer(*three, framings.astype(np.float32)))

    np.testing.assert_allclose(same, render(landmarks, CHIP, texture, landmarks), atol=0.01)
    np.testing.assert_allclose(flipped, same.transpose(1, 0, 2), atol=0.05)
    np.testing.assert_allclose(shifted[3:, :-5], same[:-3, 5:], atol=0.05)


def test_moved_landmarks_take_the_texture_with_them(texture: np.ndarray, landmarks: np.ndarray) -> None:
    from scipy import ndimage

    moved = landmarks + 2.5 * np.sin(landmarks[:, ::-1] / [15.0, 20.0])

    chip = render(landmarks, CHIP, texture, moved)

    def at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
        return np.stack([ndimage.map_coordinates(image[..., c], points.T[::-1], order=1) for c in range(3)], axis=1)

    shown, wanted = at(chip, apply_transform(transform(), moved)), at(texture, landmarks) * 255
    wrong = at(texture, moved) * 255
    np.testing.assert_allclose(shown, wanted, atol=4)
    assert np.abs(shown - wanted).mean() < 0.3 * np.abs(wrong - wanted).mean()


def test_gradients_lead_back_to_texture_and_landmarks(texture: np.ndarray, landmarks: np.ndarray) -> None:
    import tensorflow as tf

    from fsynth_training.fit.chip_render import ChipRenderer

    renderer = ChipRenderer(landmarks, transform(), CHIP)
    brighter = tf.constant(np.clip(texture + 0.1, 0, 1)[None])
    wanted = renderer(brighter, tf.constant((landmarks + np.array([0.7, -0.5]))[None], tf.float32))
    variables = [tf.Variable(texture[None]), tf.Variable(landmarks[None].astype(np.float32))]

    def loss() -> Any:
        return tf.reduce_mean(tf.square(renderer(*variables) - wanted))

    with tf.GradientTape() as tape:
        before = loss()
    gradients = tape.gradient(before, variables)

    # A small step against the gradient of each alone lowers the loss as much as the gradient says.
    for variable, gradient in zip(variables, gradients, strict=True):
        square = float(tf.reduce_sum(tf.square(gradient)))
        assert np.isfinite(square)
        step = 0.01 * float(before) / square
        variable.assign_sub(step * gradient)
        np.testing.assert_allclose(float(before) - float(loss()), step * square, rtol=0.3)
        variable.assign_add(step * gradient)
