"""Where FaceMesh's 468 points lie on the mean head: found in pictures of it, and put to the vote."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from fsynth.faces import find_faces
from fsynth_morphable.camera import rotation_matrix
from fsynth_training.head.render import Scene, portrait_camera, view_rays

VIEWS = 40
_SIZE = 448
_TURNS = np.array([5.0, 7.0, 4.0])  # degrees about X, Y and Z, standard deviations
# Rays at the outline of the face just miss it: they are drawn in towards the middle of the face a little at a time.
_STEPS_INWARDS = np.linspace(0, 0.06, 13)
_OUTLIER = 2.5


def vote_mesh(scene: Scene, *, seed: int = 0, views: int = VIEWS) -> np.ndarray:
    """(468, 3) metres, the middle of all views' votes, made symmetric as the head must be."""
    rng = np.random.default_rng(seed)
    votes = []
    for _ in range(views // 2):
        turn = np.radians(_TURNS * np.clip(rng.standard_normal(3), -2, 2))
        light = np.array([rng.uniform(-0.7, 0.7), rng.uniform(0.0, 0.9), 1.0])
        extent = rng.uniform(0.24, 0.32)
        for sign in (1, -1):  # opposite pairs, so that sliding along the silhouette cancels
            camera = portrait_camera(rotation_matrix(sign * turn), np.array([0, -0.02, 0.0]), extent, _SIZE)
            faces = find_faces(scene.render(camera, light * [sign, 1, 1]), smallest_share=1)
            if not faces:
                continue
            points = faces[0].mesh[:, :2].astype(np.float64)
            place = np.full((len(points), 3), np.nan)
            for step in _STEPS_INWARDS:
                lost = np.flatnonzero(np.isnan(place[:, 0]))
                inwards = points[lost] + step * (points.mean(axis=0) - points[lost])
                direction = view_rays(camera, inwards)
                distance = scene.solid_distance(camera.position, direction)
                hit = np.isfinite(distance)
                place[lost[hit]] = camera.position + direction[hit] * distance[hit, None]
            votes.append(place)
    found = _middle(np.array(votes))
    mirrored = found * [-1, 1, 1]
    _, partner = linear_sum_assignment(np.linalg.norm(found[:, None] - mirrored, axis=2) ** 2)
    return (found + mirrored[partner]) / 2


def _middle(votes: np.ndarray) -> np.ndarray:
    """The mean (468, 3) of votes (V, 468, 3), without those far from the median."""
    median = np.nanmedian(votes, axis=0)
    distance = np.linalg.norm(votes - median, axis=2)
    kept = distance <= _OUTLIER * np.nanmedian(distance, axis=0) + 1e-9
    return np.nansum(votes * kept[..., None], axis=0) / kept.sum(axis=0)[:, None]
