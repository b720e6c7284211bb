"""fsynth: a photograph of a person in, their normalized face out.

    import fsynth
    normalizer = fsynth.load()
    face = normalizer("photo.jpg")
    face.image          # (224, 224, 3) uint8: frontal, neutral, evenly lit

Everything is imported when it is first used, so that ``import fsynth`` takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from fsynth.version import __version__

if TYPE_CHECKING:
    from fsynth.engines import Decoded
    from fsynth.errors import (
        ArgumentError,
        ControlPointsError,
        EngineError,
        FsynthError,
        NoFaceError,
        PhotoError,
        WeightsError,
    )
    from fsynth.faces import AlignedFace, Face, align, find_faces, read_photo
    from fsynth.normalizer import NormalizedFace, Normalizer, load

__all__ = [
    "AlignedFace",
    "ArgumentError",
    "ControlPointsError",
    "Decoded",
    "EngineError",
    "Face",
    "FsynthError",
    "NoFaceError",
    "NormalizedFace",
    "Normalizer",
    "PhotoError",
    "WeightsError",
    "__version__",
    "align",
    "find_faces",
    "load",
    "read_photo",
]

_MODULES = {
    "engines": ("Decoded",),
    "errors": (
        "ArgumentError",
        "ControlPointsError",
        "EngineError",
        "FsynthError",
        "NoFaceError",
        "PhotoError",
        "WeightsError",
    ),
    "faces": ("AlignedFace", "Face", "align", "find_faces", "read_photo"),
    "normalizer": ("NormalizedFace", "Normalizer", "load"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'fsynth' has no attribute {name!r}")
    return getattr(importlib.import_module(f"fsynth.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
