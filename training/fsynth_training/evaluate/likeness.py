"""How much a normalized face looks like its person, as judged by an encoder that took no part in making it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import rankdata

from fsynth import encoder
from fsynth.encoder import Encoder
from fsynth.faces import INNER_LIPS_65, LANDMARKS_65, eye_centres
from fsynth.faces.mesh import find_mesh
from fsynth_training.dataset.prepare import PreparedSet

PARTED = 0.06
"""Lips count as parted when the gap between the inner lips is more than this times the interocular distance."""


@dataclass(frozen=True)
class Likeness:
    """Figures of one decoder on one set of people with several photos each.

    Attributes:
        auc_same: area under the ROC curve, output against its own photo, strangers' photos as negatives.
        auc_other: the same against another photo of the person.
        rank1, rank5: share of outputs whose person's *other* photo is the nearest, or among the five nearest, of one
            photo of each person.
        stability: mean centred cosine between outputs of one person's photos; ``impostor`` between strangers' outputs,
            the alarm for artefacts that are the same on everybody.
        lips_parted: share of outputs with parted lips.
        mouth_leak: correlation of the mouth's width in the photo with that in the output.
    """

    auc_same: float
    auc_other: float
    rank1: float
    rank5: float
    stability: float
    impostor: float
    lips_parted: float
    mouth_leak: float

    def to_row(self) -> str:
        """One row of a markdown table."""
        return " | ".join(f"{value:.3f}" for value in asdict(self).values())


def meshes_of(images: np.ndarray) -> np.ndarray:
    """FaceMesh points (N, 468, 3) of normalized faces (N, 224, 224, 3) uint8, whose place is known."""
    box, eyes = np.array([50.0, 60.0, 173.0, 190.0]), np.array([[84.0, 98.0], [139.0, 98.0]])
    return np.stack([find_mesh(image, box, eyes)[0] for image in images])


def embeddings(judge: Encoder, images: np.ndarray, meshes: np.ndarray) -> np.ndarray:
    """Embeddings (N, W) of faces in ``images`` (N, 224, 224, 3) uint8 with ``meshes`` (N, 468, 3)."""
    return judge.encode(np.stack([judge.crop(image, mesh) for image, mesh in zip(images, meshes, strict=True)]))


def mouth(meshes: np.ndarray) -> np.ndarray:
    """Width of the mouth and gap of the inner lips over the interocular distance, (N, 2)."""
    upper, lower = LANDMARKS_65[list(INNER_LIPS_65)]
    iod = np.array([np.linalg.norm(np.diff(eye_centres(mesh), axis=0)) for mesh in meshes])
    width = np.linalg.norm(meshes[:, 61, :2] - meshes[:, 291, :2], axis=1)
    gap = np.linalg.norm(meshes[:, upper, :2] - meshes[:, lower, :2], axis=1)
    return np.stack([width, gap], axis=1) / iod[:, None]


def auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Area under the ROC curve of scores, the Mann-Whitney statistic."""
    ranks = rankdata(np.concatenate([positives, negatives]))
    wins = ranks[: len(positives)].sum() - len(positives) * (len(positives) + 1) / 2
    return float(wins / (len(positives) * len(negatives)))


def score(outputs: np.ndarray, photos: PreparedSet, photo_embeddings: np.ndarray, judge: Encoder) -> Likeness:
    """Score ``outputs`` (N, 224, 224, 3) uint8 made from ``photos`` (N), whose embeddings are ``photo_embeddings``."""
    meshes = meshes_of(outputs)
    made = embeddings(judge, outputs, meshes)
    _, person = np.unique(photos.identity, return_inverse=True)
    distance = np.linalg.norm(made[:, None] - photo_embeddings[None], axis=2)
    same = person[:, None] == person[None]
    own = np.eye(len(person), dtype=bool)

    firsts = np.unique(person, return_index=True)[1]
    ranks = []
    for row in range(len(person)):
        others = np.flatnonzero(same[row] & ~own[row])
        gallery = firsts.copy()
        gallery[person[row]] = others[row % len(others)]
        order = np.argsort(distance[row, gallery])
        ranks.append(int(np.flatnonzero(order == person[row])[0]))
    ranks_array = np.array(ranks)

    def centred(vectors: np.ndarray) -> np.ndarray:
        unit = vectors - photo_embeddings.mean(axis=0)
        return unit / np.linalg.norm(unit, axis=1, keepdims=True)

    cosine = centred(made) @ centred(made).T
    there, here = mouth(photos.mesh), mouth(meshes)
    return Likeness(
        auc_same=auc(-distance[own], -distance[~same]),
        auc_other=auc(-distance[same & ~own], -distance[~same]),
        rank1=float((ranks_array < 1).mean()),
        rank5=float((ranks_array < 5).mean()),
        stability=float(cosine[same & ~own].mean()),
        impostor=float(cosine[~same].mean()),
        lips_parted=float((here[:, 1] > PARTED).mean()),
        mouth_leak=float(np.corrcoef(there[:, 0], here[:, 0])[0, 1]),
    )


def second_encoder() -> Encoder:
    """The judge: dlib's network, which no decoder is trained with."""
    return encoder.load("dlib")
