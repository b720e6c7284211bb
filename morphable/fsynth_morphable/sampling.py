"""Reading an image between its pixels."""

from __future__ import annotations

import numpy as np


def sample(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Colours of ``image`` at points, bilinear; what lies outside repeats the edge.

    Args:
        image: (H, W, d) float32.
        points: (N, 2), (x, y) in pixels, pixel centres on integers.

    Returns:
        (N, d) float32.
    """
    height, width, _ = image.shape
    x = np.clip(points[:, 0], 0, width - 1).astype(np.float32)
    y = np.clip(points[:, 1], 0, height - 1).astype(np.float32)
    column, row = np.minimum(x.astype(np.int32), width - 2), np.minimum(y.astype(np.int32), height - 2)
    right, down = (x - column)[:, None], (y - row)[:, None]
    flat = image.reshape(height * width, -1)
    corner = row * width + column
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + width] * (1 - right) + flat[corner + width + 1] * right
    mixed: np.ndarray = upper * (1 - down) + lower * down
    return mixed


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """``image`` (H, W, d) float32 with ``size`` x ``size`` pixels, bilinear, edges on edges."""
    for _ in range(2):
        place = np.clip((np.arange(size) + 0.5) * len(image) / size - 0.5, 0, len(image) - 1)
        row = np.minimum(place.astype(np.int64), len(image) - 2)
        share = (place - row).astype(np.float32)[:, None, None]
        image = (image[row] * (1 - share) + image[row + 1] * share).swapaxes(0, 1)
    return image


def enlarge(image: np.ndarray) -> np.ndarray:
    """Twice as many pixels each way, by Catmull and Rom's cubic, which keeps edges from looking like stairs.

    Pixel (x, y) of ``image`` (H, W, d) float32 is at (2 x, 2 y) of the result (2 H - 1, 2 W - 1, d).
    """
    return _enlarge_rows(_enlarge_rows(image).swapaxes(0, 1)).swapaxes(0, 1)


def _enlarge_rows(image: np.ndarray) -> np.ndarray:
    padded = np.concatenate([image[:1], image, image[-1:]])
    between = (9 * (padded[1:-2] + padded[2:-1]) - padded[:-3] - padded[3:]) / 16
    rows = np.empty((2 * len(image) - 1, *image.shape[1:]), np.float32)
    rows[::2], rows[1::2] = image, between
    return rows


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """``image`` (H, W, d) float32 blurred by a Gaussian of ``sigma`` pixels; what lies outside repeats the edge."""
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2).astype(np.float32)
    weights /= weights.sum()
    for _ in range(2):
        padded = np.pad(image, ((reach, reach), (0, 0), (0, 0)), mode="edge")
        total = np.zeros_like(image)
        for row, weight in enumerate(weights):
            total += weight * padded[row : row + len(image)]
        image = total.swapaxes(0, 1)
    return image
