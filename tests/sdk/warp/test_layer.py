"""The warp as a Keras layer: in models, saved and loaded, and where it refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fsynth.warp
import fsynth.warp.numpy
from fsynth.errors import ArgumentError, ControlPointsError

pytestmark = pytest.mark.requires_extra("tensorflow")

Array = np.ndarray[Any, np.dtype[Any]]


@pytest.fixture(scope="module")
def keras() -> Any:
    import keras as module

    return module


@pytest.fixture
def scene() -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(0)
    dest = np.array([[10.0, 8.0], [22.0, 9.0], [15.0, 16.0], [12.0, 21.0]], np.float32)[None].repeat(2, 0)
    source = dest + rng.normal(size=dest.shape).astype(np.float32)
    return rng.uniform(size=(2, 28, 32, 3)).astype(np.float32), source, dest


def options_of(mode: str, dest: Array) -> dict[str, Any]:
    return {"mode": mode, "destination": dest[0]} if mode == "fixed" else {"mode": mode}


def test_config_round_trip(scene: Any) -> None:
    layer = fsynth.warp.SplineWarp(
        mode="fixed", destination=scene[2][0], order=2, regularization=0.5, boundary_points=4, stride=2,
        jit_compile=False, return_flow=True, name="warp", dtype="float64",
    )  # fmt: skip
    config = layer.get_config()
    again = fsynth.warp.SplineWarp.from_config(config)
    assert again.get_config() == config
    np.testing.assert_array_equal(again.destination, scene[2][0])
    image, source, _ = (array.astype(np.float64) for array in scene)
    np.testing.assert_array_equal(again(image, source)[1], layer(image, source)[1])


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("mode", ["exact", "coarse", "fixed"])
def test_layer_is_the_function(scene: Any, mode: str, jit_compile: bool) -> None:
    image, source, dest = scene
    layer = fsynth.warp.SplineWarp(**options_of(mode, dest), jit_compile=jit_compile, return_flow=True)
    inputs = (image, source) if mode == "fixed" else (image, source, dest)
    expected = fsynth.warp.numpy.sparse_image_warp(image, source, dest, mode=mode)
    for one, other in zip(layer(*inputs), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=5e-5)
    assert not layer.trainable_weights


@pytest.mark.parametrize("mode", ["exact", "coarse", "fixed"])
def test_a_model_with_it_is_saved_and_loaded(keras: Any, scene: Any, mode: str, tmp_path: Path) -> None:
    dest = scene[2]
    texture, start, end = keras.Input((28, 32, 3)), keras.Input((4, 2)), keras.Input((4, 2))
    inputs = [texture, start] if mode == "fixed" else [texture, start, end]
    model = keras.Model(inputs, fsynth.warp.SplineWarp(**options_of(mode, dest))(*inputs))
    assert model.output_shape == (None, 28, 32, 3)
    arrays = scene[: len(inputs)]
    before = model(arrays)
    model.save(tmp_path / "model.keras")
    after = keras.models.load_model(tmp_path / "model.keras")(arrays)
    np.testing.assert_array_equal(after, before)
    np.testing.assert_allclose(before, fsynth.warp.numpy.sparse_image_warp(*scene, mode=mode)[0], rtol=0, atol=5e-5)
    model.save_weights(tmp_path / "model.weights.h5")
    assert (tmp_path / "model.weights.h5").stat().st_size < 20_000  # the matrix of mode "fixed" is not saved
    model.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(model(arrays), before)


@pytest.mark.parametrize("mode", ["exact", "fixed"])
def test_gradients_pass_through_the_compiled_layer(scene: Any, mode: str) -> None:
    import tensorflow as tf

    image, source, dest = (tf.constant(array) for array in scene)
    results = []
    for jit_compile in (False, True):
        layer = fsynth.warp.SplineWarp(**options_of(mode, scene[2]), jit_compile=jit_compile)
        inputs = (image, source) if mode == "fixed" else (image, source, dest)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(layer(*inputs) ** 2)
        results.append(tape.gradient(total, inputs))
    for plain, compiled in zip(*results, strict=True):
        assert np.abs(plain).max() > 0
        np.testing.assert_allclose(compiled, plain, rtol=1e-3, atol=1e-3)


def test_mixed_precision_keeps_coordinates_in_float32(scene: Any) -> None:
    image, source, dest = scene
    layer = fsynth.warp.SplineWarp(dtype="mixed_bfloat16", return_flow=True)
    warped, flow = layer(image, source, dest)
    assert warped.dtype == flow.dtype == "float32"
    np.testing.assert_allclose(flow, fsynth.warp.numpy.sparse_image_warp(*scene)[1], rtol=0, atol=5e-5)


def test_fixed_is_refused_elsewhere(keras: Any, scene: Any) -> None:
    image, source, dest = scene
    layer = fsynth.warp.SplineWarp(mode="fixed", destination=dest[0])
    with pytest.raises(ControlPointsError, match="`dest` was passed to a SplineWarp of mode 'fixed'"):
        layer(image, source, dest)
    layer(image, source)
    with pytest.raises(ArgumentError, match=r"`image` must have shape \(B, 28, 32, C\), got \(2, 28, 30, 3\)"):
        layer(image[:, :, :30], source)
    with pytest.raises(ArgumentError, match=r"`source` must have shape \(B, 4, 2\)"):
        layer(image, source[:, :3])
    with pytest.raises(ArgumentError, match="known height and width"):
        fsynth.warp.SplineWarp(mode="fixed", destination=dest[0])(keras.Input((None, None, 3)), keras.Input((4, 2)))


def test_bad_options_are_named(scene: Any) -> None:
    image, source, dest = scene
    with pytest.raises(ArgumentError, match="`destination` is needed in mode 'fixed'"):
        fsynth.warp.SplineWarp(mode="fixed")
    with pytest.raises(ArgumentError, match="`destination` is for mode 'fixed' alone"):
        fsynth.warp.SplineWarp(destination=dest[0])
    with pytest.raises(ArgumentError, match=r"`destination` must have shape \(N, 2\)"):
        fsynth.warp.SplineWarp(mode="fixed", destination=dest)
    with pytest.raises(ArgumentError, match="`dest` is needed in mode 'exact'"):
        fsynth.warp.SplineWarp()(image, source)
    with pytest.raises(ControlPointsError, match="`destination`: control points 0 and 1 of sample 0 coincide"):
        fsynth.warp.SplineWarp(mode="fixed", destination=dest[0][[0, 0, 1, 2]])(image, source)
