"""The way from one person's features to another's."""

from __future__ import annotations

import numpy as np

from fsynth.errors import ArgumentError


def walk(first: np.ndarray, second: np.ndarray, steps: int) -> np.ndarray:
    """Features on the shortest way over the sphere from ``first`` to ``second``, lengths going evenly along.

    Args:
        first, second: (W,) features.
        steps: how many, both ends included; at least 2.

    Returns:
        (steps, W) float32.

    Raises:
        ArgumentError: fewer than two steps, or features without a direction.

    Source: Shoemake 1985, Animating rotation with quaternion curves (slerp).
    """
    if steps < 2:
        raise ArgumentError(f"`steps` must be at least 2, it is {steps}")
    lengths = np.linalg.norm([first, second], axis=1)
    if not lengths.all() or not np.isfinite(lengths).all():
        raise ArgumentError("`first` and `second` must be finite and not 0 everywhere")
    start, end = first / lengths[0], second / lengths[1]
    angle = np.arccos(np.clip(start @ end, -1, 1))
    share = np.linspace(0, 1, steps)[:, None]
    if angle < 1e-4:
        way = start + share * (end - start)
    else:
        way = (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)
    return (way * (lengths[0] + share * (lengths[1] - lengths[0]))).astype(np.float32)
