"""Opens the embedded networks in ONNX Runtime, each once."""

from __future__ import annotations

import threading

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from fsynth.errors import ArgumentError, EngineError, WeightsError
from fsynth.networks.files import read_network

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
_most_threads: int | None = None


def limit_threads(threads: int) -> None:
    """Give every session of this process that is opened from now on at most so many CPU threads, unless it asks itself.

    For processes that share the work, one thread each.

    Raises:
        ArgumentError: ``threads`` is below 1.
    """
    global _most_threads
    if threads < 1:
        raise ArgumentError(f"`threads` must be at least 1 and is {threads}.")
    _most_threads = threads


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
        threads: CPU threads for one operation; None lets ONNX Runtime take one for each physical core, or what
            ``limit_threads`` allows.

    Raises:
        ArgumentError: ``device`` or ``threads`` is none.
        EngineError: the installed ONNX Runtime does not have the device, or it does not start.
        WeightsError: ``data`` is no ONNX model, or of a version that this ONNX Runtime does not read.
    """
    if threads is not None and threads < 1:
        raise ArgumentError(f"`threads` must be at least 1 and is {threads}.")
    providers = execution_providers(device)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    threads = threads or _most_threads
    if threads is not None:
        options.intra_op_num_threads = threads
    # Idle threads that spin take the CPU from the photo decoder, Blender or a training run beside us.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    unavailable = f"ONNX Runtime cannot run the model on the device {device!r}. {_INSTALL.get(device, '')}".rstrip()
    try:
        # Falling back to the CPU in silence is not what was asked for.
        session = onnxruntime.InferenceSession(data, options, providers=providers, enable_fallback=0)
    except (failures.InvalidArgument, failures.InvalidGraph, failures.InvalidProtobuf, failures.NoModel) as error:
        raise WeightsError(f"The data is no ONNX model that ONNX Runtime {onnxruntime.__version__} reads.") from error
    except (failures.EPFail, failures.Fail, failures.NotImplemented, failures.RuntimeException, RuntimeError) as error:
        raise EngineError(unavailable) from error
    if providers[0] not in session.get_providers():
        raise EngineError(unavailable)
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
