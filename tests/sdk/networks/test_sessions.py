from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest

from fsynth import networks
from fsynth.errors import ArgumentError, EngineError, WeightsError
from fsynth.networks import sessions

SIZES = {"blazeface": 256, "facemesh": 192, "faceres": 224, "dlib_resnet": 150}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_input_is_an_image_with_dynamic_batch(name: str, size: int) -> None:
    (image,) = networks.session(name).get_inputs()
    assert (image.name, image.shape[1:], image.type) == ("image", [size, size, 3], "tensor(float)")
    assert isinstance(image.shape[0], str)


@pytest.mark.parametrize("name", SIZES)
def test_batch_answers_like_its_images_one_by_one(name: str) -> None:
    session = networks.session(name)
    image = np.random.default_rng(0).uniform(-1, 1, (3, SIZES[name], SIZES[name], 3)).astype(np.float32)
    together = session.run(None, {"image": image})
    alone = [session.run(None, {"image": part[None]}) for part in image]
    for index, (output, values) in enumerate(zip(session.get_outputs(), together, strict=True)):
        assert list(values.shape[1:]) == output.shape[1:]
        np.testing.assert_allclose(values, np.concatenate([one[index] for one in alone]), rtol=1e-5, atol=1e-4)


def test_session_is_opened_once_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def slow_open(data: bytes, **options: object) -> object:
        time.sleep(0.05)
        opened.append(options)
        return object()

    monkeypatch.setattr(sessions, "_opened", {})
    monkeypatch.setattr(sessions, "open_session", slow_open)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: networks.session("blazeface"), range(16)))
    assert len(opened) == 1
    assert all(session is found[0] for session in found)
    assert networks.session("blazeface", threads=1) is not found[0]


def test_session_runs_in_several_threads() -> None:
    images = np.random.default_rng(0).uniform(0, 1, (8, 1, 192, 192, 3)).astype(np.float32)
    session = networks.session("facemesh")
    expected = [session.run(["landmarks"], {"image": image})[0] for image in images]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda image: session.run(["landmarks"], {"image": image})[0], images))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_threads_do_not_spin_between_calls() -> None:
    options = networks.session("blazeface", threads=2).get_session_options()
    assert options.intra_op_num_threads == 2
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_a_process_may_limit_the_threads_of_all_its_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_most_threads", None)
    networks.limit_threads(1)
    data = networks.read_network("blazeface")
    assert networks.open_session(data).get_session_options().intra_op_num_threads == 1
    assert networks.open_session(data, threads=2).get_session_options().intra_op_num_threads == 2
    with pytest.raises(ArgumentError, match="`threads` must be at least 1"):
        networks.limit_threads(0)


@pytest.mark.parametrize("device", ["gpu", "", "CPUExecutionProvider"])
def test_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(ArgumentError, match="one of cpu, cuda, dml, coreml"):
        networks.session("blazeface", device=device)


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_are_refused(threads: int) -> None:
    with pytest.raises(ArgumentError, match="`threads` must be at least 1"):
        networks.session("blazeface", threads=threads)


@pytest.mark.parametrize(
    ("device", "provider"),
    [("cuda", "CUDAExecutionProvider"), ("dml", "DmlExecutionProvider"), ("coreml", "CoreMLExecutionProvider")],
)
def test_devices_come_before_the_cpu(device: str, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [provider, "CPUExecutionProvider"])
    assert networks.execution_providers(device) == [provider, "CPUExecutionProvider"]
    assert networks.execution_providers("cpu") == ["CPUExecutionProvider"]


@pytest.mark.parametrize("device", ["cuda", "dml", "coreml"])
def test_missing_device_is_an_engine_error(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineError, match=f"'{device}' is not available.*CPUExecutionProvider.*onnxruntime"):
        networks.session("blazeface", device=device)


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this ONNX Runtime has CUDA"
)
@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_device_that_does_not_start_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the CUDA build of ONNX Runtime is installed and there is no driver."""
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    with pytest.raises(EngineError, match="cannot run the model on the device 'cuda'"):
        networks.open_session(networks.read_network("blazeface"), device="cuda")


@pytest.mark.parametrize("data", [b"", b"no model"])
def test_data_that_is_no_model_is_a_weights_error(data: bytes) -> None:
    with pytest.raises(WeightsError, match="no ONNX model"):
        networks.open_session(data)


def test_import_is_light() -> None:
    code = "import fsynth.networks, fsynth.encoder, sys; print({'onnx', 'keras', 'scipy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"
