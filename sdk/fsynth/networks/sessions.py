"""Opens the embedded networks in ONNX Runtime, each once."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from importlib import resources
from typing import Any

import onnxruntime

from fsynth.errors import ArgumentError, EngineError, WeightsError

_DATA = resources.files("fsynth.networks") / "data"
_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "dml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
_INSTALL = {
    "cuda": "It needs an NVIDIA driver and: pip install onnxruntime-gpu",
    "dml": "It needs Windows and: pip install onnxruntime-directml",
    "coreml": "It needs macOS, where onnxruntime has it built in.",
}
_opened: dict[tuple[str, str, int | None], onnxruntime.InferenceSession] = {}
_opening = threading.Lock()


@functools.cache
def network_cards() -> dict[str, dict[str, Any]]:
    """What is known of each embedded network, by name: sha256, bytes, what it is, source, licence."""
    try:
        cards = json.loads((_DATA / "networks.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            "fsynth/networks/data/networks.json is missing or damaged. Install fsynth again: "
            "pip install --force-reinstall fsynth"
        ) from error
    return dict(cards["networks"])


def read_network(name: str) -> bytes:
    """The ONNX file of the embedded network ``name``, its sha256 verified.

    Raises:
        ArgumentError: there is no such network.
        WeightsError: the file is missing or damaged.
    """
    cards = network_cards()
    if name not in cards:
        raise ArgumentError(f"There is no embedded network {name!r}: `name` is one of {', '.join(sorted(cards))}.")
    again = "Install fsynth again: pip install --force-reinstall fsynth"
    try:
        data = (_DATA / f"{name}.onnx").read_bytes()
    except OSError as error:
        raise WeightsError(f"fsynth/networks/data/{name}.onnx is missing. {again}") from error
    if hashlib.sha256(data).hexdigest() != cards[name]["sha256"]:
        raise WeightsError(f"fsynth/networks/data/{name}.onnx is damaged (its sha256 differs). {again}")
    return data


def execution_providers(device: str) -> list[str]:
    """ONNX Runtime's providers for ``device``, best first; what a GPU cannot run falls to the CPU.

    Raises:
        ArgumentError: ``device`` is not one of "cpu", "cuda", "dml", "coreml".
        EngineError: the installed ONNX Runtime does not have it.
    """
    if device not in _PROVIDERS:
        raise ArgumentError(f"There is no device {device!r}: `device` is one of {', '.join(_PROVIDERS)}.")
    provider = _PROVIDERS[device]
    available = onnxruntime.get_available_providers()
    if provider not in available:
        raise EngineError(
            f"The device {device!r} is not available: the installed ONNX Runtime has {', '.join(available)}. "
            f"{_INSTALL.get(device, '')}".rstrip()
        )
    return [provider] if device == "cpu" else [provider, _PROVIDERS["cpu"]]


def open_session(data: bytes, *, device: str = "cpu", threads: int | None = None) -> onnxruntime.InferenceSession:
    """Open an ONNX model.

    Args:
        data: the ONNX file.
        device: "cpu", "cuda" (NVIDIA), "dml" (Windows) or "coreml" (macOS).
        threads: CPU threads for one operation; None lets ONNX Runtime take one for each physical core.

    Raises:
        ArgumentError, EngineError: as ``execution_providers``; EngineError also if the device does not start.
    """
    if threads is not None and threads < 1:
        raise ArgumentError(f"`threads` must be at least 1 and is {threads}.")
    providers = execution_providers(device)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    # Idle threads that spin take the CPU from the photo decoder, Blender or a training run beside us.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(data, options, providers=providers)
    if providers[0] not in session.get_providers():
        raise EngineError(f"The device {device!r} does not start. {_INSTALL.get(device, '')}".rstrip())
    return session


def session(name: str, *, device: str = "cpu", threads: int | None = None) -> onnxruntime.InferenceSession:
    """The session of the embedded network ``name``, opened once for each device and number of threads.

    Safe to call, and the session to run, from several threads. Arguments and errors as in ``open_session``
    and ``read_network``.
    """
    key = (name, device, threads)
    with _opening:
        if key not in _opened:
            _opened[key] = open_session(read_network(name), device=device, threads=threads)
        return _opened[key]
