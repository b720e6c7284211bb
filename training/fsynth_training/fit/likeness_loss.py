"""What the frozen encoder sees in a rendered output, beside what it saw in the photo."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from fsynth import encoder
from fsynth_training.fit.chip_render import ChipRenderer
from fsynth_training.fit.face_space import Normalisation

SHIFT = 6
"""Chips are shifted by up to so many pixels before the encoder sees them."""


class LikenessLoss:
    """One minus the cosine of centred features, through warp and encoder.

    The encoder sees each chip mirrored at random, shifted, in other light, with noise, and sometimes with a part
    hidden: no pattern of pixels can please it, and no one place carries the likeness.

    Args:
        mean_landmarks: (L, 2) px, the geometry of textures. mean_mesh: (468, 2) px of the same face.
        normalisation: of features; its mean over people is taken out before angles are compared.
        chip_size: size in pixels at which the encoder looks.
        occlusion: share of chips of which a part is hidden.
        seed: of all noise.
    """

    def __init__(
        self, mean_landmarks: np.ndarray, mean_mesh: np.ndarray, normalisation: Normalisation, *, chip_size: int,
        occlusion: float, seed: int,
    ) -> None:  # fmt: skip
        faceres = encoder.FaceRes()
        self.network = faceres.keras_model(input_size=chip_size)
        scale = chip_size / faceres.input_size
        transform = scale * faceres.chip_transform(mean_mesh)
        transform[:, 2] += (scale - 1) / 2  # pixel centres are on integers
        self.render = ChipRenderer(mean_landmarks, transform, chip_size)
        self.centre = tf.constant(normalisation.mean, tf.float32)
        self.size, self.occlusion, self.seed = chip_size, occlusion, seed

    def __call__(self, texture: tf.Tensor, landmarks: tf.Tensor, goals: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Textures (B, S, S, 3), landmarks (B, L, 2) px, features (B, W), the step's number -> scalar."""
        chips = self._disturbed(self.render(texture, landmarks), step)
        seen, wanted = (
            tf.nn.l2_normalize(tf.nn.l2_normalize(features, -1) - self.centre, -1)
            for features in (self.network(chips), goals)
        )
        return tf.reduce_mean(1 - tf.reduce_sum(seen * wanted, -1))

    def _disturbed(self, chips: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        count, size, random = tf.shape(chips)[0], self.size, tf.random
        seeds = iter(range(16))

        def seed() -> tf.Tensor:
            return tf.stack([self.seed * 16 + next(seeds), step])

        gain = random.stateless_normal((count, 1, 1, 1), seed(), stddev=0.08)
        colour = random.stateless_normal((count, 1, 1, 3), seed(), stddev=0.04)
        chips = chips * tf.exp(gain + colour) + random.stateless_normal(tf.shape(chips), seed(), stddev=2.0)
        mirrored = random.stateless_uniform((count, 1, 1, 1), seed()) < 0.5
        chips = tf.where(mirrored, chips[:, :, ::-1], chips)
        corner = random.stateless_uniform((2,), seed(), 0, 2 * SHIFT + 1, tf.int32)
        around = tf.pad(chips, [[0, 0], [SHIFT, SHIFT], [SHIFT, SHIFT], [0, 0]], "REFLECT")
        chips = tf.slice(around, tf.concat([[0], corner, [0]], 0), tf.stack([count, size, size, 3]))
        if not self.occlusion:
            return chips
        middle = random.stateless_uniform((2, count, 1, 1, 1), seed(), size * 0.125, size * 0.875)
        half = random.stateless_uniform((2, count, 1, 1, 1), seed(), size * 0.06, size * 0.2)
        hidden = random.stateless_uniform((count, 1, 1, 1), seed()) < self.occlusion
        line = tf.range(size, dtype=tf.float32)
        above = tf.abs(line[None, :, None, None] - middle[0]) < half[0]
        beside = tf.abs(line[None, None, :, None] - middle[1]) < half[1]
        return tf.where(hidden & above & beside, tf.zeros_like(chips), chips)
