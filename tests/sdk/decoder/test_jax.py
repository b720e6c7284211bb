"""Decoders on Keras' JAX backend, in a process of its own: image, landmarks, texture and gradients are TensorFlow's."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.sdk.decoder.small import KINDS, features, make

pytestmark = [
    pytest.mark.requires_extra("tensorflow"),
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the package jax"),
]

ON_JAX = """
import json
import sys
import jax
import keras
import numpy as np
from fsynth.decoder import Decoder

def loss(trainable, features):
    outputs, _ = decoder.stateless_call(trainable, fixed, features)
    return (target * outputs["image"]).mean(), outputs

assert keras.backend.backend() == "jax"
scene, results = np.load(sys.argv[1]), {}
for kind, config in json.loads(str(scene["configs"])).items():
    decoder = Decoder.from_config(config)
    decoder.set_weights([scene[f"{kind}_{number}"] for number in range(len(decoder.weights))])
    target = scene["target"]
    trainable = [variable.value for variable in decoder.trainable_variables]
    fixed = [variable.value for variable in decoder.non_trainable_variables]
    gradient = jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))
    (weights, given), outputs = gradient(trainable, scene["features"])
    results.update({f"{kind}_{name}": value for name, value in outputs.items()})
    results[f"{kind}_features"] = given
    results.update({f"{kind}_weight_{number}": value for number, value in enumerate(weights)})
np.savez(sys.argv[2], **results)
"""


def test_jax_agrees_with_tensorflow_on_every_kind(tmp_path: Path) -> None:
    import tensorflow as tf

    decoders = {kind: make(kind) for kind in KINDS}
    target = np.random.default_rng(6).normal(size=(3, 32, 32, 3)).astype(np.float32)
    scene = {f"{kind}_{number}": weight for kind in KINDS for number, weight in enumerate(decoders[kind].get_weights())}
    configs = json.dumps({kind: decoder.get_config() for kind, decoder in decoders.items()})
    np.savez(tmp_path / "scene.npz", configs=configs, features=features(), target=target, **scene)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", ON_JAX, str(tmp_path / "scene.npz"), str(tmp_path / "results.npz")]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stderr
    results = np.load(tmp_path / "results.npz")
    for kind, decoder in decoders.items():
        given = tf.Variable(features())
        with tf.GradientTape() as tape:
            outputs = decoder(given)
            loss = tf.reduce_mean(target * outputs["image"])
        *weights, to_features = tape.gradient(loss, [*decoder.trainable_variables, given])
        for name, value in outputs.items():
            np.testing.assert_allclose(results[f"{kind}_{name}"], value, rtol=0, atol=1e-4, err_msg=f"{kind} {name}")
        expected = {"features": to_features} | {f"weight_{number}": value for number, value in enumerate(weights)}
        for name, gradient in expected.items():
            difference = np.linalg.norm(results[f"{kind}_{name}"] - gradient)
            assert difference <= 1e-3 * np.linalg.norm(gradient), (kind, name)
        assert np.linalg.norm(to_features) > 0, kind
