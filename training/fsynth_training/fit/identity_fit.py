"""Trains the linear decoder on an identity loss: what the recogniser sees in the output is what it saw in the photo."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fsynth.faces import LANDMARKS_65, MIRROR_65
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.fit import checkpoint
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.face_space import Normalisation
from fsynth_training.fit.feature_pool import Batches, FeaturePool
from fsynth_training.fit.likeness_loss import LikenessLoss
from fsynth_training.fit.linear_config import LinearConfig
from fsynth_training.fit.linear_decoder import LinearDecoder
from fsynth_training.fit.nuisances import Nuisances
from fsynth_training.fit.second_judge import SecondJudge

POPULATION = 512
"""So many people stand for all in the term on the mean coefficients."""

CORNERS_OF_THE_MOUTH = tuple(int(np.flatnonzero(LANDMARKS_65 == point)[0]) for point in (61, 291))


def fit(
    decoder: LinearDecoder,
    pool: FeaturePool,
    nuisances: Nuisances,
    normalisation: Normalisation,
    geometry: Geometry,
    config: LinearConfig,
    checkpoints: Path,
    report: Callable[[str], None] = print,
    second: SecondJudge | None = None,
) -> list[dict[str, float]]:
    """Train ``decoder`` in place, from its last checkpoint in ``checkpoints`` if there is one.

    Args:
        decoder: starts from ridge regression.
        pool: features to train on.
        nuisances: what must not show.
        normalisation: of features.
        geometry: the mean face.
        config: schedule and weights.
        checkpoints: folder of the checkpoints; a fit that goes on ends as one that never stopped.
        report: takes a line of text after each checkpoint.
        second: the second recogniser, if it has a say.

    Returns:
        The mean terms between checkpoints.

    Raises:
        FitError: a term is no finite number, a checkpoint does not fit, or the disk is full.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate * 0.02, config.steps, alpha=0.02,
        warmup_target=config.learning_rate, warmup_steps=config.warm_up,
    )  # fmt: skip
    optimizer = keras.optimizers.Adam(rate, beta_2=0.99)
    optimizer.build(decoder.variables)
    done, history = checkpoint.restore(checkpoints, decoder.state(), optimizer.variables)
    if done >= config.steps:
        return history
    batches = Batches(pool, config)
    step = _step(decoder, pool, nuisances, normalisation, geometry, config, optimizer, second)
    started, sums, first = time.monotonic(), [], done
    for number in range(done, config.steps):
        batch = {name: tf.constant(value, tf.float32) for name, value in batches.batch(number).items()}
        terms = _finite(step, batch, number)
        sums.append(list(terms.values()))
        if (number + 1) % config.checkpoint_every == 0 or number + 1 == config.steps:
            means = dict(zip(terms, np.mean(sums, axis=0).tolist(), strict=True))
            sums = []
            history.append({"step": float(number + 1), **means})
            checkpoint.save(checkpoints, number + 1, decoder.state(), optimizer.variables, history)
            pace = config.batch * (number + 1 - first) / (time.monotonic() - started)
            shown = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
            report(f"step {number + 1} of {config.steps}: {shown}; {pace:.1f} images/s")
    return history


def _finite(
    step: Callable[[dict[str, tf.Tensor], tf.Tensor], dict[str, tf.Tensor]], batch: dict[str, tf.Tensor], number: int
) -> dict[str, float]:
    """The terms of a step, all of them finite numbers, or a FitError."""
    try:
        terms = {name: float(value) for name, value in step(batch, tf.constant(number)).items()}
    except tf.errors.InvalidArgumentError:  # no spline goes through landmarks that are no numbers
        terms = {"landmarks": np.nan}
    if not np.isfinite(sum(terms.values())):
        raise FitError(
            f"The loss is no finite number any more at step {number + 1} ({terms}). Lower learning_rate, start again "
            "in another folder; the checkpoints before it are whole."
        )
    return terms


def _step(
    decoder: LinearDecoder,
    pool: FeaturePool,
    nuisances: Nuisances,
    normalisation: Normalisation,
    geometry: Geometry,
    config: LinearConfig,
    optimizer: keras.optimizers.Optimizer,
    second: SecondJudge | None,
) -> Callable[[dict[str, tf.Tensor], tf.Tensor], dict[str, tf.Tensor]]:
    """One step of the optimizer as a graph: a batch and its number to the terms of the loss."""
    likeness = LikenessLoss(
        geometry.landmarks, geometry.mesh, normalisation,
        chip_size=config.chip_size, occlusion=config.occlusion, seed=config.seed, second=second,
    )  # fmt: skip
    space, details, weights = decoder.space, decoder.details, config.terms
    per_pixel = np.square(space.face.directions).sum(axis=1) / (geometry.face > 0.5).sum()
    per_landmark = np.square(space.shapes.directions).sum(axis=1) / len(space.mean_landmarks)
    scale = tf.constant(np.concatenate([per_pixel, per_landmark]), tf.float32)
    spread = np.random.default_rng([config.seed, 2]).permutation(np.flatnonzero(pool.view == 0))
    people = tf.constant(normalisation(pool.inputs[spread]))
    looking = tf.constant(normalisation(nuisances.features))
    width, yaw = (tf.constant(values) for values in (nuisances.mouth_width, nuisances.yaw))
    left_out = tf.constant(normalisation.left_out, tf.float32)
    centre = tf.constant(normalisation.mean, tf.float32)
    left, right = CORNERS_OF_THE_MOUTH

    def normalise(features: tf.Tensor) -> tf.Tensor:
        x = (tf.math.l2_normalize(features, -1) - centre) / normalisation.spread
        return x - tf.matmul(tf.matmul(x, left_out, transpose_b=True), left_out)

    def leak() -> tf.Tensor:
        """Squared correlations of what the photo did with what the output shows, over people."""
        offsets = decoder.offsets(decoder.coefficients(looking))
        wide = offsets[:, right, 0] - offsets[:, left, 0]
        wide -= tf.reduce_mean(wide)
        of_mouth = tf.reduce_mean(wide * width) / (tf.math.reduce_std(wide) + 1e-3)
        mirrored = tf.gather(offsets, tf.constant(MIRROR_65), axis=1) * tf.constant([-1.0, 1.0])
        uneven = (offsets - mirrored) / 2
        uneven -= tf.reduce_mean(uneven, axis=0)
        of_yaw = tf.reduce_mean(uneven * yaw[:, None, None], axis=0) / (tf.math.reduce_std(uneven) + 1e-3)
        return tf.square(of_mouth) + tf.reduce_mean(tf.square(of_yaw))

    def common(number: tf.Tensor) -> tf.Tensor:
        """Mean squared of the mean detail coefficients over some of all people."""
        start = tf.random.stateless_uniform((), tf.stack([config.seed, number]), 0, len(spread), tf.int32)
        chosen = tf.gather(people, tf.math.floormod(start + tf.range(min(POPULATION, len(spread))), len(spread)))
        return tf.reduce_mean(tf.square(tf.reduce_mean(decoder.coefficients(chosen)[:, :details], axis=0)))

    @tf.function
    def step(batch: dict[str, tf.Tensor], number: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            features = normalise(batch["inputs"])
            coefficients = decoder.coefficients(features)
            texture = decoder.texture(features, coefficients)
            leaving = scale * tf.square(coefficients - decoder.ridge(features))
            other = decoder.coefficients(normalise(batch["other"]))
            seen = likeness(
                texture, decoder.landmarks(coefficients), batch["goals"], batch["second_goals"], number
            )  # fmt: skip
            wrong = tf.square(coefficients - batch["coefficients"])
            terms = {
                "likeness": seen[0],
                "second": seen[1],
                "detail": tf.reduce_mean(tf.reduce_sum(leaving[:, :details], -1)),
                "shape": tf.reduce_mean(tf.reduce_sum(leaving[:, details:], -1)),
                "coefficients": tf.reduce_mean(tf.square(coefficients)),
                "consistency": tf.reduce_mean(batch["paired"][:, None] * tf.square(coefficients - other)),
                "targets": tf.reduce_mean(batch["clean"][:, None] * wrong),
                "mean": common(number),
                "leak": leak() if weights.leak else tf.constant(0.0),
                "overflow": tf.reduce_mean(tf.square(tf.nn.relu(texture - 1) + tf.nn.relu(-texture))),
            }
            loss = tf.add_n([getattr(weights, name) * value for name, value in terms.items()])
        optimizer.apply(tape.gradient(loss, decoder.variables), decoder.variables)
        return terms

    return step
