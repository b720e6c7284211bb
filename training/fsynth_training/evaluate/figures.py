"""All figures of the model card for one weights file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fsynth import encoder
from fsynth_training.dataset.colour import difference, to_lab
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.light import skin_lab
from fsynth_training.evaluate import judges
from fsynth_training.evaluate.accuracy import accuracy
from fsynth_training.evaluate.leaks import leaks
from fsynth_training.evaluate.lights import lights, relight
from fsynth_training.evaluate.likeness import meshes_of
from fsynth_training.evaluate.mean_face import geometry_with, mean_mesh
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.resemblance import resemblance
from fsynth_training.evaluate.synthesize import Weights

JUDGES = ("dlib", "faceres")
"""dlib's network takes no part in training; FaceRes is the encoder that decoders are trained with."""


@dataclass(frozen=True)
class LightMove:
    """CIEDE2000 by which a light moves the skin of outputs (mean, worst) and the mean colour of the photographs."""

    mean: float
    worst: float
    photo: float


def figures(
    weights: str | Path,
    lfw: EvaluationPhotos,
    london: EvaluationPhotos,
    *,
    photo_embeddings: dict[str, np.ndarray] | None = None,
) -> dict[str, Any]:
    """Measure ``weights`` on photographs of people whom it never saw.

    Args:
        weights: a weights file.
        lfw: photographs in the wild, several of each person.
        london: a neutral and a smiling photograph of each person.
        photo_embeddings: ``embed_photos(lfw)``, to be computed once for many weights.

    Returns:
        "likeness": by judge the fields of ``Resemblance``; "leaks": those of ``Leaks``; "accuracy": those of
        ``Accuracy``, from the smiling photo to the neutral one; "light": by light the fields of ``LightMove``.
        Plain values, fit for JSON.
    """
    decoder = Weights(weights)
    embedded = photo_embeddings or embed_photos(lfw)
    made = decoder.synthesize(lfw)
    meshes = meshes_of(made.images)
    likeness = {}
    for name in JUDGES:
        judge = judges.load(name)
        found = judge.embed(made.images, meshes)
        likeness[name] = asdict(resemblance(found, embedded[name], lfw.identity, judge.same_person_distance))
    smiling, neutral = smiling_and_neutral(london)
    geometry = geometry_with(mean_mesh(neutral.mesh), decoder.mean_landmarks)
    return {
        "likeness": likeness,
        "leaks": asdict(leaks(lfw.mesh, meshes)),
        "accuracy": asdict(accuracy(decoder.synthesize(smiling), neutral, geometry)),
        "light": {name: asdict(move) for name, move in light_moves(decoder, neutral, geometry).items()},
    }


def embed_photos(photos: EvaluationPhotos) -> dict[str, np.ndarray]:
    """By judge, the embeddings (N, W) of the photographs."""
    return {name: judges.load(name).embed(photos.aligned, photos.mesh) for name in JUDGES}


def smiling_and_neutral(photos: EvaluationPhotos) -> tuple[EvaluationPhotos, EvaluationPhotos]:
    """A smiling and a neutral photograph of each person who has both, in the same order."""
    rows = [
        [
            np.flatnonzero((photos.identity == person) & (photos.expression == wanted))[:1]
            for wanted in ("smiling", "neutral")
        ]
        for person in np.unique(photos.identity)
    ]
    smiling, neutral = (np.concatenate(column) for column in zip(*(r for r in rows if all(map(len, r))), strict=True))
    return photos.select(smiling), photos.select(neutral)


def light_moves(decoder: Weights, photos: EvaluationPhotos, geometry: Geometry) -> dict[str, LightMove]:
    """How far each light laid over ``photos`` moves the skin of their normalized faces."""
    network = encoder.load(decoder.encoder)

    def skin(images: np.ndarray) -> np.ndarray:
        chips = np.stack([network.crop(image, mesh) for image, mesh in zip(images, photos.mesh, strict=True)])
        return skin_lab(decoder.decode(network.encode(chips)).textures, geometry)

    def mean_colour(images: np.ndarray) -> np.ndarray:
        return to_lab(images.reshape(len(images), -1, 3).mean(axis=1) / 255)

    before, moves = skin(photos.aligned), {}
    for name, gains in lights().items():
        lit = relight(photos.aligned, gains)
        moved = difference(before, skin(lit))
        photo = difference(mean_colour(photos.aligned), mean_colour(lit))
        moves[name] = LightMove(float(moved.mean()), float(moved.max()), float(photo.mean()))
    return moves
