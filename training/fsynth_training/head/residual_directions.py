"""Directions that the targets lack: what landmarks of photographs show that no mixture of targets explains.

The residuals of fits are taken back to the head, their principal components are kept, and each is spread smoothly over
the skin. Photographs from the front say nothing of depth, so nothing moves along Z but the lids, which must stay on
their eyeballs.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from fsynth_morphable.camera import Camera, rotation_matrix
from fsynth_training.head.directions import Directions
from fsynth_training.head.photo_fit import LandmarkModel, PhotoFit

SYMMETRIC, ASYMMETRIC = 30, 20
"""How many directions are kept: over 99 % of the squares of the residuals, of either kind."""

NOISE = 0.6
"""px that FaceMesh's points may be off when these directions are among a head's; see ``prior.NOISE``."""

# Metres: a displacement is a sum of Gaussians of these widths about the landmarks, each as probable as the others.
_WIDTHS = (0.006, 0.012, 0.030)
_SHARE_OF_NOISE = 0.05  # of the displacements' variance, which need not go on over the skin

# Metres from the middle of an eyeball, whose radius is 14 mm: up to the first the skin is lid, beyond the second not.
_LID, _NOT_LID = 0.0165, 0.021
_STEEPEST = 0.45  # cosine to the front, at the corners of the lids


def residual_directions(
    model: LandmarkModel, fits: list[PhotoFit], body: np.ndarray, eyeballs: list[np.ndarray]
) -> Directions:
    """Directions of unit variance among the photographs.

    Args:
        model: of FaceMesh's 468 points, symmetric. fits: of it to photographs. body: (N, 3) metres, the mean.
        eyeballs: vertices of ``body`` on each.
    """
    missing = np.array([_displacement(fit) for fit in fits])
    _, mirror = linear_sum_assignment(cdist(model.mean, model.mean * [-1, 1, 1], "sqeuclidean"))
    mirrored = missing[:, mirror] * [-1, 1, 1]
    even = _components((missing + mirrored) / 2, SYMMETRIC)
    odd = _components((missing - mirrored) / 2, ASYMMETRIC)
    spread = spread_smoothly(model.mean, body)
    names = [f"residual/symmetric-{i}" for i in range(len(even))] + [f"residual/odd-{i}" for i in range(len(odd))]
    offsets = np.einsum("nl,kld->knd", spread, np.concatenate([even, odd]))
    for eyeball in eyeballs:
        keep_lids_on(offsets, body, eyeball)
    return Directions(
        names,
        offsets.astype(np.float32),
        np.ones(len(names)),
        np.arange(len(names)) < len(even),
    )


def spread_smoothly(landmarks: np.ndarray, body: np.ndarray) -> np.ndarray:
    """(N, L): the most probable displacements of ``body`` (N, 3) given those of the ``landmarks`` (L, 3), metres."""
    known = _covariance(landmarks, landmarks) + _SHARE_OF_NOISE * np.eye(len(landmarks))
    weights: np.ndarray = np.linalg.solve(known, _covariance(landmarks, body)).T
    return weights


def keep_lids_on(offsets: np.ndarray, body: np.ndarray, eyeball: np.ndarray) -> None:
    """Change ``offsets`` (K, N, 3) across the picture so that an eyeball goes with its lids, and they glide over it.

    Args:
        body: (N, 3) metres. eyeball: its vertices.
    """
    low, high = body[eyeball].min(axis=0), body[eyeball].max(axis=0)
    radius = (high[1] - low[1]) / 2
    middle = np.append((low + high)[:2] / 2, low[2] + radius)
    distance = np.linalg.norm(body - middle, axis=1)
    outwards = (body - middle) / np.maximum(distance, 1e-9)[:, None]
    share = np.clip((_NOT_LID - distance) / (_NOT_LID - _LID), 0, 1) * (outwards[:, 2] > 0)
    share[eyeball] = 0
    moved = offsets[:, share == 1, :2].mean(axis=1, keepdims=True)
    slope = outwards[:, :2] / np.maximum(outwards[:, 2:], _STEEPEST)
    offsets[..., 2] -= share * ((offsets[..., :2] - moved) * slope).sum(axis=2)
    offsets[:, eyeball] = np.concatenate([moved, np.zeros_like(moved[..., :1])], axis=2)


def _covariance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = cdist(a, b, "sqeuclidean")
    covariance: np.ndarray = np.mean([np.exp(-squares / 2 / width**2) for width in _WIDTHS], axis=0)
    return covariance


def _displacement(fit: PhotoFit) -> np.ndarray:
    """(L, 3) metres by which the landmarks of the fitted head would have to move, across the picture."""
    per_pixel = np.exp(fit.pose[5]) / Camera().focal_length
    seen = np.column_stack([-fit.residuals[:, 0], fit.residuals[:, 1], np.zeros(len(fit.residuals))]) * per_pixel
    turned: np.ndarray = seen @ rotation_matrix(fit.pose[:3])
    turned[:, 2] = 0
    return turned


def _components(displacements: np.ndarray, count: int) -> np.ndarray:
    """The strongest directions (C, L, 3) of ``displacements`` (P, L, 3), their mean included, times their deviation."""
    flat = displacements.reshape(len(displacements), -1)
    _, deviation, directions = np.linalg.svd(flat / np.sqrt(len(flat)), full_matrices=False)
    kept: np.ndarray = deviation[:count, None] * directions[:count]
    return kept.reshape(len(kept), *displacements.shape[1:])
