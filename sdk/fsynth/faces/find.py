"""Finds every face in a photo."""

from __future__ import annotations

import numpy as np

from fsynth.faces.detector import INPUT_SIZE, Detections, detect, detect_batch
from fsynth.faces.face import Face
from fsynth.faces.landmarks import eye_centres
from fsynth.faces.mesh import find_mesh
from fsynth.faces.photo import Photo, read_photo
from fsynth.faces.resample import resample
from fsynth.faces.similarity import apply_transform, fit_similarity, invert_transform
from fsynth.faces.views import look

_CANDIDATE = 0.5  # score of a candidate in any view
_FAINT = 0.3  # the same where no such candidate is a face: what upside-down faces score at least
_SURE = 0.75  # score in the candidate's own view at which no other turn is tried
_CONFIRMED = 0.6  # score in its own view, and confidence of the mesh, that a face must have
_EYES_AGREE = 0.25  # of the interocular distance, between detector and mesh; faces stay below 0.2, mistakes don't
_OWN_SIZE = 80  # px of the face in its own view: where the detector is surest


def find_faces(photo: Photo) -> list[Face]:
    """Find the faces in a photo, whatever their number, size and roll.

    BlazeFace looks at the whole photo and at overlapping tiles of it (``views.look``). Each candidate then gets a view
    of its own, upright and at the detector's best scale; where it does not look upright, the other three quarter
    turns are tried, so that photos lying on a side or upside down need no EXIF orientation. FaceMesh has the last word.

    Args:
        photo: a path, a Pillow image or an array (H, W, 3) uint8 sRGB; see ``read_photo``.

    Returns:
        The faces, largest box first; empty if there is none.

    Raises:
        PhotoError, ArgumentError: as ``read_photo``.
    """
    image = read_photo(photo)
    candidates = look(image, _FAINT)
    clear = candidates.scores >= _CANDIDATE
    faces = _confirm_all(image, candidates, clear) or _confirm_all(image, candidates, ~clear)
    return sorted(faces, key=lambda face: -float(np.prod(face.box[2:] - face.box[:2])))


def _confirm_all(photo: np.ndarray, candidates: Detections, which: np.ndarray) -> list[Face]:
    """The faces among the candidates that ``which`` (N,) bool selects, each once."""
    faces: list[Face] = []
    for box, eyes in zip(candidates.boxes[which], candidates.eyes[which], strict=True):
        if any(_same(box, face.box) for face in faces):
            continue
        face = _confirm(photo, box, eyes)
        if face is not None and not any(_same(face.box, other.box) for other in faces):
            faces.append(face)
    return faces


def _confirm(photo: np.ndarray, box: np.ndarray, eyes: np.ndarray) -> Face | None:
    """The face at a candidate's place, or None if a closer look shows none."""
    transform = _own_view(box, eyes)
    seen = _nearest(detect(resample(photo, transform, INPUT_SIZE, INPUT_SIZE), _FAINT))
    if seen is None or seen[2] < _SURE:
        turned = [_turn(transform, quarter) for quarter in (1, 2, 3)]
        views = np.stack([resample(photo, turn, INPUT_SIZE, INPUT_SIZE) for turn in turned])
        for turn, found in zip(turned, detect_batch(views, _FAINT), strict=True):
            other = _nearest(found)
            if other is not None and (seen is None or other[2] > seen[2]):
                transform, seen = turn, other
    if seen is None or seen[2] < _CONFIRMED:
        return None
    back = invert_transform(transform)
    corners, eyes = apply_transform(back, seen[0].reshape(2, 2)), apply_transform(back, seen[1])
    mesh, confidence = find_mesh(photo, np.concatenate([corners.min(axis=0), corners.max(axis=0)]), eyes)
    apart = np.linalg.norm(eye_centres(mesh) - eyes, axis=1).mean()
    if confidence < _CONFIRMED or apart > _EYES_AGREE * np.linalg.norm(eyes[1] - eyes[0]):
        return None
    return Face(np.concatenate([mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)]), float(seen[2]), mesh)


def _own_view(box: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """The similarity (2, 3) that puts the candidate upright into the middle of a detector view."""
    centre = (box[:2] + box[2:]) / 2
    across = eyes[1] - eyes[0]
    length = float(np.hypot(*across))
    across = across / length if length > 0 else np.array([1.0, 0.0])
    middle = (INPUT_SIZE - 1) / 2
    half = max(float(np.max(box[2:] - box[:2])), 1.0) / 2
    return fit_similarity(
        np.stack([centre, centre + half * across]), np.array([[middle, middle], [middle + _OWN_SIZE / 2, middle]])
    )


def _turn(transform: np.ndarray, quarters: int) -> np.ndarray:
    """``transform`` followed by quarter turns about the middle of the view."""
    middle = (INPUT_SIZE - 1) / 2
    factor = 1j**quarters
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    matrix: np.ndarray = turn @ transform
    matrix[:, 2] += middle - turn @ np.array([middle, middle])
    return matrix


def _nearest(found: Detections) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Box, eyes and score of the best detection that covers the middle of a view."""
    middle = (INPUT_SIZE - 1) / 2
    for box, eyes, score in zip(found.boxes, found.eyes, found.scores, strict=True):
        if np.all(box[:2] < middle) and np.all(box[2:] > middle):
            return box, eyes, float(score)
    return None


def _same(box: np.ndarray, other: np.ndarray) -> bool:
    """Whether two boxes are one face: the smaller lies at least half within the larger."""
    shared = np.prod(np.maximum(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0))
    return bool(shared > 0.5 * min(np.prod(box[2:] - box[:2]), np.prod(other[2:] - other[:2])))
