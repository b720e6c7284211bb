"""Normalized face to 3-D head: morphable models, their fit to landmarks, their texture, and mesh files.

    from fsynth_morphable import fit_shape, load
    model = load("fsynth")
    fit = fit_shape(model, face.landmarks)
    model.vertices(fit.identity, fit.expression)    # (N, 3), metres

Everything is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsynth_morphable.camera import Camera
    from fsynth_morphable.errors import ArgumentError, HeadError, LandmarksError, ModelFileError, OutputError
    from fsynth_morphable.model import LandmarkPoints, MorphableModel
    from fsynth_morphable.models import available, load
    from fsynth_morphable.shape_fit import ShapeFit, fit_shape

__all__ = [
    "ArgumentError",
    "Camera",
    "HeadError",
    "LandmarkPoints",
    "LandmarksError",
    "ModelFileError",
    "MorphableModel",
    "OutputError",
    "ShapeFit",
    "available",
    "fit_shape",
    "load",
]

_MODULES = {
    "camera": ("Camera",),
    "errors": ("ArgumentError", "HeadError", "LandmarksError", "ModelFileError", "OutputError"),
    "model": ("LandmarkPoints", "MorphableModel"),
    "models": ("available", "load"),
    "shape_fit": ("ShapeFit", "fit_shape"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'fsynth_morphable' has no attribute {name!r}")
    return getattr(importlib.import_module(f"fsynth_morphable.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
