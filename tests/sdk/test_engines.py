from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.sdk.decoder.small import features, make

import fsynth
from fsynth.decoder.weights_file import DEFAULT
from fsynth.errors import ArgumentError, EngineError, WeightsError

ENGINES = ["onnx", pytest.param("tensorflow", marks=pytest.mark.requires_extra("tensorflow"))]
needs_tensorflow = pytest.mark.requires_extra("tensorflow")


def test_unknown_engine() -> None:
    with pytest.raises(ArgumentError, match="no engine 'torch': `engine` is 'onnx' or 'tensorflow'"):
        fsynth.load(engine="torch")


@pytest.mark.parametrize("engine", ENGINES)
def test_unknown_device(engine: str) -> None:
    with pytest.raises(ArgumentError, match=r"no device 'quantum'.*`device` is"):
        fsynth.load(engine=engine, device="quantum")


@pytest.mark.parametrize("device", ["cuda", "dml", "coreml"])
def test_absent_gpu_on_onnx_runtime(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineError, match=rf"The device '{device}' is not available: .* needs "):
        fsynth.load(device=device)


@needs_tensorflow
def test_absent_gpu_on_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    with pytest.raises(EngineError, match="The device 'cuda' is not available: TensorFlow sees no GPU"):
        fsynth.load(engine="tensorflow", device="cuda")


@pytest.mark.parametrize("package", ["tensorflow", "keras"])
def test_missing_package_comes_with_its_install_line(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EngineError, match=r'is missing\. Install them: pip install "fsynth\[tensorflow\]"'):
        fsynth.load(engine="tensorflow")


@needs_tensorflow
def test_keras_on_another_backend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(EngineError, match="Keras runs on jax: set the environment variable KERAS_BACKEND=tensorflow"):
        fsynth.load(engine="tensorflow")


def copy_of_default(folder: Path) -> Path:
    for file in (DEFAULT, DEFAULT.with_name("default.onnx.sha256")):
        shutil.copy(file, folder)
    return folder / "default.onnx"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("damage", ["flipped", "truncated", "emptied"])
def test_damaged_weights_are_refused(engine: str, damage: str, tmp_path: Path) -> None:
    path = copy_of_default(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes({"flipped": data, "truncated": data[: len(data) // 2], "emptied": b""}[damage])

    with pytest.raises(WeightsError, match=r"default\.onnx is damaged: its sha256"):
        fsynth.load(path, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("content", [b"", b"half an hour of notes", "truncated"])
def test_what_is_no_model_is_refused_without_a_sha256(engine: str, content: bytes | str, tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(DEFAULT.read_bytes()[:100_000] if isinstance(content, str) else content)

    with pytest.raises(WeightsError, match=r"mine\.onnx"):
        fsynth.load(path, engine=engine)


def test_default_weights_need_their_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copy_of_default(tmp_path)
    path.with_name("default.onnx.sha256").unlink()
    monkeypatch.setattr("fsynth.decoder.weights_file.DEFAULT", path)

    with pytest.raises(WeightsError, match=r"default\.onnx\.sha256 is missing"):
        fsynth.load()


@needs_tensorflow
@pytest.mark.parametrize("engine", ENGINES)
def test_weights_for_other_features_decode_and_explain_that_photos_do_not_go(
    engine: str, astronaut: Path, tmp_path: Path
) -> None:
    from fsynth.decoder import onnx_form

    path = tmp_path / "other.onnx"
    onnx_form.save(make("dense", feature_width=128), path, encoder=None, name="other")
    normalizer = fsynth.load(path, engine=engine)

    decoded = normalizer.decode(features(3, 128))

    assert decoded.images.shape == (3, 32, 32, 3)
    assert decoded.landmarks.shape == (3, 5, 2)
    for call in (
        lambda: normalizer(astronaut),
        lambda: normalizer.all(astronaut),
        lambda: normalizer.stream([astronaut]),
        lambda: normalizer.engine.encode(np.zeros((1, 224, 224, 3), np.uint8)),
    ):
        with pytest.raises(ArgumentError, match="'other' take 128 features of a network that is not part of fsynth"):
            call()


@needs_tensorflow
@pytest.mark.parametrize("engine", ENGINES)
def test_weights_that_do_not_fit_their_encoder_are_refused(engine: str, tmp_path: Path) -> None:
    from fsynth.decoder import onnx_form

    path = tmp_path / "wrong.onnx"
    onnx_form.save(make("dense", feature_width=128), path, encoder="faceres", name="wrong")

    with pytest.raises(
        WeightsError, match="'wrong' take 128 features, and the encoder that they name, 'faceres', gives"
    ):
        fsynth.load(path, engine=engine)


@needs_tensorflow
@pytest.mark.parametrize("engine", ENGINES)
def test_the_second_encoder_fits_its_own_weights(engine: str, astronaut: Path, tmp_path: Path) -> None:
    from fsynth.decoder import onnx_form

    path = tmp_path / "dlib.onnx"
    onnx_form.save(make("dense", feature_width=128), path, encoder="dlib", name="dlib")

    face = fsynth.load(path, engine=engine)(astronaut)

    assert face.features.shape == (128,)
    assert face.image.shape == (32, 32, 3)


@needs_tensorflow
def test_threads_share_the_tensorflow_engine(tmp_path: Path) -> None:
    from fsynth.decoder import onnx_form

    path = tmp_path / "small.onnx"
    onnx_form.save(make("cnn"), path, encoder=None, name="small")
    normalizer = fsynth.load(path, engine="tensorflow")
    batches = [features(count) for count in (1, 2, 3, 4)]
    alone = [normalizer.decode(batch) for batch in batches]

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(normalizer.decode, batches * 5))

    for one, other in zip(alone * 5, together, strict=True):
        np.testing.assert_allclose(one.images, other.images, atol=1e-6)
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=1e-5)
