"""From a photograph to aligned faces: read, find, mesh, align."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsynth.faces.alignment import ALIGNED_SIZE, EYE_TARGETS, INTEROCULAR, AlignedFace, align
    from fsynth.faces.face import Face
    from fsynth.faces.find import find_faces
    from fsynth.faces.landmarks import INNER_LIPS_65, LANDMARKS_65, MIRROR_65, eye_centres, five_points
    from fsynth.faces.photo import Photo, read_photo
    from fsynth.faces.similarity import apply_transform, fit_similarity, invert_transform

__all__ = [
    "ALIGNED_SIZE",
    "EYE_TARGETS",
    "INNER_LIPS_65",
    "INTEROCULAR",
    "LANDMARKS_65",
    "MIRROR_65",
    "AlignedFace",
    "Face",
    "Photo",
    "align",
    "apply_transform",
    "eye_centres",
    "find_faces",
    "fit_similarity",
    "five_points",
    "invert_transform",
    "read_photo",
]

# No module is called like a name exported here: importing it would put the module in the name's place.
_MODULES = {
    "alignment": ("ALIGNED_SIZE", "EYE_TARGETS", "INTEROCULAR", "AlignedFace", "align"),
    "face": ("Face",),
    "find": ("find_faces",),
    "landmarks": ("INNER_LIPS_65", "LANDMARKS_65", "MIRROR_65", "eye_centres", "five_points"),
    "photo": ("Photo", "read_photo"),
    "similarity": ("apply_transform", "fit_similarity", "invert_transform"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
