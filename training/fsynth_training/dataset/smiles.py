"""What a smile does to a face, learned from pairs of photographs, and how it is taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from fsynth.faces import INNER_LIPS_65
from fsynth_training.dataset.geometry import SIZE, Geometry, polygon, soften
from fsynth_training.dataset.screening import mouth_opening

_MOUTH_AREA = (0, 13, 14, 17, 61, 291, 40, 270, 91, 321, 37, 267, 84, 314)


@dataclass(frozen=True, eq=False)
class Smile:
    """Directions from a neutral to a smiling face, from London pairs: orthonormal rows of (texture, landmarks).

    ``directions``: (4, D). ``centre``: (D,), mean neutral face. ``low``, ``high``: (4,), the range over the pairs.
    """

    directions: np.ndarray
    centre: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mask: np.ndarray


_LANDMARK_WEIGHT = 2.0  # one pixel of a landmark beside 1.0 of a texture value


def _joint(textures: np.ndarray, landmarks: np.ndarray, mask: np.ndarray) -> np.ndarray:
    # Smiles are smooth: half resolution is enough and keeps the directions clean.
    small = (textures * mask[..., None]).reshape(len(textures), SIZE // 2, 2, SIZE // 2, 2, 3).mean(axis=(2, 4))
    return np.concatenate(
        [small.reshape(len(textures), -1), landmarks.reshape(len(textures), -1) * _LANDMARK_WEIGHT], 1
    )


def learn_smile(
    textures: np.ndarray,
    landmarks: np.ndarray,
    neutral: np.ndarray,
    smiling: np.ndarray,
    geometry: Geometry,
    count: int = 4,
) -> Smile:
    """Learn the smile from rows ``neutral`` and ``smiling``, the same people in the same order.

    ``textures`` (N, 224, 224, 3) and ``landmarks`` (N, 65, 2) are those of all photographs.
    """
    mask = geometry.face
    a = _joint(textures[neutral], landmarks[neutral], mask)
    b = _joint(textures[smiling], landmarks[smiling], mask)
    difference = b - a
    _, _, directions = np.linalg.svd(difference, full_matrices=False)
    directions = directions[:count]
    centre = a.mean(axis=0)
    spread = (difference) @ directions.T
    return Smile(directions, centre, spread.min(axis=0), spread.max(axis=0), mask)


def remove_smile(
    textures: np.ndarray, landmarks: np.ndarray, smile: Smile, rows: np.ndarray, neutral: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take the smile out of ``rows`` (N,) bool; what the neutral London rows ``neutral`` show on average stays.

    Returns the textures (N, 224, 224, 3) and landmarks (N, 65, 2) of all rows.
    """
    joint = _joint(textures, landmarks, smile.mask)
    amount = (joint - smile.centre) @ smile.directions.T
    amount -= np.median(amount[neutral], axis=0)
    amount = np.clip(amount, smile.low, smile.high)
    delta = amount @ smile.directions
    textures, landmarks = textures.copy(), landmarks.copy()
    split = 3 * (SIZE // 2) ** 2
    for row in np.flatnonzero(rows):
        small = delta[row, :split].reshape(SIZE // 2, SIZE // 2, 3).astype(np.float32)
        textures[row] -= ndimage.zoom(small, (2, 2, 1), order=1, mode="nearest", grid_mode=True)
        landmarks[row] -= delta[row, split:].reshape(65, 2) / _LANDMARK_WEIGHT
    return np.clip(textures, 0, 1), landmarks


def plain_mouths(textures: np.ndarray, rows: np.ndarray, neutral: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Give ``rows`` the lips of the mean ``neutral`` texture (224, 224, 3) in their own skin's brightness and colour.

    A mouth that was open keeps traces of teeth and gums that no linear map takes out.
    """
    mask = np.zeros((SIZE, SIZE), np.float32)
    x, y = geometry.mesh[list(_MOUTH_AREA)].T
    outline = polygon(np.array([[x.min(), y.mean()], [x.mean(), y.min()], [x.max(), y.mean()], [x.mean(), y.max()]]))
    mask = np.clip(soften(ndimage.grey_dilation(outline, size=9), 4), 0, 1)[..., None]
    low_neutral = ndimage.gaussian_filter(neutral, (14, 14, 0))
    result = textures.copy()
    for row in np.flatnonzero(rows):
        low = ndimage.gaussian_filter(textures[row], (14, 14, 0))
        result[row] = textures[row] * (1 - mask) + np.clip(neutral * low / low_neutral, 0, 1) * mask
    return result


def close_lips(landmarks: np.ndarray, gap: float) -> np.ndarray:
    """Bring the inner lips of ``landmarks`` (N, 65, 2) to at most ``gap`` px."""
    upper, lower = INNER_LIPS_65
    closed = landmarks.copy()
    apart = closed[:, lower, 1] - closed[:, upper, 1]
    excess = np.maximum(apart - gap, 0) / 2
    closed[:, upper, 1] += excess
    closed[:, lower, 1] -= excess
    return closed


def relax_mouths(
    textures: np.ndarray, landmarks: np.ndarray, pairs: np.ndarray, geometry: Geometry, count: int = 4
) -> tuple[np.ndarray, np.ndarray, Smile]:
    """Learn the smile from pairs of photos and take it out of every other photo whose lips part or whose mouth is wide.

    Args:
        textures: (N, 224, 224, 3) float32 sRGB 0..1, in the mean geometry.
        landmarks: (N, 65, 2) px.
        pairs: (P, 2) rows of a person's neutral and of their smiling photo; the neutral ones stay as they are.
        geometry: the mean geometry.
        count: number of directions, at most P.

    Returns:
        The textures, the landmarks with the lips of all closed, and the smile.
    """
    neutral, smiling = pairs.T
    smile = learn_smile(textures, landmarks, neutral, smiling, geometry, count)
    opening = mouth_opening(landmarks)
    usual = opening[neutral]
    wide = (opening[:, 0] > np.quantile(usual[:, 0], 0.9)) | (opening[:, 1] > np.quantile(usual[:, 1], 0.9))
    changed = wide & ~np.isin(np.arange(len(wide)), neutral)
    textures, landmarks = remove_smile(textures, landmarks, smile, changed, neutral)
    textures = plain_mouths(textures, changed, textures[neutral].mean(axis=0), geometry)
    return textures, close_lips(landmarks, float(np.median(usual[:, 0]))), smile
