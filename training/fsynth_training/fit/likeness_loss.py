"""What frozen recognisers see in a rendered output, beside what they saw in the photo."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from fsynth import encoder
from fsynth_training.fit.chip_render import ChipRenderer
from fsynth_training.fit.face_space import Normalisation
from fsynth_training.fit.second_judge import SecondJudge

SHIFT, TURN, ZOOM = 6.0, 0.07, 0.06
"""Chips are shifted by up to so many pixels, and turned (radians) and scaled (logarithm) by normal deviations of these,
before the encoder sees them."""

_BLUR = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256


class LikenessLoss:
    """One minus the cosine of features, through warp and encoder; centred, and without what the decoder is not shown.

    The encoder sees each chip mirrored at random, shifted, turned, scaled, in other light, blurred, with noise, and
    sometimes with a part hidden: no pattern of pixels can please it, and no one place carries the likeness.

    Args:
        mean_landmarks: (L, 2) px, the geometry of textures. mean_mesh: (468, 2) px of the same face.
        normalisation: of features; its mean over people is taken out before angles are compared, and what says of the
            photo that it smiled: an output is not to smile back.
        chip_size: size in pixels at which the encoder looks.
        occlusion: share of chips of which a part is hidden.
        seed: of all noise.
        second: the second recogniser, which looks at the same chips; None for none.
    """

    def __init__(
        self, mean_landmarks: np.ndarray, mean_mesh: np.ndarray, normalisation: Normalisation, *, chip_size: int,
        occlusion: float, seed: int, second: SecondJudge | None = None,
    ) -> None:  # fmt: skip
        faceres = encoder.FaceRes()
        self.network = faceres.keras_model(input_size=chip_size)
        scale = chip_size / faceres.input_size
        transform = scale * faceres.chip_transform(mean_mesh)
        transform[:, 2] += (scale - 1) / 2  # pixel centres are on integers
        self.render = ChipRenderer(mean_landmarks, transform, chip_size)
        self.centre = tf.constant(normalisation.mean, tf.float32)
        self.left_out = tf.constant(normalisation.left_out, tf.float32)
        self.blur = tf.constant(np.tile(_BLUR[:, :, None, None], (1, 1, 3, 1)), tf.float32)
        self.size, self.occlusion, self.seed, self.second = chip_size, occlusion, seed, second

    def __call__(
        self, texture: tf.Tensor, landmarks: tf.Tensor, goals: tf.Tensor, second_goals: tf.Tensor, step: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss of the encoder and that of the second recogniser, two scalars.

        Args:
            texture: (B, S, S, 3). landmarks: (B, L, 2) px.
            goals: (B, W), by the encoder. second_goals: (B, K), by the second recogniser; not looked at without one.
            step: the step's number.
        """
        seeds = self._seeds(step)
        chips = self._disturbed(self.render(texture, landmarks, self._framing(tf.shape(texture)[0], seeds)), seeds)
        seen, wanted = self._direction(self.network(chips)), self._direction(goals)
        loss = tf.reduce_mean(1 - tf.reduce_sum(seen * wanted, -1))
        if self.second is None:
            return loss, tf.constant(0.0)
        return loss, tf.reduce_mean(1 - self.second(chips, second_goals))

    def _direction(self, features: tf.Tensor) -> tf.Tensor:
        """Features (N, W) -> (N, W) of length 1, from the mean of all people, without what is left out."""
        centred = tf.nn.l2_normalize(features, -1) - self.centre
        centred -= tf.matmul(tf.matmul(centred, self.left_out, transpose_b=True), self.left_out)
        return tf.nn.l2_normalize(centred, -1)

    def _seeds(self, step: tf.Tensor) -> Iterator[tf.Tensor]:
        return (tf.stack([self.seed * 16 + number, step]) for number in range(16))

    def _framing(self, count: tf.Tensor, seeds: Iterator[tf.Tensor]) -> tf.Tensor:
        """(count, 3, 3): random similarities from pixels of a chip to pixels of a chip."""
        random, middle = tf.random, (self.size - 1) / 2
        angle = random.stateless_normal((count,), next(seeds), stddev=TURN)
        scale = tf.exp(random.stateless_normal((count,), next(seeds), stddev=ZOOM))
        right, down = tf.unstack(random.stateless_uniform((2, count), next(seeds), -SHIFT, SHIFT))
        cosine, sine = scale * tf.cos(angle), scale * tf.sin(angle)
        nothing, one = tf.zeros_like(scale), tf.ones_like(scale)
        rows = [
            [cosine, -sine, right + middle * (1 - cosine + sine)],
            [sine, cosine, down + middle * (1 - sine - cosine)],
            [nothing, nothing, one],
        ]
        return tf.transpose(tf.stack([tf.stack(row) for row in rows]), (2, 0, 1))

    def _disturbed(self, chips: tf.Tensor, seeds: Iterator[tf.Tensor]) -> tf.Tensor:
        count, size, random = tf.shape(chips)[0], self.size, tf.random
        gain = random.stateless_normal((count, 1, 1, 1), next(seeds), stddev=0.08)
        colour = random.stateless_normal((count, 1, 1, 3), next(seeds), stddev=0.04)
        chips = chips * tf.exp(gain + colour) + random.stateless_normal(tf.shape(chips), next(seeds), stddev=2.0)
        mirrored = random.stateless_uniform((count, 1, 1, 1), next(seeds)) < 0.5
        chips = tf.where(mirrored, chips[:, :, ::-1], chips)
        blurred = tf.nn.depthwise_conv2d(chips, self.blur, (1, 1, 1, 1), "SAME")
        chips += tf.nn.relu(random.stateless_uniform((count, 1, 1, 1), next(seeds), -1.0, 1.0)) * (blurred - chips)
        if not self.occlusion:
            return chips
        middle = random.stateless_uniform((2, count, 1, 1, 1), next(seeds), size * 0.125, size * 0.875)
        half = random.stateless_uniform((2, count, 1, 1, 1), next(seeds), size * 0.06, size * 0.2)
        hidden = random.stateless_uniform((count, 1, 1, 1), next(seeds)) < self.occlusion
        line = tf.range(size, dtype=tf.float32)
        above = tf.abs(line[None, :, None, None] - middle[0]) < half[0]
        beside = tf.abs(line[None, None, :, None] - middle[1]) < half[1]
        return tf.where(hidden & above & beside, tf.zeros_like(chips), chips)
