"""Normalized face to 3-D head: morphable models, their fit to landmarks, their texture, and mesh files.

    from fsynth_morphable import fit_shape, load, make_head, save_preview
    head = make_head(face.image, face.landmarks)    # everything at once
    head.save("me.glb")
    save_preview(head, "me.png")

    model = load("fsynth")                          # or step by step
    fit = fit_shape(model, face.landmarks)
    model.vertices(fit.identity, fit.expression)    # (N, 3), metres

Everything is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsynth_morphable.camera import Camera
    from fsynth_morphable.create import make_head
    from fsynth_morphable.errors import ArgumentError, HeadError, LandmarksError, ModelFileError, OutputError
    from fsynth_morphable.head import Head
    from fsynth_morphable.model import LandmarkPoints, MorphableModel
    from fsynth_morphable.models import available, load
    from fsynth_morphable.preview import save_preview
    from fsynth_morphable.shape_fit import ShapeFit, fit_shape

__all__ = [
    "ArgumentError",
    "Camera",
    "Head",
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
    "make_head",
    "save_preview",
]

_MODULES = {
    "camera": ("Camera",),
    "create": ("make_head",),
    "errors": ("ArgumentError", "HeadError", "LandmarksError", "ModelFileError", "OutputError"),
    "head": ("Head",),
    "model": ("LandmarkPoints", "MorphableModel"),
    "models": ("available", "load"),
    "preview": ("save_preview",),
    "shape_fit": ("ShapeFit", "fit_shape"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'fsynth_morphable' has no attribute {name!r}")
    return getattr(importlib.import_module(f"fsynth_morphable.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
