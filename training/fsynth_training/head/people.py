"""Face meshes of the open photographs: whom the prior is learned from, and whom it is tested on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsynth.errors import FsynthError
from fsynth.faces import INTEROCULAR, align, find_faces, read_photo
from fsynth_training.dataset.open_sets import Photograph, held_out_london, london_pairs, open_photographs

HELD_OUT_CANADA = 8
_INNER_LIPS, _MOUTH_CORNERS = (13, 14), (61, 291)
# Of the interocular distance. Of London's 102 neutral faces 95 are below both.
_CLOSED, _NARROW = 0.06, 0.90


@dataclass(frozen=True, eq=False)
class People:
    """P photographs.

    Attributes:
        meshes: (P, 468, 3) float32, FaceMesh points in pixels of the aligned face (55 px between the eyes), y down.
        source, identity, path: (P,) str. smiling, held_out: (P,) bool.
    """

    meshes: np.ndarray
    source: np.ndarray
    identity: np.ndarray
    path: np.ndarray
    smiling: np.ndarray
    held_out: np.ndarray

    @property
    def calm(self) -> np.ndarray:
        """(P,) bool: whether the mouth is about closed, no wider than those of neutral faces, and not said to smile."""
        gap, width = (
            np.linalg.norm(self.meshes[:, a, :2] - self.meshes[:, b, :2], axis=1) / INTEROCULAR
            for a, b in (_INNER_LIPS, _MOUTH_CORNERS)
        )
        return (gap < _CLOSED) & (width < _NARROW) & ~self.smiling

    def select(self, rows: np.ndarray) -> People:
        """The photographs at ``rows``, a mask or indices."""
        return People(**{name: values[rows] for name, values in vars(self).items()})


def held_out_canada(photographs: list[Photograph]) -> set[str]:
    """The 8 of Canada's 40 people whose sha256(identity) comes first."""
    people = {photograph.identity for photograph in photographs if photograph.source == "canada"}
    return set(sorted(people, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[:HELD_OUT_CANADA])


def find_people(faces: Path, cache: Path | None = None) -> People:
    """Find the largest face of every open photograph, and of the held-out people, who are marked.

    Args:
        faces: the folder of the sets. cache: .npz to read them from, or to write them to if it is not there.
    """
    if cache is not None and cache.exists():
        with np.load(cache) as data:
            return People(**dict(data))
    photographs = open_photographs(faces)
    held_out = held_out_canada(photographs)
    rows = [(p, p.source == "canada" and p.identity in held_out) for p in photographs]
    for identity, neutral, smiling in london_pairs(faces, held_out_london(faces)):
        rows += [(Photograph("london", identity, path, path == smiling), True) for path in (neutral, smiling)]
    meshes, kept = [], []
    for photograph, is_held_out in rows:
        try:
            photo = read_photo(photograph.path)
            found = find_faces(photo, smallest_share=1)
        except FsynthError as error:
            print(f"skipped {photograph.path.name}: {error}")
            continue
        if found:
            aligned = align(photo, found[0])
            scale = np.sqrt(np.linalg.det(aligned.transform[:, :2]))
            depth = found[0].mesh[:, 2:] * scale
            meshes.append(np.concatenate([aligned.to_crop(found[0].mesh[:, :2]), depth], axis=1))
            kept.append((photograph, is_held_out))
    people = People(
        np.array(meshes, np.float32),
        np.array([p.source for p, _ in kept]),
        np.array([p.identity for p, _ in kept]),
        np.array([f"{p.source}/{p.path.relative_to(faces / p.source)}" for p, _ in kept]),
        np.array([p.smiling for p, _ in kept]),
        np.array([is_held_out for _, is_held_out in kept]),
    )
    if cache is not None:
        np.savez(cache, **vars(people))
    return people
