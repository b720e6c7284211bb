"""The warp on Keras' JAX backend, in a process of its own: values and gradients are those of NumPy and TensorFlow."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fsynth.warp
import fsynth.warp.numpy

pytestmark = [
    pytest.mark.requires_extra("tensorflow"),
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the package jax"),
]

ON_JAX = """
import sys
import jax
import numpy as np
import fsynth.warp

scene = np.load(sys.argv[1])
arrays = [scene[name] for name in ("image", "source", "dest")]
results = {}
for mode in ("exact", "coarse", "fixed"):
    def loss(image, source, dest):
        dest = arrays[2] if mode == "fixed" else dest
        warped, flow = fsynth.warp.sparse_image_warp(image, source, dest, mode=mode)
        return (warped ** 2).mean() + (flow ** 2).mean(), (warped, flow)
    gradients, outputs = jax.jit(jax.grad(loss, argnums=(0, 1, 2), has_aux=True))(*arrays)
    results[mode + "_warped"], results[mode + "_flow"] = outputs
    for name, gradient in zip(("image", "source", "dest"), gradients):
        results[f"{mode}_{name}"] = gradient
layer = fsynth.warp.SplineWarp(mode="coarse")
results["layer"] = layer(*arrays)
try:
    fsynth.warp.sparse_image_warp(arrays[0], arrays[1], arrays[2] * np.nan)
except fsynth.errors.ControlPointsError:
    results["refused"] = True
np.savez(sys.argv[2], **results)
"""


def test_jax_agrees_with_tensorflow_and_numpy(face_batch: Any, tmp_path: Path) -> None:
    import tensorflow as tf

    image, source, dest = face_batch(2, "float32")
    dest = dest[:1].repeat(2, 0)
    np.savez(tmp_path / "scene.npz", image=image, source=source, dest=dest)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    arguments = [sys.executable, "-c", ON_JAX, str(tmp_path / "scene.npz"), str(tmp_path / "results.npz")]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = np.load(tmp_path / "results.npz")
    assert results["refused"]
    for mode in ("exact", "coarse", "fixed"):
        warped, flow = fsynth.warp.numpy.sparse_image_warp(image, source, dest, mode=mode)
        np.testing.assert_allclose(results[f"{mode}_flow"], flow, rtol=0, atol=2e-4)
        np.testing.assert_allclose(results[f"{mode}_warped"], warped, rtol=0, atol=2e-4)
        tensors = [tf.constant(array) for array in (image, source, dest)]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            target = dest if mode == "fixed" else tensors[2]
            warped, flow = fsynth.warp.sparse_image_warp(*tensors[:2], target, mode=mode)
            total = tf.reduce_mean(warped**2) + tf.reduce_mean(flow**2)
        gradients = tape.gradient(total, tensors, unconnected_gradients="zero")
        for name, gradient in zip(("image", "source", "dest"), gradients, strict=True):
            difference = np.linalg.norm(results[f"{mode}_{name}"] - gradient)
            assert difference <= 1e-3 * np.linalg.norm(gradient), (mode, name)
    np.testing.assert_allclose(results["layer"], results["coarse_warped"], rtol=0, atol=2e-4)
