"""The head's control mesh: cut skin and made parts, and how all of it follows the source's body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fsynth_training.head import atlas
from fsynth_training.head.directions import mean_body
from fsynth_training.head.eyes import eye_parts
from fsynth_training.head.hair import brow_parts, lash_parts
from fsynth_training.head.part import Part, affine_weights
from fsynth_training.head.seal import Slit, mouth_slit
from fsynth_training.head.skin import Cut, cut_bust
from fsynth_training.head.smooth_skin import SmoothSkin
from fsynth_training.head.source import Source
from fsynth_training.head.teeth import teeth_parts
from fsynth_training.head.topology import edges_of

LIP_OVERLAP = 0.7e-3
"""Metres by which the sealed lips overlap before subdivision, which draws both back."""

_TONGUE_HEIGHT = 0.72

# Rims of the left brow from the nose outwards, x and y in metres from the middle between the eyes.
_BROW_LOWER = np.array(
    [[0.0110, 0.0145], [0.0185, 0.0168], [0.0265, 0.0188], [0.0365, 0.0195], [0.0440, 0.0172], [0.0505, 0.0125]]
)
_BROW_UPPER = np.array(
    [[0.0105, 0.0222], [0.0185, 0.0236], [0.0275, 0.0248], [0.0375, 0.0247], [0.0455, 0.0220], [0.0515, 0.0160]]
)

# Expressions during which closed lips stay closed.
_LIPS_CLOSED = (
    "mouthSmile", "mouthDimple", "mouthPress", "mouthFrown", "mouthLeft", "mouthRight", "mouthStretch", "mouthRoll",
    "mouthShrug", "mouthPucker", "cheekPuff", "cheekSquint", "jawForward", "noseSneer",
)  # fmt: skip


# Expressions that the source draws with creases sharper than its mesh can show.
_CREASING = ("mouthSmile", "mouthDimple")
_SMOOTHINGS = 6


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """The control mesh, and how it follows the body (N, 3), whose mean has its origin between the eyes.

    Attributes:
        source: what it is made of. body: (N, 3) metres, the mean body, lips sealed. slit: between the lips.
        skin: the cut skin. parts: all others.
        polygons, uv_polygons: (F, 4). uvs: (U, 2). part_names; polygon_part: (F,).
    """

    source: Source
    body: np.ndarray
    slit: Slit
    skin: Cut
    parts: list[Part]
    polygons: np.ndarray
    uvs: np.ndarray
    uv_polygons: np.ndarray
    part_names: list[str]
    polygon_part: np.ndarray

    def control(self, body: np.ndarray) -> np.ndarray:
        """(N, 3) of a body to (n, 3) of the control mesh."""
        return np.concatenate([self.skin.positions @ body, *(part.place(body) for part in self.parts)])

    def neutral_offset(self, offset: np.ndarray) -> np.ndarray:
        """What a difference between people, (N, 3), does to the control mesh, (n, 3): their lips stay sealed."""
        return self.control(self.body + self.sealed(offset)) - self.control(self.body)

    def sealed(self, offset: np.ndarray) -> np.ndarray:
        """A difference between people, (N, 3), without what would open their lips."""
        return self.slit.close(offset.astype(np.float64), self.body, 0.0)

    def _without_creases(self, offset: np.ndarray) -> np.ndarray:
        """``offset`` (N, 3) smoothed over the skin, but for the lips, each vertex by the mean of its neighbours."""
        edges = edges_of(self.source.polygons[self.source.groups["body"]])
        both = np.concatenate([edges, edges[:, ::-1]])
        neighbours = sparse.csr_matrix((np.ones(len(both)), both.T), shape=(len(offset),) * 2)
        count = np.maximum(np.asarray(neighbours.sum(axis=1)), 1)
        share = 0.5 * np.clip((self.slit.hops - 4) / 4, 0, 1)[:, None]
        for _ in range(_SMOOTHINGS):
            offset = offset + share * (neighbours @ offset / count - offset)
        return offset

    def expression_bodies(self) -> dict[str, np.ndarray]:
        """ARKit's 52 shapes as offsets of the body: name -> (N, 3) metres."""
        groups = self.source.groups
        tongue = np.unique(self.source.polygons[groups["helper-tongue"]])
        jaw = np.unique(self.source.polygons[groups["helper-lower-teeth"]])
        with_jaw = affine_weights(self.body[tongue], self.body[jaw])
        offsets = {}
        for name, shape in self.source.expressions.items():
            offset = self.source.dense(shape)
            if name != "tongueOut":  # the tongue lies in the lower jaw
                offset[tongue] = with_jaw @ (self.body + offset)[jaw] - self.body[tongue]
            if name.startswith(_LIPS_CLOSED):
                offset = self.slit.close(offset, self.body, 0.0)
            if name.startswith(_CREASING):
                offset = self._without_creases(offset)
            offsets[name] = offset
        return offsets


def head_weight(body: np.ndarray, skin_vertices: np.ndarray) -> np.ndarray:
    """(N,) how much each vertex counts as head: 1 for its skin, falling to 0 below the chin."""
    weight = np.zeros(len(body))
    weight[skin_vertices] = np.clip((body[skin_vertices, 1] + 0.13) / 0.03, 0, 1)
    return weight


def build_mesh(source: Source) -> HeadMesh:
    """Cut the skin, seal its lips and add the parts."""
    groups = {name: source.polygons[rows] for name, rows in source.groups.items()}
    polygons, uv_polygons = groups["body"], source.uv_polygons[source.groups["body"]]
    body = mean_body(source)
    eyes = body[np.unique(groups["helper-l-eye"])]
    body -= [0, *((eyes.min(axis=0) + eyes.max(axis=0)) / 2)[1:]]
    slit = mouth_slit(body, polygons, uv_polygons)
    body = slit.close(body, body, LIP_OVERLAP)
    skin = cut_bust(body, polygons, uv_polygons, len(source.uvs))

    parts = []
    for side, letter, sign in (("left", "l", 1), ("right", "r", -1)):
        parts += eye_parts(body, groups[f"helper-{letter}-eye"], side)
        parts += lash_parts(body, polygons, uv_polygons, groups[f"helper-{letter}-eye"], sign)
    for jaw in ("upper", "lower"):
        parts += teeth_parts(body, groups[f"helper-{jaw}-teeth"], jaw)
    parts.append(_tongue(source))
    parts += brow_parts(SmoothSkin(skin, body).before, _BROW_LOWER, _BROW_UPPER)
    return _join(source, body, slit, skin, parts)


def _tongue(source: Source) -> Part:
    rows = source.groups["helper-tongue"]
    vertices, polygons = np.unique(source.polygons[rows], return_inverse=True)
    texture, uv_polygons = np.unique(source.uv_polygons[rows], return_inverse=True)
    uvs = source.uvs[texture]
    low, high = uvs.min(axis=0), uvs.max(axis=0)
    unit = (uvs - low) / (high - low)
    return Part(
        "tongue",
        polygons.reshape(-1, 4),
        atlas.into(atlas.TONGUE, unit),
        uv_polygons.reshape(-1, 4),
        lambda body: _lowered(body[vertices]),
    )


def _lowered(tongue: np.ndarray) -> np.ndarray:
    """The source's tongue (T, 3) fills the mouth up to the palate; this one lies between the lower teeth."""
    floor = tongue[:, 1].min()
    return np.column_stack([tongue[:, 0], floor + _TONGUE_HEIGHT * (tongue[:, 1] - floor), tongue[:, 2]])


def _join(source: Source, body: np.ndarray, slit: Slit, skin: Cut, parts: list[Part]) -> HeadMesh:
    skin_uvs = skin.texture @ source.uvs
    middles = (skin.positions @ body)[skin.polygons[:, :3]].mean(axis=1)
    polygons, uv_polygons = [skin.polygons], [skin.uv_polygons]
    uvs = [atlas.lay_out_skin(skin_uvs, skin.uv_polygons, middles)]
    names = ["skin", *dict.fromkeys(part.name for part in parts)]
    part_of = [np.zeros(len(skin.polygons), int)]
    vertex_count, uv_count = skin.positions.shape[0], len(skin_uvs)
    for part in parts:
        polygons.append(np.where(part.polygons < 0, -1, part.polygons + vertex_count))
        uv_polygons.append(np.where(part.uv_polygons < 0, -1, part.uv_polygons + uv_count))
        uvs.append(part.uvs)
        part_of.append(np.full(len(part.polygons), names.index(part.name)))
        vertex_count += len(part.place(body))
        uv_count += len(part.uvs)
    return HeadMesh(
        source, body, slit, skin, parts,
        np.concatenate(polygons), np.concatenate(uvs), np.concatenate(uv_polygons), names, np.concatenate(part_of),
    )  # fmt: skip
