"""What every maker of faces is measured on: photographs, what the judges see in them, and the mean face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fsynth_training.evaluate import judges
from fsynth_training.evaluate.judges import Judge
from fsynth_training.evaluate.looks import Look, look_at_photos
from fsynth_training.evaluate.mean_face import mean_mesh
from fsynth_training.evaluate.photos import EvaluationPhotos

JUDGES = ("dlib", "faceres")
"""dlib's network takes no part in training; FaceRes is the encoder that decoders are trained with."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Photographs to measure on.

    Attributes:
        judges: the recognisers, the one that took no part first.
        wild: photographs of which nothing is known but whose they are; likeness is measured on these.
        seen: what the judges see in them.
        smiling, neutral: one of each of the people who have both, in the same order; empty where nobody has.
        mesh: (468, 3) px, the mean face.
    """

    judges: list[Judge]
    wild: EvaluationPhotos
    seen: Look
    smiling: EvaluationPhotos
    neutral: EvaluationPhotos
    mesh: np.ndarray

    @property
    def for_light(self) -> EvaluationPhotos:
        """Photographs that other light is laid over: the neutral ones, or else the first of twenty people."""
        if len(self.neutral):
            return self.neutral
        return self.wild.select(first_of_each(self.wild.identity)[:20])


def trial(photos: EvaluationPhotos, look: Callable[[EvaluationPhotos, list[Judge]], Look] = look_at_photos) -> Trial:
    """Sort ``photos``: those without a stated expression are the wild ones (all of them, where all have one).

    ``look`` gives what the judges see in the wild photographs; it may have kept it.
    """
    unknown = photos.expression == ""
    wild = photos.select(unknown) if unknown.any() else photos
    smiling, neutral = smiling_and_neutral(photos)
    jury = [judges.load(name) for name in JUDGES]
    mesh = mean_mesh(neutral.mesh if len(neutral) else wild.mesh)
    return Trial(jury, wild, look(wild, jury), smiling, neutral, mesh)


def smiling_and_neutral(photos: EvaluationPhotos) -> tuple[EvaluationPhotos, EvaluationPhotos]:
    """A smiling and a neutral photograph of each person who has both, in the same order."""
    rows: list[list[int]] = []
    for person in np.unique(photos.identity):
        both = [np.flatnonzero((photos.identity == person) & (photos.expression == e)) for e in ("smiling", "neutral")]
        if all(len(found) for found in both):
            rows.append([int(found[0]) for found in both])
    smiling, neutral = np.array(rows, int).reshape(-1, 2).T
    return photos.select(smiling), photos.select(neutral)


def first_of_each(identity: np.ndarray) -> np.ndarray:
    """The row of each person's first photograph, in the order of the photographs."""
    return np.sort(np.unique(identity, return_index=True)[1])
