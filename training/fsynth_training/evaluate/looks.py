"""What the judges and the mesh see of synthesized faces, in pieces, so that no more than a few are in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_training.evaluate.judges import Judge
from fsynth_training.evaluate.meshes import meshes_of
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.synthesize import Maker

_PIECE = 64


@dataclass(frozen=True, eq=False)
class Look:
    """N faces: mesh (N, 468, 3) float32 px, and by judge the embeddings (N, W)."""

    mesh: np.ndarray
    embeddings: dict[str, np.ndarray]


def look_at(maker: Maker, photos: EvaluationPhotos, judges: list[Judge]) -> Look:
    """Look at the normalized faces of ``photos``."""
    pieces = []
    for start in range(0, len(photos), _PIECE):
        images = maker.synthesize(photos.select(np.arange(start, min(start + _PIECE, len(photos))))).images
        meshes = meshes_of(images)
        pieces.append((meshes, [judge.embed(images, meshes) for judge in judges]))
    embeddings = {judge.name: np.concatenate([seen[i] for _, seen in pieces]) for i, judge in enumerate(judges)}
    return Look(np.concatenate([meshes for meshes, _ in pieces]), embeddings)


def look_at_photos(photos: EvaluationPhotos, judges: list[Judge]) -> Look:
    """Look at the photographs themselves."""
    return Look(photos.mesh, {judge.name: judge.embed(photos.aligned, photos.mesh) for judge in judges})
