"""Finds every face in a photo."""

from __future__ import annotations

import numpy as np

from fsynth.errors import ArgumentError
from fsynth.faces.detector import INPUT_SIZE, Detections, detect, intersection_over_union
from fsynth.faces.face import Face
from fsynth.faces.landmarks import eye_centres
from fsynth.faces.mesh import find_mesh
from fsynth.faces.photo import Photo, read_photo
from fsynth.faces.resample import resample
from fsynth.faces.similarity import apply_transform, fit_similarity, invert_transform
from fsynth.faces.views import SMALLEST_SHARE, coarsest_scale, finer_scale, look

_CANDIDATE = 0.5  # score of a candidate in any view
_FAINT = 0.3  # the same where no such candidate is a face: what upside-down faces score at least
_SURE = 0.9  # score in the candidate's own view that no upside-down face has
# What a face must have. The least of 760 photographs (600 from LFW) had 0.80, 0.97 and 0.064; coins, a cat and a
# rocket's fairing, each a face to one of the networks, miss one of the three.
_CONFIRMED = 0.6  # score in its own view
_MESH_SURE = 0.85  # confidence of the mesh
_EYES_AGREE = 0.09  # distance between the detector's and the mesh's eyes, of the side of the detector's box
_TRIED = 0.5  # overlap (intersection over union) with a box that was looked at before
_OWN_SIZE = 80  # px of the face in its own view: where the detector is surest


def find_faces(photo: Photo, *, smallest_share: float = SMALLEST_SHARE) -> list[Face]:
    """Find the faces in a photo, whatever their number, size and roll.

    BlazeFace looks at the whole photo and at overlapping tiles of it (``views``). Each candidate then gets a view
    of its own, upright and at the detector's best scale, and upside down where that is in doubt, so that photos lying
    on a side or on their head need no EXIF orientation. FaceMesh has the last word: it must be confident, and agree
    with the detector about the eyes.

    The search goes from coarse to fine and ends where the next level could only show faces of less than
    ``smallest_share`` of the largest one found, or of less than 32 px from brow to chin.

    Measured: of 40 heads pasted into a 24-megapixel picture, all were found at 12 px between the eyes and above, 36 at
    10 px, and nothing else; of 60 portraits turned by 20, 45, 90, 135, 180 and 225 degrees, all 360, with the mesh
    within 7 % of the interocular distance of that of the upright portrait; of 600 photographs from Labeled Faces in the
    Wild, all. Seconds on one core: 0.03 for 0.3 megapixels, 0.2 for a portrait of 12 megapixels, 2 for 12 megapixels
    without a face, 3.5 for a group of 40 in 24 megapixels.

    Args:
        photo: a path, a Pillow image or an array (H, W, 3) uint8 sRGB; see ``read_photo``.
        smallest_share: 0..1; faces smaller than this share of the largest are not looked for, though they may be found.
            1 ends the search as soon as the largest face must have been seen, which is four times as fast in a
            photo of 12 megapixels.

    Returns:
        The faces, largest box within the photo first; empty if there is none.

    Raises:
        PhotoError, ArgumentError: as ``read_photo``, or ``smallest_share`` is not 0..1.
    """
    if not 0 <= smallest_share <= 1:
        raise ArgumentError(f"`smallest_share` must be in 0..1, it is {smallest_share}.")
    image = read_photo(photo)
    faces: list[Face] = []
    tried: list[np.ndarray] = []
    faint = []
    scale: float | None = coarsest_scale(image.shape)
    while scale is not None:
        seen = look(image, scale, _FAINT)
        clear = seen.scores >= _CANDIDATE
        _add_faces(image, seen.select(clear), faces, tried)
        faint.append(seen.select(~clear))
        largest = max((float(np.max(face.box[2:] - face.box[:2])) for face in faces), default=0.0)
        scale = finer_scale(scale, largest, smallest_share)
    if not faces:
        for seen in faint:
            _add_faces(image, seen, faces, tried)
    return sorted(faces, key=lambda face: -_visible_area(face.box, image.shape))


def _add_faces(photo: np.ndarray, candidates: Detections, faces: list[Face], tried: list[np.ndarray]) -> None:
    """Append to ``faces`` those of the candidates that are new faces, and to ``tried`` each box that was looked at."""
    for box, eyes in zip(candidates.boxes, candidates.eyes, strict=True):
        known = any(_same(box, face.box) for face in faces)
        if known or (tried and intersection_over_union(box, np.stack(tried)).max() > _TRIED):
            continue
        tried.append(box)
        face = _confirm(photo, box, eyes)
        if face is not None and not any(_same(face.box, other.box) for other in faces):
            faces.append(face)


def _confirm(photo: np.ndarray, box: np.ndarray, eyes: np.ndarray) -> Face | None:
    """The face at a candidate's place, or None if two closer looks show none; the second uses what the first saw."""
    for _ in range(2):
        transform, seen = _look_closely(photo, _own_view(box, eyes))
        if seen.best_score < _CONFIRMED:
            return None
        back = invert_transform(transform)
        corners, eyes = apply_transform(back, seen.boxes[0].reshape(2, 2)), apply_transform(back, seen.eyes[0])
        box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        mesh, confidence = find_mesh(photo, box, eyes)
        apart = np.linalg.norm(eye_centres(mesh) - eyes, axis=1).mean()
        size = np.linalg.norm(corners[1] - corners[0]) / np.sqrt(2)
        if confidence >= _MESH_SURE and apart <= _EYES_AGREE * size:
            return Face(np.concatenate([mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)]), seen.best_score, mesh)
    return None


def _look_closely(photo: np.ndarray, transform: np.ndarray) -> tuple[np.ndarray, Detections]:
    """The detection in the middle of a candidate's own view, or of that view upside down if that is surer."""
    seen = _in_the_middle(detect(resample(photo, transform, INPUT_SIZE, INPUT_SIZE), _FAINT))
    if seen.best_score >= _SURE:
        return transform, seen
    turned = np.array([[0, 0, INPUT_SIZE - 1], [0, 0, INPUT_SIZE - 1]]) - transform
    other = _in_the_middle(detect(resample(photo, turned, INPUT_SIZE, INPUT_SIZE), _FAINT))
    return (turned, other) if other.best_score > seen.best_score else (transform, seen)


def _in_the_middle(found: Detections) -> Detections:
    """The best detection that covers the middle of a view, if one does."""
    middle = (INPUT_SIZE - 1) / 2
    covers = np.all((found.boxes[:, :2] < middle) & (found.boxes[:, 2:] > middle), axis=1)
    return found.select(np.flatnonzero(covers)[:1])


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


def _visible_area(box: np.ndarray, shape: tuple[int, ...]) -> float:
    """The area of ``box`` within a photo of ``shape`` (H, W, 3)."""
    within = np.minimum(box[2:], shape[1::-1]) - np.maximum(box[:2], 0)
    return float(np.prod(np.maximum(within, 0)))


def _same(box: np.ndarray, other: np.ndarray) -> bool:
    """Whether two boxes are one face: the smaller lies at least half within the larger."""
    shared = np.prod(np.maximum(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0))
    return bool(shared > 0.5 * min(np.prod(box[2:] - box[:2]), np.prod(other[2:] - other[:2])))
