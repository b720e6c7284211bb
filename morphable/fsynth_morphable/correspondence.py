"""Which points of a model the landmarks are (appendix B.1): found in pictures of its mean head, and put to the vote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fsynth_morphable.camera import Camera, rotation_matrix
from fsynth_morphable.errors import ArgumentError, LandmarksError
from fsynth_morphable.landmarks import COUNT, MIRROR, OUTLINE
from fsynth_morphable.model import LandmarkPoints, MorphableModel
from fsynth_morphable.raycast import Hits, MeanHead

Detect = Callable[[np.ndarray], np.ndarray | None]
"""Finds the 65 landmarks (65, 2) px in an image (H, W, 3) uint8 sRGB, or None where it sees no face."""

View = tuple[Camera, np.ndarray]
"""A camera, and the direction towards the lamp in its space (3,)."""

VIEWS = 40
# Times as many for the outline, whose votes spread more.
_OUTLINE_VIEWS = 2
IMAGE_SIZE = 256
# Standard deviations of the cameras' turns in degrees, about the axes X (nodding), Y (shaking) and Z.
_JITTER = np.array([5.0, 8.0, 4.0])
# On turned views landmarks of the outline slide along the silhouette, from the jaw to the neck: theirs are the votes
# of cameras that look nearly straight.
_JITTER_OUTLINE = np.array([2.0, 1.5, 4.0])
# Votes further from the median than so many times the median distance do not count.
_OUTLIER = 4.0
# A mesh counts as symmetric if half of its vertices have a mirror image within this share of the head's width.
_SYMMETRIC = 0.002


@dataclass(frozen=True, eq=False)
class Votes:
    """Where the views saw the landmarks. ``surface``: (V, 65, 3) metres; ``vertex``: (V, 65) rows of vertices."""

    surface: np.ndarray
    vertex: np.ndarray


def vote_landmarks(
    model: MorphableModel,
    detect: Detect,
    *,
    seed: int = 0,
    views: int = VIEWS,
    points: Literal["surface", "vertex"] = "surface",
    symmetric: bool = True,
) -> LandmarkPoints:
    """Find the model's landmarks.

    Renders the mean head from ``views`` randomly turned cameras under a lamp somewhere before it, lets ``detect`` find
    the landmarks in the pictures, and takes the point of the skin that is visible there, or if there is none, the
    nearest one in the picture. Of all views' points the mean without outliers counts, put back on the skin; for the
    outline of the face, the mean's place in the picture.

    Args:
        model: its ``landmarks`` are not looked at.
        detect: see ``Detect``.
        seed: of the cameras and lamps.
        views: how many cameras for the inner face; twice as many look at its outline.
        points: "surface" for points on triangles; "vertex" for the paper's single vertices, of which the one that most
            views name is taken.
        symmetric: let votes of either side count for both, if the mesh is its own mirror image (surface points only).

    Raises:
        LandmarksError: ``detect`` sees no face in the pictures.
        ArgumentError: ``views`` or ``points`` is none of the above.
        MissingPackageError: open3d is not installed.
    """
    if views < 1 or points not in ("surface", "vertex"):
        raise ArgumentError('`views` must be 1 or more and `points` "surface" or "vertex".')
    head = MeanHead(model)
    rng = np.random.default_rng(seed)
    middle, extent = _find_face(head, detect, model.name)
    inner = _collect(head, detect, _views(rng, views, _JITTER, middle, extent), model.name)
    outline = _collect(head, detect, _views(rng, _OUTLINE_VIEWS * views, _JITTER_OUTLINE, middle, extent), model.name)
    if points == "vertex":
        chosen = _most_named(inner.vertex)
        chosen[OUTLINE] = _most_named(outline.vertex)[OUTLINE]
        return _on_control_mesh(model, chosen[:, None], np.ones((COUNT, 1)))
    mirrored = symmetric and is_symmetric(head.vertices)
    positions = _middle_of_votes(inner.surface, mirrored)
    positions[OUTLINE] = _outline(head, outline.surface, mirrored)[OUTLINE]
    found = head.nearest_skin(positions)
    return _on_control_mesh(model, head.triangles[found.triangle], found.weights)


def is_symmetric(vertices: np.ndarray) -> bool:
    """Whether a mesh (N, 3) is its own mirror image in X."""
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(vertices).query(vertices * [-1, 1, 1])
    return bool(np.median(distance) <= _SYMMETRIC * np.ptp(vertices[:, 0]))


def _find_face(head: MeanHead, detect: Detect, name: str) -> tuple[np.ndarray, float]:
    """The middle of the face in model space (3,), and its size in metres, from a first look at the whole mesh."""
    skin = head.vertices[np.unique(head.triangles[head.skin])]
    whole = (skin.min(axis=0) + skin.max(axis=0)) / 2
    camera = _frame(np.eye(3), whole, float(np.ptp(skin, axis=0).max()))
    seen = _look(head, detect, camera, np.array([0.0, 0.5, 1.0]))
    if seen is None:
        raise LandmarksError(
            f"No face can be seen on the mean head of {name} from the front. Its face must look along +Z, Y up."
        )
    face = seen[0]
    low, high = np.quantile(face, [0.1, 0.9], axis=0)
    return (low + high) / 2, 2.2 * float((high - low)[:2].max())


def _views(rng: np.random.Generator, count: int, jitter: np.ndarray, middle: np.ndarray, extent: float) -> list[View]:
    """``count`` random cameras and the directions to their lamps, in opposite pairs.

    Where the surface falls away from the camera its points move along with the turn; in a pair that cancels, so that
    the mean does not depend on where the cameras happen to look on average.
    """
    views = []
    for _ in range((count + 1) // 2):
        turn = np.radians(jitter * np.clip(rng.standard_normal(3), -2, 2))
        shift = rng.uniform(-0.05, 0.05, 3) * extent
        size = extent * rng.uniform(0.85, 1.2)
        light = np.array([*rng.uniform([-0.6, -0.1], [0.6, 0.8]), 1.0])
        for sign in (1, -1):
            camera = _frame(rotation_matrix(sign * turn), middle + shift * [sign, 1, 1], size)
            views.append((camera, light * [sign, 1, 1]))
    return views[:count]


def _frame(rotation: np.ndarray, middle: np.ndarray, extent: float) -> Camera:
    """A camera that sees ``extent`` metres around ``middle``."""
    blank = Camera(image_size=IMAGE_SIZE)
    distance = 1.05 * extent * blank.focal_length / IMAGE_SIZE
    return Camera(rotation, -rotation @ middle - [0, 0, distance], image_size=IMAGE_SIZE)


def _collect(head: MeanHead, detect: Detect, views: list[View], name: str) -> Votes:
    seen = [_look(head, detect, camera, light) for camera, light in views]
    found = [view for view in seen if view is not None]
    if len(found) < max(1, len(views) // 2):
        raise LandmarksError(f"A face was seen in only {len(found)} of {len(views)} views of the mean head of {name}.")
    return Votes(np.stack([view[0] for view in found]), np.stack([view[1] for view in found]))


def _look(head: MeanHead, detect: Detect, camera: Camera, light: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """One view's votes: surface points (65, 3) and vertices (65,), or None if no face is seen."""
    image, shown = head.render(camera, light)
    landmarks = detect(image)
    if landmarks is None:
        return None
    landmarks = np.asarray(landmarks, np.float64)
    if landmarks.shape != (COUNT, 2) or not np.isfinite(landmarks).all():
        raise LandmarksError(f"`detect` must give ({COUNT}, 2) finite numbers, it gave {landmarks.shape}.")
    visible = np.flatnonzero(head.visible_vertices(camera))
    points, _ = camera.project(head.vertices[visible])
    nearest = np.linalg.norm(points - landmarks[:, None], axis=-1).argmin(axis=1)
    return head.positions(_visible_skin(head, camera, landmarks, shown)), visible[nearest]


def _visible_skin(head: MeanHead, camera: Camera, landmarks: np.ndarray, shown: Hits) -> Hits:
    """The skin visible at the landmarks; where none is, that at the nearest pixel with skin."""
    hits = head.cast(camera, landmarks)
    on_skin = (hits.triangle >= 0) & head.skin[hits.triangle]
    rows, columns = np.nonzero((shown.triangle >= 0) & head.skin[shown.triangle])
    pixels = np.stack([columns, rows], axis=1)
    triangle, weights = hits.triangle.copy(), hits.weights.copy()
    for lost in np.flatnonzero(~on_skin):
        x, y = pixels[np.square(pixels - landmarks[lost]).sum(axis=1).argmin()]
        triangle[lost], weights[lost] = shown.triangle[y, x], shown.weights[y, x]
    return Hits(triangle, weights)


def _middle_of_votes(points: np.ndarray, mirrored: bool) -> np.ndarray:
    """The mean (L, 3) of points (V, L, 3) without outliers; if ``mirrored``, of their mirror images, too."""
    distance = np.linalg.norm(points - np.median(points, axis=0), axis=-1)
    kept = distance <= _OUTLIER * np.median(distance, axis=0) + 1e-9
    mean = (points * kept[..., None]).sum(axis=0) / kept.sum(axis=0)[:, None]
    return (mean + mean[MIRROR] * [-1, 1, 1]) / 2 if mirrored else mean


def _outline(head: MeanHead, points: np.ndarray, mirrored: bool) -> np.ndarray:
    """The skin (L, 3) that the votes (V, L, 3) for landmarks on the outline cover, seen from the front.

    Rays to the outline graze the face, and some slip past the cheek and end on the ear or the neck: how deep they went
    says little, but where they are in the picture still is where the landmark is.
    """
    positions = _middle_of_votes(points, mirrored)
    positions[:, :2] = _middle_of_votes(points * [1, 1, 0], mirrored)[:, :2]
    hits = head.from_front(positions)
    on_skin = (hits.triangle >= 0) & head.skin[hits.triangle]
    return np.where(on_skin[:, None], head.positions(hits), positions)


def _most_named(vertices: np.ndarray) -> np.ndarray:
    """For each column of (V, L) the vertex that comes most often."""
    chosen = []
    for votes in vertices.T:
        names, counts = np.unique(votes, return_counts=True)
        chosen.append(names[counts.argmax()])
    return np.array(chosen)


def _on_control_mesh(model: MorphableModel, vertices: np.ndarray, weights: np.ndarray) -> LandmarkPoints:
    """Points (L, c) of the surface in terms of the control mesh."""
    if model.subdivision is None:
        return LandmarkPoints(vertices.astype(np.int32), weights)
    n = len(model.mean)
    of_corners = model.subdivision.weights(vertices.ravel(), n).reshape(*vertices.shape, n)
    dense = np.einsum("lc,lcn->ln", weights, of_corners)
    width = int((dense != 0).sum(axis=1).max())
    heaviest = np.argsort(-np.abs(dense), axis=1, kind="stable")[:, :width]
    kept = np.take_along_axis(dense, heaviest, axis=1)
    return LandmarkPoints(heaviest.astype(np.int32), kept / kept.sum(axis=1, keepdims=True))
