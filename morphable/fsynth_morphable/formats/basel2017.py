"""The Basel Face Models of 2017 and 2019: ``model2017-1_face12_nomouth.h5`` and their kind, as Statismo writes them.

Millimetres, Y up, the face along +Z; x, y, z of each vertex one after the other; ``pcaVariance`` are variances, whose
roots scale the basis; colours 0..1; ``cells`` (3, F) count from 0. Expressions are principal components, too, with a
mean of their own that belongs to the neutral head. No texture coordinates.

Source: Gerig et al., Morphable face models - an open framework (2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fsynth_morphable.errors import MissingPackageError, ModelFileError
from fsynth_morphable.model import COMPONENTS, MorphableModel

METRES = 1e-3


@dataclass(frozen=True, eq=False)
class _Components:
    """``mean`` (n, 3) and ``modes`` (K, n, 3), a standard deviation each, in the file's units."""

    mean: np.ndarray
    modes: np.ndarray


def read(path: Path) -> MorphableModel:
    """Read the model, with as many modes as the file has; expressions and colours where it has them.

    Raises:
        ModelFileError: the file is damaged or something else.
        MissingPackageError: h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingPackageError('Reading .h5 files needs h5py. Run: pip install "fsynth[models]"') from error
    try:
        with h5py.File(path, "r") as file:
            if "shape/model/mean" not in file:
                raise ModelFileError(f"{path} is no Basel Face Model: it has no `shape/model/mean`.")
            shape = _components(path, file, "shape")
            expression = _components(path, file, "expression") if "expression/model/mean" in file else None
            colour = _components(path, file, "color") if "color/model/mean" in file else None
            cells = _cells(path, file)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path} is truncated, or no HDF5 file of a Basel Face Model.") from error
    if expression is None:
        expression = _Components(np.zeros_like(shape.mean), np.empty((0, *shape.mean.shape)))
    for other in filter(None, (expression, colour)):
        if other.mean.shape != shape.mean.shape:
            raise ModelFileError(f"{path} is damaged: its parts have different numbers of vertices.")

    polygons = np.full((len(cells), 4), -1, np.int32)
    polygons[:, :3] = cells
    return MorphableModel(
        name="basel2017",
        licence="non-commercial, University of Basel",
        source="Basel Face Model 2017 or 2019, faces.dmi.unibas.ch",
        mean=(METRES * (shape.mean + expression.mean)).astype(np.float32),
        identity=(METRES * shape.modes).astype(np.float32),
        expression=(METRES * expression.modes).astype(np.float32),
        expression_names=tuple(f"expression{number:03d}" for number in range(len(expression.modes))),
        expression_range=COMPONENTS,
        polygons=polygons,
        part_names=("skin",),
        polygon_part=np.zeros(len(polygons), np.int32),
        colour_mean=None if colour is None else np.clip(colour.mean, 0, 1).astype(np.float32),
        colour_basis=None if colour is None else colour.modes.astype(np.float32),
    )


def _components(path: Path, file: Any, part: str) -> _Components:
    model = file[f"{part}/model"]
    mean, basis = np.asarray(model["mean"], np.float64).ravel(), np.asarray(model["pcaBasis"], np.float64)
    variance = np.asarray(model["pcaVariance"], np.float64).ravel()
    if len(mean) % 3 or basis.shape != (len(mean), len(variance)) or (variance < 0).any():
        raise ModelFileError(
            f"{path} is damaged: `{part}/model` has a mean of {len(mean)}, {len(variance)} variances and a basis of "
            f"{basis.shape}."
        )
    modes = (basis * np.sqrt(variance)).T.reshape(len(variance), -1, 3)
    return _Components(mean.reshape(-1, 3), modes)


def _cells(path: Path, file: Any) -> np.ndarray:
    """Triangles (F, 3). They are beside the shape, or, in the public model of 2009, at the root."""
    place = next((place for place in ("shape/representer/cells", "representer/cells") if place in file), None)
    if place is None:
        raise ModelFileError(f"{path} is damaged: it has no `shape/representer/cells`.")
    cells = np.asarray(file[place])
    if cells.ndim != 2 or len(cells) != 3 or cells.dtype.kind not in "iu":
        raise ModelFileError(f"{path} is damaged: `{place}` is {cells.dtype} {cells.shape}.")
    return cells.T
