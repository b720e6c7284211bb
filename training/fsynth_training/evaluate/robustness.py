"""How likeness holds when the photograph is degraded: section 7.1 of the paper in numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fsynth.errors import NoFaceError
from fsynth.faces import AlignedFace, align, eye_centres, find_faces
from fsynth.faces.alignment import EYE_TARGETS, INTEROCULAR
from fsynth.faces.resample import resample
from fsynth_training.evaluate.degrade import CLEAN, Degradation, degradations
from fsynth_training.evaluate.kept import kept_arrays
from fsynth_training.evaluate.looks import Look
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.resemblance import distances, rank_share, ranks_of_other_photos
from fsynth_training.evaluate.trial import Trial, first_of_each

_SAME_FACE = 0.5  # a face whose eyes are further off than this times their distance is another one


@dataclass(frozen=True, eq=False)
class FoundAgain:
    """The faces that were found again in N photographs after a degradation.

    Attributes:
        rows: (M,) int, which of the N they are.
        transform: (M, 2, 3), from the degraded image to the face aligned anew.
        mesh: (M, 468, 3) float32 px of the latter.
        features: by encoder, (M, W).
    """

    rows: np.ndarray
    transform: np.ndarray
    mesh: np.ndarray
    features: dict[str, np.ndarray]

    def photos(self, clean: EvaluationPhotos, degradation: Degradation) -> EvaluationPhotos:
        """The degraded photographs of which these are the faces."""
        pairs = zip(clean.aligned[self.rows], clean.mesh[self.rows], self.transform, strict=True)
        images = [resample(degradation.apply(image, mesh), transform, 224, 224) for image, mesh, transform in pairs]
        names = clean.identity[self.rows], clean.expression[self.rows], clean.name[self.rows]
        return EvaluationPhotos(np.stack(images), self.mesh, self.features, *names)


@dataclass(frozen=True)
class Robustness:
    """Outputs made from degraded photographs.

    Attributes:
        found: share of the photographs in which the face was still found. The rest counts as not recognised.
        rank1: share whose person's other, clean photo is the nearest of one photo of each person.
        beyond: share that is not less than the judge's distance for one person away from the clean photo.
        distance: mean distance to the clean photo.
        moved: mean distance to the output made from the clean photo.
    """

    found: float
    rank1: float
    beyond: float
    distance: float
    moved: float


class DegradedPhotos:
    """Photographs of a trial, one a person, with every degradation laid over them."""

    def __init__(self, on: Trial, number: int, folder: Path, progress: Callable[[str], None]) -> None:
        """Take the first photograph of each of ``number`` people.

        Args:
            on: the trial.
            number: at most that many people.
            folder: where what was found in degraded photographs is kept.
            progress: told how far it is.

        Raises:
            NoFaceError: the faces are not found again even where nothing was changed.
        """
        self.on, self._folder, self._progress = on, folder, progress
        self.source = first_of_each(on.wild.identity)[:number]
        self.clean = on.wild.select(self.source)
        again = self.found(CLEAN).rows
        if not len(again):
            raise NoFaceError("In none of the aligned photographs the face is found again: give clearer ones.")
        self.source = self.source[again]
        self.clean = on.wild.select(self.source)

    def found(self, degradation: Degradation) -> FoundAgain:
        """The faces that are still found after ``degradation``."""
        depends = [degradation.name, self.clean.digest(), *sorted(self.clean.features)]
        arrays = kept_arrays(self._folder, "degraded", depends, lambda: self._find(degradation))
        features = {name.partition("-")[2]: rows for name, rows in arrays.items() if name.startswith("features-")}
        return FoundAgain(arrays["rows"], arrays["transform"], arrays["mesh"], features)

    def _find(self, degradation: Degradation) -> dict[str, np.ndarray]:
        self._progress(f"looking for faces in degraded photographs: {degradation.name}")
        found = find_again(self.clean, degradation)
        features = {f"features-{name}": rows for name, rows in found.features.items()}
        return {"rows": found.rows, "transform": found.transform, "mesh": found.mesh, **features}

    def measure(self, look: Callable[[EvaluationPhotos], Look]) -> dict[str, Any]:
        """By judge, kind and level the fields of ``Robustness``, for what ``look`` sees of degraded photographs."""
        clean = look(self.found(CLEAN).photos(self.clean, CLEAN)).embeddings
        results: dict[str, Any] = {judge.name: {} for judge in self.on.judges}
        for degradation in degradations():
            found = self.found(degradation)
            seen = look(found.photos(self.clean, degradation)).embeddings if len(found.rows) else clean
            for judge in self.on.judges:
                name = judge.name
                measured = robustness(
                    seen[name][: len(found.rows)],
                    clean[name][found.rows],
                    self.source[found.rows],
                    len(found.rows) / len(self.source),
                    self.on.seen.embeddings[name],
                    self.on.wild.identity,
                    judge.same_person_distance,
                )
                results[name].setdefault(degradation.kind, {})[degradation.level] = asdict(measured)
        return results


def find_again(photos: EvaluationPhotos, degradation: Degradation) -> FoundAgain:
    """Degrade aligned faces, and find, align and encode the face again in what is left."""
    rows, transforms, meshes = [], [], []
    for row, (image, mesh) in enumerate(zip(photos.aligned, photos.mesh, strict=True)):
        aligned = _same_face(degradation.apply(image, mesh))
        if aligned is not None:
            depth = aligned.face.mesh[:, 2:] * np.sqrt(np.linalg.det(aligned.transform[:, :2]))
            meshes.append(np.concatenate([aligned.to_crop(aligned.face.mesh[:, :2]), depth], axis=1))
            transforms.append(aligned.transform)
            rows.append(row)
    transform, mesh = np.array(transforms).reshape(-1, 2, 3), np.array(meshes, np.float32).reshape(-1, 468, 3)
    nothing = {name: features[:0] for name, features in photos.features.items()}
    found = FoundAgain(np.array(rows, int), transform, mesh, nothing)
    if not rows:
        return found
    seen = photos.select(found.rows).seen_again(found.photos(photos, degradation).aligned, mesh)
    return FoundAgain(found.rows, transform, mesh, seen.features)


def _same_face(image: np.ndarray) -> AlignedFace | None:
    """The face of a degraded aligned image that stands where the person's face stood."""
    for face in find_faces(image, smallest_share=1):
        if np.linalg.norm(eye_centres(face.mesh) - EYE_TARGETS, axis=1).mean() < _SAME_FACE * INTEROCULAR:
            return align(image, face)
    return None


def robustness(
    made: np.ndarray,
    clean: np.ndarray,
    source: np.ndarray,
    found: float,
    photos: np.ndarray,
    identity: np.ndarray,
    same_person: float,
) -> Robustness:
    """Compare outputs made from degraded photographs with clean photographs.

    Args:
        made: (M, W), embeddings of outputs of degraded photographs. clean: (M, W), of the same photographs undegraded.
        source: (M,) int, which of the P photographs each was.
        found: share of the degraded photographs that these M are.
        photos: (P, W), embeddings of photographs. identity: (P,), whose they are.
        same_person: the judge's distance below which two embeddings are one person's.
    """
    if not len(made):
        return Robustness(0.0, 0.0, 1.0, float("nan"), float("nan"))
    _, person = np.unique(identity, return_inverse=True)
    distance = distances(made, photos)
    own = distance[np.arange(len(source)), source]
    return Robustness(
        found=found,
        rank1=rank_share(ranks_of_other_photos(distance, source, person), 1) * found,
        beyond=float((own >= same_person).mean()) * found + 1 - found,
        distance=float(own.mean()),
        moved=float(np.linalg.norm(made - clean, axis=1).mean()),
    )
