"""FLAME: ``generic_model.pkl``, ``flame2023.pkl`` and their kind, read without running the pickle.

Metres, Y up, the face along +Z; ``f`` counts from 0; ``shapedirs`` (n, 3, K) has 300 identity modes and after them the
expressions, both principal components in standard deviations. Of the rest (joints, skinning) nothing is read: the jaw
stays closed. No colours and no texture coordinates, which FLAME has in other files.

Source: Li et al., Learning a model of facial shape and expression from 4D scans (2017), flame.is.tue.mpg.de.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fsynth_morphable.errors import ModelFileError
from fsynth_morphable.formats.inert_pickle import read_pickle
from fsynth_morphable.model import COMPONENTS, MorphableModel

IDENTITIES = 300


def read(path: Path) -> MorphableModel:
    """Read the model, with as many modes as the file has.

    Raises:
        ModelFileError: the file is damaged, something else, or a pickle that asks for more than arrays.
    """
    content = read_pickle(path)
    mean = _array(path, content, "v_template", "f", 2)
    directions = _array(path, content, "shapedirs", "f", 3)
    triangles = _array(path, content, "f", "iu", 2)
    if mean.shape[1] != 3 or directions.shape[:2] != mean.shape or triangles.shape[1] != 3:
        raise ModelFileError(
            f"{path} is not FLAME, or damaged: `v_template`, `shapedirs` and `f` have the shapes {mean.shape}, "
            f"{directions.shape} and {triangles.shape}."
        )
    modes = directions.transpose(2, 0, 1).astype(np.float32)
    polygons = np.full((len(triangles), 4), -1, np.int32)
    polygons[:, :3] = triangles
    return MorphableModel(
        name="flame",
        licence="CC BY 4.0 (FLAME 2023 Open) or non-commercial (others): see where it is from",
        source="FLAME, MPI for Intelligent Systems, flame.is.tue.mpg.de",
        mean=mean.astype(np.float32),
        identity=modes[:IDENTITIES],
        expression=modes[IDENTITIES:],
        expression_names=tuple(f"expression{number:03d}" for number in range(len(modes[IDENTITIES:]))),
        expression_range=COMPONENTS,
        polygons=polygons,
        part_names=("skin",),
        polygon_part=np.zeros(len(polygons), np.int32),
    )


def _array(path: Path, content: dict[str, Any], key: str, kinds: str, dimensions: int) -> np.ndarray:
    value = content.get(key)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds or value.ndim != dimensions:
        raise ModelFileError(f"{path} is not FLAME: it has no array `{key}` of {dimensions} dimensions.")
    return value
