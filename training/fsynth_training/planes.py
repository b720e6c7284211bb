"""Textures as the decoder's dense head stores them: a luma value a pixel, chroma each few pixels, in one vector."""

from __future__ import annotations

import numpy as np

from fsynth.decoder.settings import YCC_TO_RGB

CHROMA_STRIDE = 4


def to_planes(textures: np.ndarray, stride: int = CHROMA_STRIDE) -> np.ndarray:
    """Textures (N, S, S, 3), sRGB 0..1, to (N, S*S + 2*(S/stride)^2): luma row by row, then (Cr, Cb) pairs."""
    count, size = textures.shape[:2]
    ycc = textures @ np.linalg.inv(YCC_TO_RGB)
    blocks = ycc[..., 1:].reshape(count, size // stride, stride, size // stride, stride, 2).mean(axis=(2, 4))
    return np.concatenate([ycc[..., 0].reshape(count, -1), blocks.reshape(count, -1)], axis=1).astype(np.float32)


def plane_weights(weights: np.ndarray, stride: int = CHROMA_STRIDE) -> np.ndarray:
    """Per-pixel weights (S, S) to weights of the vector's entries: a chroma entry stands for stride^2 pixels."""
    size = len(weights)
    blocks = weights.reshape(size // stride, stride, size // stride, stride).sum(axis=(1, 3))
    return np.concatenate([weights.ravel(), np.repeat(blocks.ravel(), 2)]).astype(np.float32)
