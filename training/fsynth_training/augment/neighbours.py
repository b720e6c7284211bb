"""Who may be morphed with whom: the nearest faces by Eq. 2 of the paper, d = lambda |L_A - L_B| + |T_A - T_B|."""

from __future__ import annotations

import numpy as np

_PIXELS = 4096
"""Values of each texture looked at a time, which bounds memory."""


def distances(textures: np.ndarray, landmarks: np.ndarray, landmark_factor: float) -> np.ndarray:
    """Eq. 2 between all pairs, (N, N) float64.

    Both norms are Euclidean, over all coordinates in pixels and over all pixels and channels in 0..1. The paper states
    no units; in these, lambda = 10 makes shape count about three times as much as colour.

    Args:
        textures: (N, S, S, 3) uint8.
        landmarks: (N, L, 2) px.
        landmark_factor: lambda.
    """
    return landmark_factor * landmark_distances(landmarks) + texture_distances(textures)


def landmark_distances(landmarks: np.ndarray) -> np.ndarray:
    """|L_A - L_B| in pixels, (N, N)."""
    flat = landmarks.reshape(len(landmarks), -1).astype(np.float64)
    return np.stack([np.linalg.norm(flat - one, axis=1) for one in flat])


def texture_distances(textures: np.ndarray) -> np.ndarray:
    """|T_A - T_B| with colours in 0..1, (N, N)."""
    flat = textures.reshape(len(textures), -1)
    # Products of 8-bit numbers add up without rounding in float64: the same in every order, on every machine.
    products = np.zeros((len(flat), len(flat)))
    for start in range(0, flat.shape[1], _PIXELS):
        values = flat[:, start : start + _PIXELS].astype(np.float64) - 128
        products += values @ values.T
    squared = products.diagonal()
    return np.asarray(np.sqrt(squared[:, None] + squared - 2 * products) / 255)


def nearest(distance: np.ndarray, identity: np.ndarray, count: int) -> np.ndarray:
    """The ``count`` nearest faces of other people, or all if there are fewer: (N, k) int32, nearest first.

    Args:
        distance: (N, N).
        identity: (N,), whose face it is; there must be two people at least.
        count: k of section 5.1.

    Where people have different numbers of faces, k is what is there for everyone.
    """
    same = identity[:, None] == identity
    count = min(count, int((~same).sum(axis=1).min()))
    order = np.argsort(np.where(same, np.inf, distance), axis=1, kind="stable")
    return order[:, :count].astype(np.int32)
