"""A head as a plain textured mesh, and its way to a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from fsynth_morphable.errors import ArgumentError, OutputError
from fsynth_morphable.expressions import resolve_expression
from fsynth_morphable.model import triangulate
from fsynth_morphable.normals import vertex_normals
from fsynth_morphable.writing import check_files, write_files

SUFFIXES = (".glb", ".obj", ".ply")
"""The kinds of files that ``Head.save`` writes."""


@dataclass(frozen=True, eq=False)
class Head:
    """A head: metres, Y up, the face along +Z, the head's own left at +X.

    Attributes:
        vertices: (N, 3) float32, without expression.
        polygons: (F, 4) int32 rows of vertices, counter-clockwise seen from outside; column 3 is -1 for triangles.
        part_names: names of parts, "skin", "eye_left", ...
        polygon_part: (F,) integer, each polygon's row of ``part_names``.
        uvs: (U, 2) float32 texture coordinates, 0..1, v up, or None.
        uv_polygons: (F, 4) int32 rows of ``uvs``, corner by corner as ``polygons``, or None.
        texture: (S, S, 4) uint8 sRGB and alpha, row 0 at v = 1, or None. Alpha matters on brows, lashes and corneas.
        colours: (N, 3) float32 sRGB in 0..1, the vertex colours, for files that hold no texture, or None.
        shape_keys: displacements (N, 3) float32 by name; 1 is all of a shape.
        expression: how much of which shape key is on, as a viewer shows it at first.
        landmarks: (L, 3) float, the landmarks' places on the head without expression, or None.
        identity: (K,) float32, the model's coefficients that make this head, in standard deviations, or None.
        iris: (3,) float32 sRGB in 0..1, the colour that the eyes were painted with, or None.
        hair: (3,) float32 sRGB in 0..1, that of the hair on the scalp, or None for a bare one.
        name: what files call it.
    """

    vertices: np.ndarray
    polygons: np.ndarray
    part_names: tuple[str, ...]
    polygon_part: np.ndarray
    uvs: np.ndarray | None = None
    uv_polygons: np.ndarray | None = None
    texture: np.ndarray | None = None
    colours: np.ndarray | None = None
    shape_keys: Mapping[str, np.ndarray] = field(default_factory=dict)
    expression: Mapping[str, float] = field(default_factory=dict)
    landmarks: np.ndarray | None = None
    identity: np.ndarray | None = None
    iris: np.ndarray | None = None
    hair: np.ndarray | None = None
    name: str = "head"

    def __post_init__(self) -> None:
        if self.texture is not None and (self.uvs is None or self.uv_polygons is None):
            raise ArgumentError("A head with a `texture` needs `uvs` and `uv_polygons`.")

    @property
    def posed(self) -> np.ndarray:
        """The vertices with the expression that is on, (N, 3) float32."""
        posed = self.vertices
        for name, amount in self.expression.items():
            posed = posed + np.float32(amount) * self.shape_keys[name]
        return posed

    @cached_property
    def triangles(self) -> tuple[np.ndarray, np.ndarray]:
        """All polygons cut into triangles, (T, 3) int32, and the polygon that each is from, (T,)."""
        triangles, polygon = triangulate(self.polygons)
        return triangles.astype(np.int32), polygon

    @cached_property
    def uv_triangles(self) -> np.ndarray:
        """The rows of ``uvs`` at the corners of ``triangles``, (T, 3) int32."""
        if self.uv_polygons is None:
            raise ArgumentError("This head has no texture coordinates.")
        return triangulate(self.uv_polygons)[0].astype(np.int32)

    def normals(self, vertices: np.ndarray | None = None) -> np.ndarray:
        """Smooth unit normals (N, 3) float32 of the head, or of its mesh with other ``vertices``."""
        return vertex_normals(self.vertices if vertices is None else vertices, self.triangles[0])

    def with_expression(self, expression: Mapping[str, float]) -> Head:
        """The same head with another expression.

        ``expression``: how much, 0..1, of shapes by their own names or by everyday ones (``smile``, ``blink``, ...; see
        ``fsynth_morphable.expressions``).

        Raises:
            ArgumentError: the head has no such shape, or the amount is out of range.
        """
        return replace(self, expression=resolve_expression(expression, tuple(self.shape_keys)))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> list[Path]:
        """Write the head to a file, whole or not at all.

        ``.glb``: glTF 2.0 in one file: triangles, normals, texture, materials, shape keys as morph targets with the
        expression as their weights. ``.obj``: quads, with ``.mtl`` and ``.png`` beside it. ``.ply``: quads with vertex
        colours. The last two have no shape keys: they hold the head with its expression.

        Args:
            path: the file, in a folder that exists.
            overwrite: whether files that exist may be replaced.

        Returns:
            The files written, the named one last.

        Raises:
            OutputError: another suffix, a file that exists already, or a folder that can't be written to.
            MissingPackageError: ``.glb`` and ``.ply`` need packages of the extra ``mesh``.
        """
        path = Path(path)
        if path.suffix.lower() not in SUFFIXES:
            raise OutputError(f"{path} must end in one of {', '.join(SUFFIXES)}.")
        check_files([path], overwrite=overwrite)
        contents = self._encode(path)
        write_files(contents, overwrite=overwrite)
        return list(contents)

    def _encode(self, path: Path) -> dict[Path, bytes]:
        if path.suffix.lower() == ".obj":
            from fsynth_morphable.obj import encode_obj

            return encode_obj(self, path)
        if path.suffix.lower() == ".ply":
            from fsynth_morphable.ply import encode_ply

            return {path: encode_ply(self)}
        from fsynth_morphable.gltf import encode_glb

        return {path: encode_glb(self)}
