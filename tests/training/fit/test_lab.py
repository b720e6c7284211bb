from __future__ import annotations

import keras
import numpy as np
import pytest

pytest.importorskip("colour", reason='needs pip install "fsynth[train]"')

from fsynth_training.dataset.colour import to_lab
from fsynth_training.fit.lab import srgb_to_lab


def test_lab_is_that_of_colour_science(rng: np.random.Generator) -> None:
    srgb = np.concatenate([rng.uniform(0, 1, (500, 3)), rng.uniform(0, 0.06, (100, 3)), np.eye(3), np.ones((1, 3))])
    lab = np.asarray(srgb_to_lab(keras.ops.convert_to_tensor(srgb, "float32")))
    np.testing.assert_allclose(lab, to_lab(srgb), atol=0.02)


def test_grey_has_no_colour_and_black_no_lightness() -> None:
    lab = np.asarray(srgb_to_lab(keras.ops.convert_to_tensor([[0.0, 0, 0], [0.5, 0.5, 0.5], [1, 1, 1]], "float32")))
    np.testing.assert_allclose(lab[:, 1:], 0, atol=0.02)
    np.testing.assert_allclose(lab[:, 0], [0, 53.39, 100], atol=0.01)


def test_gradients_are_finite_everywhere() -> None:
    import tensorflow as tf

    srgb = tf.constant([[0.0, 0.0, 0.0], [0.04045, 0.04, 0.041], [1.0, 0.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(srgb)
        total = tf.reduce_sum(srgb_to_lab(srgb)[..., 0])
    gradient = tape.gradient(total, srgb).numpy()
    assert np.isfinite(gradient).all()
    assert (gradient > 0).all()
