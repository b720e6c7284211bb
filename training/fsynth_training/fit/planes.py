"""Textures as the decoder's dense head stores them: a luma value a pixel, chroma each few pixels, in one vector."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from fsynth.decoder.settings import YCC_TO_RGB

CHROMA_STRIDE = 4

OUTLINE_WIDTH = 3.0
"""Width in px over which the outline of the head goes from background to head."""

OUTLINE_LIMIT = 6.0
"""Distances further from the outline than this times ``OUTLINE_WIDTH`` count as this far."""


def to_planes(textures: np.ndarray, mattes: np.ndarray, stride: int = CHROMA_STRIDE) -> np.ndarray:
    """Textures and mattes to vectors, (N, S*S + 3*(S/stride)^2).

    Args:
        textures: (N, S, S, 3) sRGB 0..1.
        mattes: (N, S, S) 0..1.
        stride: pixels that share a chroma and a matte value.

    Returns:
        float32: luma row by row, then (Cr, Cb) pairs, then the outlines: signed distances to where the matte is one
        half, in units of ``OUTLINE_WIDTH`` px, positive inside.
    """
    count, size = textures.shape[:2]

    def blocks(values: np.ndarray) -> np.ndarray:
        small = values.reshape(count, size // stride, stride, size // stride, stride, -1).mean(axis=(2, 4))
        return small.reshape(count, -1)

    ycc = textures @ np.linalg.inv(YCC_TO_RGB)
    outlines = np.stack([signed_distance(matte) for matte in mattes])
    parts = [ycc[..., 0].reshape(count, -1), blocks(ycc[..., 1:]), blocks(outlines)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def upsampling(size: int, stride: int) -> np.ndarray:
    """(size, size / stride): the bilinear upsampling of a line, pixel centres on half-integers, as decoders do it."""
    small = size // stride
    place = np.clip((np.arange(size) + 0.5) / stride - 0.5, 0, small - 1)
    return np.maximum(1 - np.abs(place[:, None] - np.arange(small)), 0)


def coarse_luma(luma: np.ndarray, stride: int) -> np.ndarray:
    """Luma (N, S, S) to the values (N, S / stride, S / stride) whose upsampling is nearest to it in least squares."""
    if stride == 1:
        return luma
    inverse = np.linalg.pinv(upsampling(luma.shape[1], stride)).astype(luma.dtype)
    return inverse @ luma @ inverse.T


def representable(luma: np.ndarray, stride: int) -> np.ndarray:
    """What a decoder that stores luma (N, S, S) each ``stride`` pixels can show of it."""
    if stride == 1:
        return luma
    matrix = upsampling(luma.shape[1], stride).astype(luma.dtype)
    return matrix @ coarse_luma(luma, stride) @ matrix.T


def signed_distance(matte: np.ndarray) -> np.ndarray:
    """Signed distance to the outline of ``matte`` (S, S), over ``OUTLINE_WIDTH``, within +-``OUTLINE_LIMIT``.

    Means of distances move an outline; means of mattes blur it.
    """
    inside = matte > 0.5
    distance = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    return np.clip(distance / OUTLINE_WIDTH, -OUTLINE_LIMIT, OUTLINE_LIMIT)


def plane_weights(weights: np.ndarray, outline: float, stride: int = CHROMA_STRIDE) -> np.ndarray:
    """Per-pixel weights (S, S) to weights of the vector's entries; an entry of stride^2 pixels weighs as many.

    ``outline``: the weight of the outlines beside colours.
    """
    size = len(weights)
    blocks = weights.reshape(size // stride, stride, size // stride, stride).sum(axis=(1, 3)).ravel()
    outlines = np.full(blocks.size, outline * stride**2)
    return np.concatenate([weights.ravel(), np.repeat(blocks, 2), outlines]).astype(np.float32)
