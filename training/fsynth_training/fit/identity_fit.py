"""Trains the linear decoder on an identity loss: what the recogniser sees in the output is what it saw in the photo."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fsynth import encoder
from fsynth.decoder.settings import YCC_TO_RGB
from fsynth.faces import fit_similarity
from fsynth_training.dataset.targets import BACKGROUND
from fsynth_training.fit.chip_render import ChipRenderer
from fsynth_training.fit.face_space import FaceSpace, Normalisation
from fsynth_training.fit.planes import CHROMA_STRIDE

CHIP_SIZE = 160
"""The encoder tells people apart down to 160 px, at half the cost of 224."""


@dataclass(frozen=True, eq=False)
class FeaturePool:
    """Features to train on. inputs: (N, W), of photos as they are and degraded. goals: (N, W), of the same person in
    good light. person: (N,) int. coefficients: (N, K), the clean target in the basis, NaN where there is none.
    """

    inputs: np.ndarray
    goals: np.ndarray
    person: np.ndarray
    coefficients: np.ndarray


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """Weights of the loss and the schedule of the fit."""

    steps: int = 1500
    batch: int = 16
    learning_rate: float = 3e-3
    warm_up: int = 20
    coefficient_weight: float = 0.02
    consistency_weight: float = 0.1
    target_weight: float = 0.1
    mix: tuple[float, float] = (-0.35, 1.35)
    seed: int = 0


class LinearDecoder:
    """Normalised features to textures and landmarks, all linear.

    Only ``kernel`` and ``bias`` are trained: they give the coefficients of ``space.face`` and ``space.shapes``. Hair,
    colours and outline come from ridge regression: an identity loss would paint them to please the encoder.
    """

    def __init__(self, space: FaceSpace, kernel: np.ndarray, bias: np.ndarray) -> None:
        self.space = space
        self.kernel, self.bias = tf.Variable(kernel.astype(np.float32)), tf.Variable(bias.astype(np.float32))
        self._base = [tf.constant(part, tf.float32) for part in (space.base_kernel, space.base_bias)]
        self._base_map = [tf.constant(part, tf.float32) for part in (space.base.directions, space.base.mean)]
        self._face_map = [tf.constant(part, tf.float32) for part in (space.face.directions, space.face.mean)]
        flat = space.mean_landmarks.ravel() + space.shapes.mean
        self._shape_map = [tf.constant(part, tf.float32) for part in (space.shapes.directions, flat)]

    def coefficients(self, features: tf.Tensor) -> tf.Tensor:
        """Normalised features (N, W) -> coefficients (N, K) of face detail and shape, in standard deviations."""
        return features @ self.kernel + self.bias

    def texture(self, features: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """Normalised features and coefficients -> textures (N, S, S, 3) on the plain background, not clipped."""
        kernel, bias = self._base
        directions, mean = self._base_map
        planes = (features @ kernel + bias) @ directions + mean
        details, detail_mean = self._face_map
        pixels = details.shape[1]
        luma = planes[:, :pixels] + coefficients[:, : details.shape[0]] @ details + detail_mean
        size = int(np.sqrt(pixels))
        small = size // CHROMA_STRIDE
        cells = small * small
        chroma = tf.reshape(planes[:, pixels : pixels + 2 * cells], (-1, small, small, 2))
        outline = tf.reshape(planes[:, pixels + 2 * cells :], (-1, small, small, 1))
        coarse = tf.image.resize(tf.concat([chroma, outline], axis=-1), (size, size))
        ycc = tf.concat([tf.reshape(luma, (-1, size, size, 1)), coarse[..., :2]], axis=-1)
        rgb = tf.reshape(tf.reshape(ycc, (-1, 3)) @ YCC_TO_RGB, (-1, size, size, 3))
        matte = tf.clip_by_value(coarse[..., 2:] + 0.5, 0.0, 1.0)
        return BACKGROUND + matte * (rgb - BACKGROUND)

    def landmarks(self, coefficients: tf.Tensor) -> tf.Tensor:
        """Coefficients (N, K) -> landmarks (N, L, 2) px."""
        directions, mean = self._shape_map
        offsets = coefficients[:, self.space.face.directions.shape[0] :] @ directions
        return tf.reshape(offsets + mean, (-1, len(self.space.mean_landmarks), 2))


def batches(pool: FeaturePool, settings: FitSettings) -> Iterator[dict[str, np.ndarray]]:
    """Endless batches: half of them single people, half mixtures of two people's features.

    Each sample comes with a second view of the same person for the consistency loss.
    """
    rng = np.random.default_rng(settings.seed)
    order = np.argsort(pool.person, kind="stable")
    starts = np.searchsorted(pool.person[order], pool.person, "left")
    ends = np.searchsorted(pool.person[order], pool.person, "right")
    while True:
        first = rng.integers(0, len(pool.inputs), settings.batch)
        other = rng.integers(0, len(pool.inputs), settings.batch)
        weight = rng.uniform(*settings.mix, settings.batch).astype(np.float32)
        weight[::2] = 1
        mixed = weight[:, None]
        second = order[rng.integers(starts[first], ends[first])]
        clean = np.isfinite(pool.coefficients[first, 0]) & (weight == 1)
        yield {
            "inputs": np.maximum(mixed * pool.inputs[first] + (1 - mixed) * pool.inputs[other], 0),
            "goals": np.maximum(mixed * pool.goals[first] + (1 - mixed) * pool.goals[other], 0),
            "second": pool.inputs[second],
            "paired": (weight == 1).astype(np.float32),
            "coefficients": np.nan_to_num(pool.coefficients[first]),
            "clean": clean.astype(np.float32),
        }


def fit(
    decoder: LinearDecoder,
    pool: FeaturePool,
    normalisation: Normalisation,
    mean_five_points: np.ndarray,
    settings: FitSettings,
    checkpoint: Path,
) -> None:
    """Train ``decoder`` in place; every 100 steps its kernel and bias are written to ``checkpoint`` (.npz).

    Args:
        decoder: starts from ridge regression.
        pool: features to train on.
        normalisation: of features; its mean over people is taken out before angles are compared.
        mean_five_points: (5, 2) px, the alignment points of the mean face.
        settings: schedule and weights.
        checkpoint: where the state goes.
    """
    faceres = encoder.FaceRes()
    network = faceres.keras_model(input_size=CHIP_SIZE)
    template = (faceres.template + 0.5) * (CHIP_SIZE / faceres.input_size) - 0.5
    render = ChipRenderer(decoder.space.mean_landmarks, fit_similarity(mean_five_points, template), CHIP_SIZE)
    centre = tf.constant(normalisation.mean, tf.float32)
    smile = tf.constant(normalisation.smile, tf.float32)
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate * 0.02, settings.steps, alpha=0.02,
        warmup_target=settings.learning_rate, warmup_steps=settings.warm_up,
    )  # fmt: skip
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    noise = tf.random.Generator.from_seed(settings.seed)

    def normalise(features: tf.Tensor) -> tf.Tensor:
        x = (tf.math.l2_normalize(features, -1) - centre) / normalisation.spread
        return x - tf.matmul(tf.matmul(x, smile, transpose_b=True), smile)

    def angle(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        a, b = tf.nn.l2_normalize(a, -1) - centre, tf.nn.l2_normalize(b, -1) - centre
        return tf.reduce_sum(tf.nn.l2_normalize(a, -1) * tf.nn.l2_normalize(b, -1), -1)

    @tf.function
    def step(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            features = normalise(batch["inputs"])
            coefficients = decoder.coefficients(features)
            texture = decoder.texture(features, coefficients)
            chips = render(texture, decoder.landmarks(coefficients))
            count = tf.shape(chips)[0]
            gain = tf.exp(noise.normal((count, 1, 1, 1), 0.0, 0.06) + noise.normal((count, 1, 1, 3), 0.0, 0.03))
            chips = chips * gain + noise.normal(tf.shape(chips), 0.0, 2.0)
            chips = tf.image.random_flip_left_right(chips)
            likeness = tf.reduce_mean(1 - angle(network(chips), batch["goals"]))
            other = decoder.coefficients(normalise(batch["second"]))
            paired = tf.reduce_mean(batch["paired"][:, None] * tf.square(coefficients - other))
            error = tf.reduce_mean(batch["clean"][:, None] * tf.square(coefficients - batch["coefficients"]))
            overflow = tf.reduce_mean(tf.square(tf.nn.relu(texture - 1) + tf.nn.relu(-texture)))
            loss = (
                likeness
                + settings.coefficient_weight * tf.reduce_mean(tf.square(coefficients))
                + settings.consistency_weight * paired
                + settings.target_weight * error
                + 10.0 * overflow
            )
        variables = [decoder.kernel, decoder.bias]
        optimizer.apply(tape.gradient(loss, variables), variables)
        return {"likeness": likeness, "spread": tf.reduce_mean(tf.square(coefficients)), "paired": paired,
                "targets": error, "overflow": overflow}  # fmt: skip

    started, sums = time.monotonic(), np.zeros(5)
    for number, batch in enumerate(batches(pool, settings), start=1):
        if number > settings.steps:
            break
        values = step({name: tf.constant(value, tf.float32) for name, value in batch.items()})
        sums += [float(value) for value in values.values()]
        if number % 50 == 0:
            shown = ", ".join(f"{name} {value:.4f}" for name, value in zip(values, sums / 50, strict=True))
            print(f"step {number} of {settings.steps}, {time.monotonic() - started:.0f} s: {shown}", flush=True)
            sums[:] = 0
        if number % 100 == 0 or number == settings.steps:
            partial = checkpoint.with_name(f"{checkpoint.name}.partial.npz")
            np.savez(partial, kernel=decoder.kernel.numpy(), bias=decoder.bias.numpy(), step=number)
            partial.replace(checkpoint)
