"""All figures of one maker of faces on one trial; those of the model card among them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fsynth.faces import LANDMARKS_65
from fsynth_training.dataset.screening import pose_angles
from fsynth_training.evaluate import judges
from fsynth_training.evaluate.accuracy import accuracy, sharpness
from fsynth_training.evaluate.kept import plain
from fsynth_training.evaluate.leaks import leaks
from fsynth_training.evaluate.light_moves import light_moves
from fsynth_training.evaluate.looks import Look, look_at, look_at_photos
from fsynth_training.evaluate.mean_face import geometry_with
from fsynth_training.evaluate.photos import EvaluationPhotos, joined
from fsynth_training.evaluate.pose import by_yaw
from fsynth_training.evaluate.resemblance import distances, ranks_of_other_photos, resemblance
from fsynth_training.evaluate.synthesize import Maker, Weights
from fsynth_training.evaluate.trial import JUDGES, Trial, trial


def figures(
    weights: str | Path,
    lfw: EvaluationPhotos,
    london: EvaluationPhotos,
    *,
    photo_embeddings: dict[str, np.ndarray] | None = None,
) -> dict[str, Any]:
    """Measure ``weights`` on photographs of people whom it never saw; about a minute for a thousand photographs.

    Args:
        weights: a weights file.
        lfw: photographs in the wild, several of each person.
        london: a neutral and a smiling photograph of each person.
        photo_embeddings: ``embed_photos(lfw)``, to be computed once for many weights.

    Returns:
        As ``measure``.
    """
    embedded = photo_embeddings or embed_photos(lfw)
    return measure(Weights(weights), trial(joined(lfw, london), lambda photos, jury: Look(photos.mesh, embedded)))


def embed_photos(photos: EvaluationPhotos) -> dict[str, np.ndarray]:
    """By judge, the embeddings (N, W) of the photographs."""
    return look_at_photos(photos, [judges.load(name) for name in JUDGES]).embeddings


def measure(maker: Maker, on: Trial) -> dict[str, Any]:
    """Measure ``maker``.

    Returns:
        Plain values, fit for JSON. "likeness": by judge the fields of ``Resemblance``; "leaks": those of ``Leaks``;
        "pose": by judge a list of ``PoseBin``; "each": by judge the distance to the own photo of each output and the
        rank of another; "light": by light the fields of ``LightMove``; "accuracy": those of ``Accuracy``, from the
        smiling photo to the neutral one, None where there are no such pairs.
    """
    look = look_at(maker, on.wild, on.judges)
    geometry = geometry_with(on.mesh, maker.mean_landmarks)
    exact = accuracy(maker.synthesize(on.smiling), on.neutral, geometry) if len(on.neutral) else None
    light = light_moves(maker, on.for_light, geometry)
    measured = {
        **resemblances(look, on),
        "leaks": asdict(leaks(on.wild.mesh, look.mesh)),
        "accuracy": asdict(exact) if exact else None,
        "light": {name: asdict(move) for name, move in light.items()},
    }
    return dict(plain(measured))


def measure_photos(on: Trial) -> dict[str, Any]:
    """What the photographs themselves would score: the ceiling. Of ``measure``'s entries those that apply."""
    geometry = geometry_with(on.mesh, on.mesh[LANDMARKS_65, :2])
    sharp = sharpness(on.neutral.aligned, geometry.face > 0.5) if len(on.neutral) else None
    measured = {
        **resemblances(on.seen, on),
        "leaks": asdict(leaks(on.wild.mesh, on.wild.mesh)),
        "accuracy": {"sharpness": sharp} if len(on.neutral) else None,
    }
    return dict(plain(measured))


def resemblances(look: Look, on: Trial) -> dict[str, Any]:
    """The entries "likeness", "pose" and "each" of ``measure``, for what the judges see in ``look``."""
    _, person = np.unique(on.wild.identity, return_inverse=True)
    yaw = pose_angles(on.wild.mesh)[:, 0]
    likeness, pose, each = {}, {}, {}
    for judge in on.judges:
        made, photos = look.embeddings[judge.name], on.seen.embeddings[judge.name]
        likeness[judge.name] = asdict(resemblance(made, photos, on.wild.identity, judge.same_person_distance))
        ranks = ranks_of_other_photos(distances(made, photos), np.arange(len(person)), person)
        own = np.linalg.norm(made - photos, axis=1)
        pose[judge.name] = [asdict(part) for part in by_yaw(yaw, ranks, own)]
        each[judge.name] = {"distance": [round(float(d), 4) for d in own], "rank": ranks.tolist()}
    return {"likeness": likeness, "pose": pose, "each": each}
