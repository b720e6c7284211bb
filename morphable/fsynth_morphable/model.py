"""A morphable model of the head: a mean mesh, how it varies, and which of its points the landmarks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fsynth_morphable.errors import ArgumentError

if TYPE_CHECKING:
    from fsynth_morphable.subdivision import Subdivision

SHAPES = (0.0, 1.0)
"""Range of the coefficients of named expression shapes: none of it to all of it."""

COMPONENTS = (-3.0, 3.0)
"""Range of the coefficients of expressions that are principal components, in standard deviations."""


@dataclass(frozen=True, eq=False)
class LandmarkPoints:
    """Where the landmarks lie on a mesh: each is a weighted mean of vertices.

    ``vertices``: (L, k) int32, rows of ``MorphableModel.mean`` (of the control mesh, where there is a subdivision).
    ``weights``: (L, k) float64; each row adds up to 1. Three vertices with barycentric weights are a point on a
    triangle, one vertex with weight 1 is that vertex, and a point on a subdivided triangle has the dozen or so
    control vertices that it is made of (unused columns have weight 0).
    """

    vertices: np.ndarray
    weights: np.ndarray

    def __post_init__(self) -> None:
        if self.vertices.ndim != 2 or self.vertices.shape != self.weights.shape:
            raise ArgumentError(
                f"`vertices` and `weights` must have the same shape (L, k), they have {self.vertices.shape} and "
                f"{self.weights.shape}."
            )
        if not np.issubdtype(self.vertices.dtype, np.integer):
            raise ArgumentError(f"`vertices` must be integers, they are {self.vertices.dtype}.")
        if not np.allclose(self.weights.sum(axis=1), 1, atol=1e-5):
            raise ArgumentError("`weights` must add up to 1 for each landmark.")

    def __len__(self) -> int:
        return len(self.vertices)

    def of(self, values: np.ndarray) -> np.ndarray:
        """The landmarks' values, (..., L, d), of values per vertex (..., n, d)."""
        return np.einsum("lk,...lkd->...ld", self.weights, values[..., self.vertices, :])


@dataclass(frozen=True, eq=False)
class MorphableModel:
    """A linear model of heads.

    Metres, right-handed, Y up; the face looks along +Z and the head's own left is at +X (image right for a camera in
    front of it). The origin is anywhere near the head.

    With a ``subdivision``, ``mean``, ``identity``, ``expression``, the colours and ``landmarks`` belong to a coarse
    control mesh of n vertices, while ``polygons``, ``uvs``, ``uv_polygons`` and ``polygon_part`` describe the
    subdivided surface of N vertices that ``vertices()`` and ``colours()`` return. Without one, N = n.

    Attributes:
        name: a short name, as in ``fsynth models list``.
        licence: under which terms the model may be used, in a few words.
        source: where it is from.
        mean: (n, 3) float32.
        identity: (K, n, 3) float32 displacements; a coefficient of 1 is one standard deviation.
        expression: (E, n, 3) float32 displacements; E may be 0.
        expression_names: E names.
        expression_range: lowest and highest coefficient: ``SHAPES`` or ``COMPONENTS``.
        polygons: (F, 4) int32 rows of vertices, counter-clockwise seen from outside; column 3 is -1 for triangles.
        part_names: names of parts such as "skin", "eye_left", "teeth_upper".
        polygon_part: (F,) integer, each polygon's row of ``part_names``.
        uvs: (U, 2) float32 texture coordinates, 0..1, v up, or None.
        uv_polygons: (F, 4) int32 rows of ``uvs``, corner by corner as ``polygons``, or None.
        texture: (T, T, 4) uint8 sRGB and alpha, first row at v = 1: how parts look that colours leave out, or None.
        colour_mean: (n, 3) float32 sRGB, 0..1, or None.
        colour_basis: (C, n, 3) float32; a coefficient of 1 is one standard deviation; or None.
        landmarks: the model's landmarks, or None where nobody has looked for them yet (``fsynth models add``).
        subdivision: from the control mesh to the surface, or None.

    Raises:
        ArgumentError: the arrays don't fit together.
    """

    name: str
    licence: str
    source: str
    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    expression_names: tuple[str, ...]
    polygons: np.ndarray
    part_names: tuple[str, ...]
    polygon_part: np.ndarray
    expression_range: tuple[float, float] = SHAPES
    uvs: np.ndarray | None = None
    uv_polygons: np.ndarray | None = None
    texture: np.ndarray | None = None
    colour_mean: np.ndarray | None = None
    colour_basis: np.ndarray | None = None
    landmarks: LandmarkPoints | None = None
    subdivision: Subdivision | None = None

    def __post_init__(self) -> None:
        n, faces = len(self.mean), len(self.polygons)
        _expect("mean", self.mean, (None, 3))
        _expect("identity", self.identity, (None, n, 3))
        _expect("expression", self.expression, (len(self.expression_names), n, 3))
        _expect("polygons", self.polygons, (None, 4))
        _expect("polygon_part", self.polygon_part, (faces,))
        if n == 0 or faces == 0:
            raise ArgumentError("A model needs at least one vertex and one polygon.")
        if self.subdivision is None:
            _expect_rows("polygons", self.polygons, n)
        if self.polygon_part.min() < 0 or self.polygon_part.max() >= len(self.part_names):
            raise ArgumentError(f"`polygon_part` must be rows of `part_names`, 0..{len(self.part_names) - 1}.")
        if (self.uvs is None) != (self.uv_polygons is None):
            raise ArgumentError("`uvs` and `uv_polygons` must be given together.")
        if self.uvs is not None and self.uv_polygons is not None:
            _expect("uvs", self.uvs, (None, 2))
            _expect("uv_polygons", self.uv_polygons, (faces, 4))
            _expect_rows("uv_polygons", self.uv_polygons, len(self.uvs))
        if self.texture is not None:
            _expect("texture", self.texture, (None, None, 4))
        if self.colour_mean is not None:
            _expect("colour_mean", self.colour_mean, (n, 3))
        if self.colour_basis is not None:
            _expect("colour_basis", self.colour_basis, (None, n, 3))
        if self.landmarks is not None:
            _expect_rows("landmarks.vertices", self.landmarks.vertices, n)

    def vertices(self, identity: np.ndarray | None = None, expression: np.ndarray | None = None) -> np.ndarray:
        """The surface of a head, (N, 3) float32 in metres.

        ``identity``: up to K coefficients in standard deviations; those left out are 0.
        ``expression``: up to E coefficients in ``expression_range``; those left out are 0.
        """
        return self.surface(self.control(identity, expression))

    def control(self, identity: np.ndarray | None = None, expression: np.ndarray | None = None) -> np.ndarray:
        """As ``vertices``, without the subdivision: (n, 3) float32."""
        head = combine(self.mean, self.identity, identity, "identity")
        return combine(head, self.expression, expression, "expression")

    def colours(self, coefficients: np.ndarray | None = None) -> np.ndarray:
        """Colours of the surface's vertices, (N, 3) float32 sRGB in 0..1, for up to C colour coefficients.

        Raises:
            ArgumentError: the model has no colours, or there are too many coefficients.
        """
        if self.colour_mean is None:
            raise ArgumentError(f"The model {self.name} has no colours.")
        basis = np.empty((0, *self.colour_mean.shape), np.float32) if self.colour_basis is None else self.colour_basis
        colours = self.surface(combine(self.colour_mean, basis, coefficients, "coefficients"))
        return np.clip(colours, 0, 1)

    def surface(self, values: np.ndarray) -> np.ndarray:
        """Values per vertex of the surface, (N, d), of values per control vertex (n, d)."""
        return values if self.subdivision is None else self.subdivision.apply(values)

    def landmark_positions(
        self, identity: np.ndarray | None = None, expression: np.ndarray | None = None
    ) -> np.ndarray:
        """Where a head's landmarks are, (L, 3) float64 in metres; see ``vertices``.

        Raises:
            ArgumentError: the model has no landmarks.
        """
        if self.landmarks is None:
            raise ArgumentError(f"The model {self.name} has no landmarks. Run: fsynth models add")
        return self.landmarks.of(self.control(identity, expression))

    def in_parts(self, *names: str) -> np.ndarray:
        """Which polygons are in parts of these names, (F,) bool; names that the model does not have are no error."""
        rows = [row for row, name in enumerate(self.part_names) if name in names]
        return np.isin(self.polygon_part, rows)


def combine(mean: np.ndarray, basis: np.ndarray, coefficients: np.ndarray | None, argument: str) -> np.ndarray:
    """``mean`` (n, 3) plus the sum of the modes ``basis`` (K, n, 3) times up to K coefficients."""
    if coefficients is None:
        return mean
    given = np.asarray(coefficients)
    if given.ndim != 1 or len(given) > len(basis):
        raise ArgumentError(f"`{argument}` must be at most {len(basis)} numbers, its shape is {given.shape}.")
    used = np.flatnonzero(given)
    return mean + np.tensordot(given[used].astype(mean.dtype), basis[used], axes=1)


def triangulate(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut quads in two.

    ``polygons``: (F, 4) integers, column 3 -1 for triangles. UV polygons of the same mesh are cut the same way.

    Returns:
        triangles (T, 3), and the row of ``polygons`` that each is from (T,), in ascending order.
    """
    rows = np.arange(len(polygons))
    is_quad = polygons[:, 3] >= 0
    triangles = np.concatenate([polygons[:, :3], polygons[is_quad][:, [0, 2, 3]]])
    of = np.concatenate([rows, rows[is_quad]])
    order = np.argsort(of, kind="stable")
    return triangles[order], of[order]


def _expect(name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        raise ArgumentError(f"`{name}` must have the shape ({wanted}), it has {array.shape}.")
    if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
        raise ArgumentError(f"`{name}` must be finite.")


def _expect_rows(name: str, rows: np.ndarray, count: int) -> None:
    corners = rows[:, :3] if name.endswith("polygons") else rows
    if rows.size and (rows.max() >= count or corners.min() < 0 or rows.min() < -1):
        raise ArgumentError(f"`{name}` must count from 0 to {count - 1}, it goes from {corners.min()} to {rows.max()}.")
