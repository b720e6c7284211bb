"""Opens the embedded networks in ONNX Runtime, each once."""

from __future__ import annotations

import functools
from importlib import resources

import onnxruntime


@functools.lru_cache
def session(name: str) -> onnxruntime.InferenceSession:
    """The ONNX Runtime session of the embedded network ``name``."""
    data = (resources.files("fsynth.networks") / "data" / f"{name}.onnx").read_bytes()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
