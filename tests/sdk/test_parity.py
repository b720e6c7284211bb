"""The ONNX engine and the TensorFlow engine give the same with the weights that ship; the latter gives gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fsynth
from fsynth import NormalizedFace, Normalizer
from fsynth.engines import Decoded, TensorFlowEngine

pytestmark = pytest.mark.requires_extra("tensorflow")

TOLERANCE = 1e-4  # of colours 0..1, pixels and features


@pytest.fixture(scope="module")
def other() -> Normalizer:
    return fsynth.load(engine="tensorflow")


@pytest.fixture(scope="module")
def face(normalizer: Normalizer, astronaut: Path) -> NormalizedFace:
    return normalizer(astronaut)


def strangers(count: int, width: int) -> np.ndarray:
    """Features distributed like those of FaceRes: none negative, of norm 15, of cosine 0.38 between each other."""
    features = np.random.default_rng(1).gamma(0.61, 1, (count, width))
    return (features * 15 / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)


def assert_same(one: Decoded, two: Decoded) -> None:
    np.testing.assert_allclose(one.images, two.images, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(one.landmarks, two.landmarks, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(one.textures, two.textures, rtol=0, atol=TOLERANCE)


def test_engines_agree_on_a_real_face(normalizer: Normalizer, other: Normalizer, face: NormalizedFace) -> None:
    chip = normalizer.engine.encoder.crop(face.aligned.image, face.aligned.to_crop(face.aligned.face.mesh[:, :2]))
    features = [engine.encode(chip[None]) for engine in (normalizer.engine, other.engine)]

    np.testing.assert_allclose(*features, rtol=0, atol=TOLERANCE)
    assert_same(normalizer.decode(face.features[None]), other.decode(face.features[None]))
    assert_same(normalizer.decode(features[0]), other.decode(features[1]))


def test_engines_agree_on_strangers(normalizer: Normalizer, other: Normalizer) -> None:
    features = strangers(8, normalizer.engine.card.settings.feature_width)

    decoded = normalizer.decode(features)

    assert_same(decoded, other.decode(features))
    moved = np.linalg.norm(decoded.landmarks - normalizer.engine.card.mean_landmarks, axis=-1)
    assert moved.max() > 1  # the warp has something to do


def test_photos_give_the_same_bytes_but_for_rounding(other: Normalizer, face: NormalizedFace, astronaut: Path) -> None:
    same = other(astronaut)

    difference = np.abs(same.image.astype(int) - face.image)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01
    np.testing.assert_allclose(same.landmarks, face.landmarks, rtol=0, atol=TOLERANCE)


def test_gradient_goes_from_the_image_back_to_the_chip(other: Normalizer, face: NormalizedFace) -> None:
    """Of a weighted sum of the image, along the gradient itself: there the slope is its length."""
    import tensorflow as tf

    engine = other.engine
    assert isinstance(engine, TensorFlowEngine)
    chip = face.aligned.image[None].astype(np.float32)
    weights = np.random.default_rng(2).normal(size=(1, *face.image.shape)).astype(np.float32)

    def loss(value: Any) -> Any:
        return tf.reduce_sum(weights * engine.decoder(engine.encoder_model(value))["image"])

    variable = tf.Variable(chip)
    with tf.GradientTape() as tape:
        result = loss(variable)
    gradient = tape.gradient(result, variable).numpy()

    assert np.isfinite(gradient).all()
    length = np.linalg.norm(gradient)
    assert length > 0
    assert (gradient != 0).mean() > 0.9
    step = 2 * gradient / length
    slope = (float(loss(chip + step)) - float(loss(chip - step))) / 4
    assert slope == pytest.approx(length, rel=0.1)
