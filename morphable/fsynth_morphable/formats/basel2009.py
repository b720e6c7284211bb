"""The Basel Face Model of 2009: ``01_MorphableModel.mat``.

Micrometres, Y up, the face along +Z; x, y, z of each vertex one after the other; ``shapeEV`` and ``texEV`` are standard
deviations; colours 0..255; ``tl`` counts from 1 and winds its triangles the other way round. No texture coordinates,
no expressions.

Source: Paysan et al., A 3D face model for pose and illumination invariant face recognition (2009).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fsynth_morphable.errors import MissingPackageError, ModelFileError
from fsynth_morphable.model import MorphableModel

METRES = 1e-6

_KEYS = ("shapeMU", "shapePC", "shapeEV", "texMU", "texPC", "texEV", "tl")


def read(path: Path) -> MorphableModel:
    """Read the model, with as many modes as the file has.

    Raises:
        ModelFileError: the file is damaged or something else.
        MissingPackageError: scipy is not installed.
    """
    arrays = _load(path)
    missing = [key for key in _KEYS if key not in arrays]
    if missing:
        raise ModelFileError(f"{path} is not the Basel Face Model of 2009: it has no `{missing[0]}`.")
    mean = _vertices(path, arrays["shapeMU"].reshape(-1, 1), "shapeMU")[0]
    identity = _modes(path, arrays, "shapePC", "shapeEV", len(mean))
    colour_mean = _vertices(path, arrays["texMU"].reshape(-1, 1), "texMU")[0]
    colours = _modes(path, arrays, "texPC", "texEV", len(mean))
    triangles = arrays["tl"]
    if triangles.ndim != 2 or 3 not in triangles.shape:
        raise ModelFileError(f"{path} is damaged: `tl` has the shape {triangles.shape}.")
    triangles = (triangles if triangles.shape[1] == 3 else triangles.T).astype(np.int64) - 1
    polygons = np.full((len(triangles), 4), -1, np.int32)
    polygons[:, :3] = triangles[:, ::-1]
    return MorphableModel(
        name="basel2009",
        licence="non-commercial, University of Basel",
        source="Basel Face Model 2009, faces.dmi.unibas.ch",
        mean=(METRES * mean).astype(np.float32),
        identity=(METRES * identity).astype(np.float32),
        expression=np.empty((0, len(mean), 3), np.float32),
        expression_names=(),
        polygons=polygons,
        part_names=("skin",),
        polygon_part=np.zeros(len(polygons), np.int32),
        colour_mean=(colour_mean / 255).astype(np.float32),
        colour_basis=(colours / 255).astype(np.float32),
    )


def _load(path: Path) -> dict[str, np.ndarray]:
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError
    except ImportError as error:
        raise MissingPackageError('Reading .mat files needs scipy. Run: pip install "fsynth[models]"') from error
    import zlib

    try:
        found = loadmat(path, variable_names=_KEYS)
    except NotImplementedError as error:
        raise ModelFileError(f"{path} is a MATLAB file of version 7.3, which the Basel Face Model is not.") from error
    except (MatReadError, OSError, ValueError, TypeError, LookupError, EOFError, zlib.error, OverflowError) as error:
        raise ModelFileError(f"{path} is truncated, or no MATLAB file.") from error
    arrays = {key: value for key, value in found.items() if key in _KEYS}
    odd = [key for key, value in arrays.items() if value.dtype.kind not in "fiu"]
    if odd:
        raise ModelFileError(f"{path} is damaged: `{odd[0]}` is not an array of numbers.")
    return arrays


def _modes(path: Path, arrays: dict[str, np.ndarray], basis: str, deviations: str, vertices: int) -> np.ndarray:
    modes = _vertices(path, np.atleast_2d(arrays[basis]), basis)
    scale = arrays[deviations].ravel()
    if modes.shape[1] != vertices or len(scale) != len(modes):
        raise ModelFileError(
            f"{path} is damaged: `{basis}` has {len(modes)} modes of {modes.shape[1]} vertices, there are "
            f"{len(scale)} in `{deviations}` and {vertices} vertices."
        )
    return modes * scale[:, None, None]


def _vertices(path: Path, columns: np.ndarray, name: str) -> np.ndarray:
    """Columns (3n, K) of x, y, z, x, y, z... as (K, n, 3)."""
    if columns.ndim != 2 or len(columns) % 3:
        raise ModelFileError(f"{path} is damaged: `{name}` has the shape {columns.shape}.")
    return columns.T.reshape(columns.shape[1], -1, 3).astype(np.float64)
