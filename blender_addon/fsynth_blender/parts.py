# SPDX-License-Identifier: GPL-3.0-or-later
"""A head cut into the parts that become objects of their own, in Blender's axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh. Blender's axes: metres, Z up, the face along -Y.

    Attributes:
        name: of the model's part, "skin", "eye_left", "cornea_left", "teeth_upper", "tongue", "brows", "lashes", ...
        material: "skin", "eyes", "mouth", "hair" or "clear", see ``fsynth_morphable.materials``.
        rows: (V,) int32, which vertices of the model's surface these are.
        vertices: (V, 3) float32.
        corners: (C,) int32 rows of ``vertices``, polygon after polygon.
        starts: (F,) int32, where each polygon begins in ``corners``.
        uvs: (C, 2) float32 texture coordinates of the corners, or None.
        colours: (V, 3) float32 sRGB in 0..1 of the vertices, for models without UVs, or None.
        shape_keys: displacements (V, 3) float32 by name: for the skin all shapes, for other parts those that move it.
    """

    name: str
    material: str
    rows: np.ndarray
    vertices: np.ndarray
    corners: np.ndarray
    starts: np.ndarray
    uvs: np.ndarray | None
    colours: np.ndarray | None
    shape_keys: Mapping[str, np.ndarray]
