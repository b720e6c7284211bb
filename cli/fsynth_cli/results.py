"""What ``fsynth normalize`` writes for a face: names of the files, and their content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from fsynth.version import __version__

if TYPE_CHECKING:
    from fsynth import NormalizedFace
    from fsynth_cli.outputs import Outputs

GAP = 8
"""Pixels between the two faces of a side-by-side picture."""


def result_paths(stem: Path, number: int, kinds: list[str]) -> dict[str, Path]:
    """The files for face ``number`` (from 1) of the photo whose results begin with ``stem``, by kind."""
    face = "" if number == 1 else f".face{number}"
    return {kind: stem.with_name(f"{stem.name}{face}.{suffix(kind)}") for kind in kinds}


def suffix(kind: str) -> str:
    """How the files of ``kind`` end."""
    return "landmarks.json" if kind == "landmarks" else f"{kind}.png"


def write_results(outputs: Outputs, paths: dict[str, Path], face: NormalizedFace, photo: Path, number: int) -> None:
    """Write the files ``paths`` (by kind) for ``face``, which is face ``number`` of ``photo``."""
    for kind, path in paths.items():
        with outputs.open(path) as stream:
            if kind == "landmarks":
                stream.write(json.dumps(landmarks_record(face, photo, number)).encode())
            else:
                Image.fromarray(_picture(kind, face)).save(stream, "PNG")


def _picture(kind: str, face: NormalizedFace) -> np.ndarray:
    if kind == "side-by-side":
        return side_by_side(face)
    return {"normalized": face.image, "texture": face.texture}[kind]


def side_by_side(face: NormalizedFace) -> np.ndarray:
    """The aligned face on the left and the normalized one on the right, (224, 448 + GAP, 3) uint8."""
    assert face.aligned is not None
    left, right = face.aligned.image, face.image
    gap = np.full((left.shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def landmarks_record(face: NormalizedFace, photo: Path, number: int) -> dict[str, Any]:
    """The content of the landmarks file. Points are (x, y) in pixels, pixel centres on integers."""
    assert face.aligned is not None
    height, width = face.image.shape[:2]
    aligned = face.aligned
    return {
        "fsynth": __version__,
        "photo": photo.name,
        "face": number,
        "convention": "points are [x, y] in pixels, origin top left, pixel centres on integers",
        "normalized": {"size": [width, height], "landmarks": _rounded(face.landmarks)},
        "aligned": {"landmarks": _rounded(aligned.landmarks), "photo_to_aligned": _rounded(aligned.transform, 6)},
        "detected": {
            "box": _rounded(aligned.face.box),
            "score": round(float(aligned.face.score), 4),
            "landmarks": _rounded(aligned.to_photo(aligned.landmarks)),
        },
    }


def _rounded(values: np.ndarray, digits: int = 3) -> list[Any]:
    return list(np.round(np.asarray(values, np.float64), digits).tolist())
