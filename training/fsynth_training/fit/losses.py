"""The terms of the loss, in keras.ops. ``rows`` (B,) weighs the samples: 1 where a term applies, 0 elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from fsynth.decoder.settings import YCC_TO_RGB
from fsynth_training.fit.lab import srgb_to_lab

_RGB_TO_LUMA = np.linalg.inv(YCC_TO_RGB)[:, :1].astype(np.float32)


def mean_over(rows: Any, values: Any) -> Any:
    """The mean of ``values`` (B,) over the samples that ``rows`` (B,) counts; 0 if it counts none."""
    return ops.sum(rows * values) / ops.maximum(ops.sum(rows), 1.0)


def landmark_loss(landmarks: Any, target: Any, rows: Any) -> Any:
    """Mean squared error of landmarks (B, L, 2), in pixels squared."""
    return mean_over(rows, ops.mean(ops.square(landmarks - target), axis=(1, 2)))


def texture_loss(texture: Any, target: Any, rows: Any) -> Any:
    """Mean absolute error of colours (B, S, S, 3), 0..1."""
    return mean_over(rows, ops.mean(ops.abs(texture - target), axis=(1, 2, 3)))


def cosine(first: Any, second: Any, centre: Any = None) -> Any:
    """Cosine (B,) between features (B, W), brought to length 1 and then taken from ``centre`` (W,), if there is one."""
    first, second = _unit(first), _unit(second)
    if centre is not None:
        first, second = _unit(first - centre), _unit(second - centre)
    return ops.sum(first * second, axis=-1)


def colour_loss(texture: Any, target: Any, skin: Any, rows: Any) -> Any:
    """CIE Lab distance between the mean skin colours of textures (B, S, S, 3); ``skin`` (S, S) weighs pixels, sum 1."""
    weights = skin[None, :, :, None]
    means = (ops.sum(srgb_to_lab(image) * weights, axis=(1, 2)) for image in (texture, target))
    first, second = means
    return mean_over(rows, ops.sqrt(ops.sum(ops.square(first - second), axis=-1) + 1e-6))


def laplacian_loss(texture: Any, target: Any, rows: Any, levels: int = 3) -> Any:
    """Mean absolute error of the bands of a Laplacian pyramid of luma: edges and strands, at ``levels`` scales."""
    difference = ops.matmul(texture - target, ops.convert_to_tensor(_RGB_TO_LUMA, dtype=texture.dtype))
    total = 0.0
    for _ in range(levels):
        if difference.shape[1] % 2:  # small textures have fewer levels
            break
        small = ops.average_pool(difference, 2, strides=2, data_format="channels_last")
        band = difference - ops.repeat(ops.repeat(small, 2, axis=1), 2, axis=2)
        total = total + mean_over(rows, ops.mean(ops.abs(band), axis=(1, 2, 3)))
        difference = small
    return total


def consistency_loss(code: Any, other: Any, rows: Any) -> Any:
    """Squared distance between the codes (B, f) of two photos of a person, over the spread of codes between people.

    Without the division a smaller code would satisfy it.
    """
    spread = ops.stop_gradient(ops.mean(ops.var(code, axis=0))) + 1e-6
    return mean_over(rows, ops.mean(ops.square(code - other), axis=-1)) / spread


def _unit(features: Any) -> Any:
    return features / ops.sqrt(ops.sum(ops.square(features), axis=-1, keepdims=True) + 1e-12)
