"""The Keras form of an encoder gives what its ONNX form gives, on TensorFlow and on JAX, and passes gradients."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsynth import encoder
from fsynth.encoder import Encoder, FaceRes
from fsynth.errors import EngineError

pytestmark = pytest.mark.requires_extra("tensorflow")


@pytest.fixture
def model(network: Encoder) -> Any:
    return network.keras_model()


def test_features_equal_those_of_the_onnx_form(network: Encoder, model: Any, chips: np.ndarray) -> None:
    features = np.asarray(model(chips.astype(np.float32)))
    np.testing.assert_allclose(features, network.encode(chips), atol=1e-4, rtol=0)


def test_model_is_frozen(network: Encoder, model: Any) -> None:
    assert model.trainable_weights == []
    assert model.output_shape == (None, network.feature_width)


def test_gradient_agrees_with_differences(model: Any, chips: np.ndarray) -> None:
    """Of a weighted sum of the features, along the gradient itself: there the slope is its length."""
    import tensorflow as tf

    image = chips[:1].astype(np.float32)
    weights = np.random.default_rng(0).normal(size=model.output_shape[1]).astype(np.float32)

    def energy(value: Any) -> Any:
        return tf.reduce_sum(weights * model(value))

    variable = tf.Variable(image)
    with tf.GradientTape() as tape:
        result = energy(variable)
    gradient = tape.gradient(result, variable).numpy()
    length = np.linalg.norm(gradient)
    direction = gradient / length
    difference = (float(energy(image + direction)) - float(energy(image - direction))) / 2
    assert difference == pytest.approx(length, rel=0.05)


def test_trains_as_part_of_a_larger_model(model: Any, chips: np.ndarray) -> None:
    import keras

    before = model.get_weights()
    image = keras.Input(chips.shape[1:])
    larger = keras.Model(image, keras.layers.Dense(2)(model(image)))
    assert len(larger.trainable_weights) == 2
    larger.compile(optimizer="sgd", loss="mse")
    head = larger.trainable_weights[0].numpy()
    larger.fit(chips.astype(np.float32), np.ones((3, 2), np.float32), verbose=0)
    assert not np.array_equal(larger.trainable_weights[0].numpy(), head)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # within Keras, with NumPy 2.4
def test_model_survives_saving(model: Any, chips: np.ndarray, tmp_path: Path) -> None:
    import keras

    model.save(tmp_path / "encoder.keras")
    again = keras.models.load_model(tmp_path / "encoder.keras")
    image = chips.astype(np.float32)
    np.testing.assert_array_equal(again(image).numpy(), model(image).numpy())


@pytest.mark.parametrize("size", [160, 192])
def test_faceres_takes_smaller_chips(size: int, astronaut: Path) -> None:
    from PIL import Image

    from fsynth.faces import find_faces

    network = FaceRes()
    photo = np.asarray(Image.open(astronaut).convert("RGB"))
    chip = network.crop(photo, find_faces(photo)[0].mesh)
    smaller = np.asarray(Image.fromarray(chip).resize((size, size), Image.Resampling.BICUBIC))
    features = np.asarray(network.keras_model(size)(smaller[None].astype(np.float32)))[0]
    full = network.encode(chip[None])[0]
    assert features @ full / np.linalg.norm(features) / np.linalg.norm(full) > 0.7


JAX = """
import sys
import jax
import numpy as np
from fsynth import encoder

def energy(chips):
    features = model(chips)
    return (features**2).sum(), features

chips = np.load(sys.argv[2]).astype(np.float32)
model = encoder.load(sys.argv[1]).keras_model()
gradient, features = jax.jit(jax.grad(energy, has_aux=True))(chips)
np.savez(sys.argv[3], features=np.asarray(features), gradient=np.asarray(gradient))
"""


def test_jax_gives_the_same_features_and_gradient(
    network: Encoder, model: Any, chips: np.ndarray, tmp_path: Path
) -> None:
    pytest.importorskip("jax", reason="needs the package jax")
    import tensorflow as tf

    np.save(tmp_path / "chips.npy", chips)
    command = [sys.executable, "-c", JAX, network.name, str(tmp_path / "chips.npy"), str(tmp_path / "answer.npz")]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=300)
    variable = tf.Variable(chips.astype(np.float32))
    with tf.GradientTape() as tape:
        result = tf.reduce_sum(tf.square(model(variable)))
    gradient = tape.gradient(result, variable).numpy()
    with np.load(tmp_path / "answer.npz") as answer:
        np.testing.assert_allclose(answer["features"], network.encode(chips), atol=1e-4, rtol=0)
        # Where a ReLU's input is all but 0 or 6, the last bit decides whether a pixel counts.
        assert np.linalg.norm(answer["gradient"] - gradient) < 1e-2 * np.linalg.norm(gradient)


@pytest.mark.parametrize("package", ["keras", "onnx"])
def test_missing_package_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EngineError, match=rf'{package}.*pip install "fsynth\[tensorflow\]"'):
        encoder.load("dlib").keras_model()
