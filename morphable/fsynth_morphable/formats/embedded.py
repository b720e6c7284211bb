"""fsynth's own files: the embedded head, and models added by the user.

An .npz archive of plain arrays, never pickles: see ``data/README.md``. Metres, Y up, the face along +Z. Modes are whole
numbers times a unit for each mode (``identity_unit`` and so on), or floats where there is no unit.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import uuid
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from fsynth_morphable.errors import ArgumentError, ModelFileError, OutputError
from fsynth_morphable.model import SHAPES, LandmarkPoints, MorphableModel
from fsynth_morphable.subdivision import Subdivision

FORMAT = "fsynth head"
VERSION = 1

Arrays = dict[str, np.ndarray]


def read(path: Path) -> MorphableModel:
    """Read a model.

    Raises:
        ModelFileError: the file is damaged, or something else, or of a newer version.
    """
    return from_arrays(path, read_arrays(path))


def read_arrays(path: Path) -> Arrays:
    """All arrays of the archive. A checksum beside it (``.sha256``) must agree.

    Raises:
        ModelFileError: as ``read``.
    """
    try:
        content = path.read_bytes()
        checksum = path.with_name(f"{path.name}.sha256")
        expected = checksum.read_text(encoding="ascii").split()[:1] if checksum.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path} can't be read ({error}).") from error
    if expected is not None and expected != [hashlib.sha256(content).hexdigest()]:
        raise ModelFileError(f"{path} is damaged: its sha256 is not the one in {checksum.name}. Install it again.")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError, OSError, AttributeError) as error:
        raise ModelFileError(f"{path} is truncated, or no .npz archive of plain arrays.") from error


def from_arrays(path: Path, arrays: Arrays) -> MorphableModel:
    """The model that the arrays of ``read_arrays`` are.

    Raises:
        ModelFileError: as ``read``.
    """
    info = _info(path, arrays)
    try:
        polygons = arrays["polygons"].astype(np.int32)
        uvs, uv_polygons = arrays.get("uvs"), arrays.get("uv_polygons")
        polygon_part = arrays["polygon_part"].astype(np.int32)
        levels = int(info["subdivision_levels"])
        subdivision = None
        if levels:
            subdivision = Subdivision.catmull_clark(polygons, len(arrays["mean"]), levels)
            polygons, polygon_part = subdivision.polygons, polygon_part[subdivision.parents]
            if uvs is not None and uv_polygons is not None:
                flat = Subdivision.catmull_clark(uv_polygons.astype(np.int32), len(uvs), levels, smooth_border=False)
                uvs, uv_polygons = flat.apply(uvs.astype(np.float32)), flat.polygons
        landmarks = None
        if "landmark_vertices" in arrays:
            weights = arrays["landmark_weights"].astype(np.float64)
            vertices = arrays["landmark_vertices"].astype(np.int32)
            landmarks = LandmarkPoints(vertices, weights / weights.sum(axis=1, keepdims=True))
        low, high = info.get("expression_range", SHAPES)
        return MorphableModel(
            name=str(info["name"]),
            licence=str(info["licence"]),
            source=str(info["source"]),
            mean=arrays["mean"].astype(np.float32),
            identity=_modes(arrays, "identity"),
            expression=_modes(arrays, "expression"),
            expression_names=tuple(info["expression_names"]),
            expression_range=(float(low), float(high)),
            polygons=polygons,
            part_names=tuple(info["part_names"]),
            polygon_part=polygon_part,
            uvs=None if uvs is None else uvs.astype(np.float32),
            uv_polygons=None if uv_polygons is None else uv_polygons.astype(np.int32),
            texture=arrays.get("texture"),
            colour_mean=_colours(arrays),
            colour_basis=_modes(arrays, "colour_basis", "colour_unit") if "colour_basis" in arrays else None,
            landmarks=landmarks,
            subdivision=subdivision,
        )
    except KeyError as error:
        raise ModelFileError(f"{path} is incomplete: it has no {error}.") from error
    except (ArgumentError, ValueError, TypeError, IndexError) as error:
        raise ModelFileError(f"{path} is damaged: {error}") from error


def to_arrays(model: MorphableModel) -> Arrays:
    """The arrays of a model without subdivision, in full precision; its landmarks as ``landmark_arrays``.

    Raises:
        ArgumentError: the model has a subdivision, whose control polygons it does not know.
    """
    if model.subdivision is not None:
        raise ArgumentError(f"The model {model.name} is subdivided; only its file can be copied.")
    info = {
        "format": FORMAT,
        "version": VERSION,
        "name": model.name,
        "licence": model.licence,
        "source": model.source,
        "expression_names": model.expression_names,
        "expression_range": model.expression_range,
        "part_names": model.part_names,
        "subdivision_levels": 0,
    }
    arrays = {
        "info": np.frombuffer(json.dumps(info).encode(), np.uint8),
        "mean": model.mean,
        "identity": model.identity,
        "expression": model.expression,
        "polygons": model.polygons,
        "polygon_part": model.polygon_part,
    }
    optional = {
        "uvs": model.uvs,
        "uv_polygons": model.uv_polygons,
        "texture": model.texture,
        "colour_mean": model.colour_mean,
        "colour_basis": model.colour_basis,
    }
    return arrays | {name: array for name, array in optional.items() if array is not None}


def landmark_arrays(landmarks: LandmarkPoints) -> Arrays:
    """How an archive has landmarks."""
    return {"landmark_vertices": landmarks.vertices, "landmark_weights": landmarks.weights}


def renamed(arrays: Arrays, name: str) -> Arrays:
    """The same arrays with another name in their ``info``."""
    info = json.loads(arrays["info"].tobytes()) | {"name": name}
    return arrays | {"info": np.frombuffer(json.dumps(info).encode(), np.uint8)}


def write_arrays(arrays: Arrays, path: Path) -> None:
    """Write an archive, whole or not at all.

    Raises:
        OutputError: the folder can't be written to.
    """
    beside = path.with_name(f".fsynth-{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("xb") as stream:
                # Not compressed: floats hardly shrink, and large models load ten times as fast.
                np.savez(stream, **arrays)  # type: ignore[arg-type]
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} can't be written ({error.strerror or error}).") from error


def _info(path: Path, arrays: Arrays) -> dict[str, Any]:
    try:
        info = json.loads(arrays["info"].tobytes())
        recognised = info["format"] == FORMAT
        version = int(info["version"])
    except (KeyError, ValueError, TypeError) as error:
        raise ModelFileError(f"{path} is no model of fsynth's: it does not say so in `info`.") from error
    if not recognised:
        raise ModelFileError(f"{path} is no model of fsynth's but `{info['format']}`.")
    if version > VERSION:
        raise ModelFileError(f"{path} has the format {version}, this fsynth reads up to {VERSION}. Update fsynth.")
    assert isinstance(info, dict)
    return info


def _modes(arrays: Arrays, name: str, unit: str | None = None) -> np.ndarray:
    modes = arrays[name].astype(np.float32)
    units = arrays.get(unit or f"{name}_unit")
    return modes if units is None else modes * units.astype(np.float32)[:, None, None]


def _colours(arrays: Arrays) -> np.ndarray | None:
    mean = arrays.get("colour_mean")
    if mean is None:
        return None
    return mean.astype(np.float32) / (255 if mean.dtype == np.uint8 else 1)
