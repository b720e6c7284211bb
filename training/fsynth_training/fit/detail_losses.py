"""What the detail stage is trained against: the energy of two bands of detail, and a critic that looks at patches."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fsynth.decoder.settings import LUMA


def luma_of(texture: tf.Tensor) -> tf.Tensor:
    """Textures (N, S, S, 3) to luma (N, S, S, 1), ITU-R BT.601."""
    return tf.reduce_sum(texture * LUMA, axis=-1, keepdims=True)


def blur(image: tf.Tensor, sigma: float) -> tf.Tensor:
    """Gaussian blur of ``sigma`` px of images (N, H, W, 1), which are mirrored beyond their border."""
    radius = round(3 * sigma)
    line = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2)).astype(np.float32)
    line /= line.sum()
    padded = tf.pad(image, [[0, 0], [radius, radius], [radius, radius], [0, 0]], "SYMMETRIC")
    columns = tf.nn.conv2d(padded, line[:, None, None, None], 1, "VALID")
    return tf.nn.conv2d(columns, line[None, :, None, None], 1, "VALID")


def band_energies(made: tf.Tensor, sharp: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """How much the logarithms of the local energies of two octaves of detail differ, in blocks of 16 px.

    The finer band holds about 0.15 cycles a pixel and up, the other the octave below. (N, S, S, 1) each.
    """

    def energies(image: tf.Tensor) -> list[tf.Tensor]:
        fine = blur(image, 0.8)
        parts = (image - fine, fine - blur(fine, 1.6))
        return [tf.math.log(tf.nn.avg_pool2d(tf.square(part * weights), 16, 8, "VALID") + 1e-5) for part in parts]

    counts = tf.nn.avg_pool2d(weights, 16, 8, "VALID")
    pairs = zip(energies(made), energies(sharp), strict=True)
    return tf.add_n([tf.reduce_mean(counts * tf.abs(a - b)) for a, b in pairs])


def seen_by_critic(luma: tf.Tensor, weights: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """(N, S, S, 3): detail finer than about 10 px, where it counts, and where in the face it is."""
    return tf.concat([8 * weights * (luma - blur(luma, 3.0)), places], axis=-1)


class Critic(keras.layers.Layer):
    """Says of each patch of about 30 px whether it comes from a photo (positive) or not."""

    def __init__(self, channels: int = 24, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = ((channels, 4, 2), (2 * channels, 4, 2), (4 * channels, 3, 1))
        self.convolutions = [
            keras.layers.Conv2D(count, size, strides=stride, padding="same", name=f"convolution_{number}")
            for number, (count, size, stride) in enumerate(sizes)
        ]
        self.verdict = keras.layers.Conv2D(1, 3, padding="same", name="verdict")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        shape = input_shape
        for convolution in self.convolutions:
            convolution.build(shape)
            shape = (None, None, None, convolution.filters)
        self.verdict.build(shape)

    def call(self, seen: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """(N, S, S, 3) as ``seen_by_critic`` gives it -> verdicts (N, S/4, S/4, 1) and the features they rest on."""
        features = []
        for convolution in self.convolutions:
            seen = keras.ops.leaky_relu(convolution(seen), 0.2)
            features.append(seen)
        return self.verdict(seen), features
