"""Many photos of one person to one face: averaging by morphing (section 6.2 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsynth.warp.numpy import sparse_image_warp


def average_face(images: Sequence[np.ndarray], landmarks: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Warp each image to the mean landmarks and average: light evens out, what is the person's stays sharp.

    Args:
        images: P aligned images (H, W, C) float of one person.
        landmarks: their landmarks (L, 2), (x, y) in pixels.

    Returns:
        The mean image (H, W, C) float32, and the mean landmarks (L, 2) float64 that it has.
    """
    mean = np.mean(np.asarray(landmarks, np.float64), axis=0)
    total = np.zeros(images[0].shape, np.float64)
    for image, points in zip(images, landmarks, strict=True):
        total += sparse_image_warp(image, np.asarray(points, np.float64), mean)[0]
    return (total / len(images)).astype(np.float32), mean
