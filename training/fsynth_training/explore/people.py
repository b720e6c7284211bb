"""What is the same over the photos of one person, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsynth import NormalizedFace


@dataclass(frozen=True, eq=False)
class Person:
    """Several photos of one person.

    Attributes:
        faces: their normalized faces.
        features: (W,), the mean of the photos' features at one length: what they have in common.
        agreement: (N, N), cosines between the features of the photos, less the mean of all people.
        difference: (S, S) float32, 0..1: standard deviation of luma over the normalized faces, pixel by pixel.
    """

    faces: tuple[NormalizedFace, ...]
    features: np.ndarray
    agreement: np.ndarray
    difference: np.ndarray


def person(faces: Sequence[NormalizedFace], mean: np.ndarray) -> Person:
    """Compare normalized faces (N) of one person; ``mean`` (W,) are the mean features of all people."""
    features = np.stack([face.features for face in faces])
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / lengths
    common = unit.mean(axis=0)
    centred = unit - mean / np.linalg.norm(mean)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    luma = np.stack([face.image for face in faces]) @ np.array([0.299, 0.587, 0.114]) / 255
    return Person(
        tuple(faces),
        (common / np.linalg.norm(common) * lengths.mean()).astype(np.float32),
        centred @ centred.T,
        luma.std(axis=0).astype(np.float32),
    )


SAME = 0.5
"""Photos whose features have at least this cosine, less the mean of all people, count as of one person.

Among 200 people of LFW that joins 1 of 1,100 pairs of strangers, and parts 1 of 9 pairs of photos of one person, whom
another photo may join."""


def groups(features: np.ndarray, mean: np.ndarray) -> list[list[int]]:
    """Which photos are of one person: rows of ``features`` (N, W) that are alike, or alike to one that is.

    ``mean`` (W,) are the mean features of all people. Groups and rows come in the order of the photos.
    """
    unit = features / np.linalg.norm(features, axis=1, keepdims=True) - mean / np.linalg.norm(mean)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    alike = unit @ unit.T >= SAME
    label = np.arange(len(features))
    for row in range(len(features)):
        together = np.unique(label[alike[row]])
        label[np.isin(label, together)] = together.min()
    return [np.flatnonzero(label == name).tolist() for name in np.unique(label)]
