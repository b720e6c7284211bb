"""The third-party networks that ship with fsynth, opened in ONNX Runtime."""

from fsynth.networks.sessions import session

__all__ = ["session"]
