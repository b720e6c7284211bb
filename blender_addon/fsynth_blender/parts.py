# SPDX-License-Identifier: GPL-3.0-or-later
"""A head cut into the parts that become objects of their own, in Blender's axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from .weights import Weights

if TYPE_CHECKING:
    from fsynth_morphable import MorphableModel
    from fsynth_morphable.head import Head

_STILL = 2e-5
"""Metres: a part that a shape moves by less has no shape key for it."""

_SLICE = 0.005
"""Metres: height of the slices of which the narrowest is the neck."""

_SHOULDERS = 1.3
"""Where a slice is wider than the narrowest above it by this factor, the neck has ended."""

_CHIN = 64
"""Row of the chin among the 65 landmarks."""


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
        weights: (V,) float32 in 0..1 by joint (see ``work.Made.joints``): how much of each vertex it moves.
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
    weights: Mapping[str, np.ndarray]


def cut(head: Head, origin: np.ndarray, joints: Mapping[str, np.ndarray]) -> tuple[Part, ...]:
    """The parts of a head, the skin first, then in the model's order; parts without polygons are left out.

    Args:
        head: with its shape keys, from which weights are learned, too.
        origin: (3,) metres in the model's own axes, what lies at Blender's origin.
        joints: see ``work.Made.joints``.
    """
    from fsynth_morphable.materials import MATERIALS, material_of_part

    shapes = {name: turn(displacement) for name, displacement in head.shape_keys.items()}
    teeth = np.unique(head.polygons[_in_part(head, "teeth_lower")][:, :3])
    opening = shapes.get("jawOpen", np.zeros((0, 3), np.float32))[teeth if "jawOpen" in shapes else slice(0)]
    weights = Weights(joints, turn(head.vertices[teeth] - origin)[: len(opening)], opening)
    parts = []
    for index, name in enumerate(head.part_names):
        chosen = np.flatnonzero(head.polygon_part == index)
        if not len(chosen):
            continue
        polygons = head.polygons[chosen]
        used = polygons >= 0
        rows, corners = np.unique(polygons[used], return_inverse=True)
        uvs = None if head.uvs is None or head.uv_polygons is None else head.uvs[head.uv_polygons[chosen][used]]
        skin = name == "skin"
        vertices = turn(head.vertices[rows] - origin)
        moved = {shape: displacement[rows] for shape, displacement in shapes.items()}
        parts.append(
            Part(
                name=name,
                material=MATERIALS[material_of_part(name)].name,
                rows=rows.astype(np.int32),
                vertices=vertices,
                corners=corners.ravel().astype(np.int32),
                starts=np.concatenate([[0], np.cumsum(used.sum(axis=1))[:-1]]).astype(np.int32),
                uvs=uvs,
                colours=head.colours[rows] if uvs is None and head.colours is not None else None,
                shape_keys={shape: by for shape, by in moved.items() if skin or np.abs(by).max(initial=0) > _STILL},
                weights=weights.of(name, vertices, moved),
            )
        )
    return tuple(sorted(parts, key=lambda part: part.name != "skin"))


@lru_cache(maxsize=1)
def rows_of(model: MorphableModel) -> dict[str, np.ndarray]:
    """Which vertices of a model's surface each part has, as ``Part.rows``, by the part's name."""
    rows = {}
    for index, name in enumerate(model.part_names):
        polygons = model.polygons[model.polygon_part == index]
        rows[name] = np.unique(polygons[polygons >= 0])
    return rows


def turn(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) from the model's axes (Y up, the face along +Z) into Blender's (Z up, the face along -Y)."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.ascontiguousarray(np.stack([x, -z, y], axis=-1), np.float32)


def origin_of(head: Head) -> np.ndarray:
    """The middle of the neck where it is narrowest, (3,) float32 in the model's own axes."""
    skin = head.vertices[np.unique(head.polygons[_in_part(head, "skin")][:, :3])]
    lowest = float(skin[:, 1].min())
    has_chin = head.landmarks is not None and len(head.landmarks) > _CHIN
    top = float(head.landmarks[_CHIN, 1]) if has_chin and head.landmarks is not None else lowest
    neck, narrowest = skin, np.inf
    # Down from the chin, until shoulders begin.
    for height in np.arange(top, lowest - _SLICE / 2, -_SLICE):
        found = skin[np.abs(skin[:, 1] - height) <= _SLICE]
        width = float(np.abs(found[:, 0]).max(initial=0))
        if width > _SHOULDERS * narrowest:
            break
        if len(found) and width < narrowest:
            neck, narrowest = found, width
    sides = neck[np.abs(neck[:, 0]) > 0.9 * np.abs(neck[:, 0]).max()]
    return np.array([0, neck[:, 1].mean(), sides[:, 2].mean()], np.float32)


def _in_part(head: Head, name: str) -> np.ndarray:
    """Which polygons are of a part, (F,) bool; all of them where the head has no such part."""
    chosen = head.polygon_part == (head.part_names.index(name) if name in head.part_names else -1)
    return chosen if chosen.any() else np.ones_like(chosen)
