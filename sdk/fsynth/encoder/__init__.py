"""Identity features of faces: a face in, a vector that tells people apart out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from fsynth.errors import ArgumentError

if TYPE_CHECKING:
    from fsynth.encoder.both_sides import encode_both_sides
    from fsynth.encoder.dlib_resnet import DlibResNet
    from fsynth.encoder.encoder import Encoder
    from fsynth.encoder.faceres import FaceRes

__all__ = ["NAMES", "DlibResNet", "Encoder", "FaceRes", "encode_both_sides", "load"]

NAMES = ("faceres", "dlib")
"""What ``load`` takes: the encoders that ship with fsynth."""

_MODULES = {
    "DlibResNet": "dlib_resnet",
    "Encoder": "encoder",
    "FaceRes": "faceres",
    "encode_both_sides": "both_sides",
}


def load(name: str = "faceres", *, device: str = "cpu") -> Encoder:
    """An encoder that ships with fsynth.

    Args:
        name: ``"faceres"`` (the default encoder, 1024-D) or ``"dlib"`` (128-D).
        device: where its ONNX form runs, see ``fsynth.networks.session``.

    Raises:
        ArgumentError: there is no encoder of this name.
        EngineError: this machine does not have the device.
    """
    if name == "faceres":
        from fsynth.encoder.faceres import FaceRes

        return FaceRes(device=device)
    if name == "dlib":
        from fsynth.encoder.dlib_resnet import DlibResNet

        return DlibResNet(device=device)
    raise ArgumentError(f"There is no encoder {name!r}: `name` is {' or '.join(map(repr, NAMES))}.")


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"fsynth.encoder.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
