"""Fits the network by plain Keras ``fit``: section 3.3 of the paper."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from fsynth.decoder import Decoder
from fsynth.decoder.settings import DecoderSettings
from fsynth.errors import ArgumentError
from fsynth_training.dataset.geometry import SIZE, geometry_of
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import checkpoint
from fsynth_training.fit.config import NetworkConfig, OptimizerConfig
from fsynth_training.fit.distribution import Machines
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.identity_term import IdentityTerm
from fsynth_training.fit.recorder import Recorder, StopOnNan, stale
from fsynth_training.fit.samples import Batch, FeatureStatistics, Morphs, Samples
from fsynth_training.fit.training_model import TrainingModel

PICTURES = 8
"""How many held-out photos the picture shows."""


def fit(
    dataset: Dataset,
    config: NetworkConfig,
    run: Path,
    *,
    morphs: Morphs | None = None,
    machines: Machines | None = None,
    report: Callable[[str], None] = print,
) -> None:
    """Fit a decoder to ``dataset`` in the folder ``run``, from its last checkpoint if it has one.

    Args:
        dataset: what to learn from.
        config: what to do.
        run: the run's folder, see ``run_folder``.
        morphs: random morphs, if ``config.data.morphs`` asks for any.
        machines: the processes that fit together; one if None.
        report: takes a line of text after each checkpoint.

    Raises:
        FitError: the dataset does not hold what ``config`` asks for, a checkpoint is damaged, the disk is full, or the
            loss is no number any more.
    """
    machines = machines or Machines()
    samples = Samples(dataset, config, morphs)
    keras.utils.set_random_seed(config.seed)
    model = build_model(dataset, config, samples.statistics)
    optimizer: Any = model.optimizer
    optimizer.build(model.trainable_variables)
    step, history = checkpoint.restore(run / "checkpoints", model.state(), optimizer.variables)
    if step >= config.steps or (config.patience and stale(history) >= config.patience):
        report(f"This fit is finished, at step {step}.")
        return
    if step:
        report(f"Going on at step {step} of {config.steps}.")

    if config.patience and not len(samples.validation_rows):
        report("No one is held out for validation, so that this fit goes on to its last step whatever patience says.")
    every = config.checkpoint_every
    ends = [*range(every, config.steps, every), config.steps]
    validation = Validation(samples, config.batch, machines)
    # With several machines the decoder lies on all of them, and one alone cannot make pictures with it.
    shown = next(samples.validation(PICTURES), None) if machines.count == 1 else None
    recorder = Recorder(run, config, ends, history, shown, report, writes=machines.writes)
    callbacks = [StopOnNan(step), recorder]
    with _numbers_that_are_none(report):
        # The last epoch may be shorter than the others: Keras takes one length for all, so it is fitted on its own.
        whole = config.steps // every
        for first, last, length in ((step // every, whole, every), (whole, len(ends), config.steps - whole * every)):
            first = max(first, step // every)
            if first >= last or model.stop_training:
                continue
            model.fit(
                _batches(samples, first * every, machines),
                initial_epoch=first,
                epochs=last,
                steps_per_epoch=length,
                validation_data=validation if len(validation) else None,
                callbacks=callbacks,
                verbose=0,
                shuffle=False,
            )


def build_model(dataset: Dataset, config: NetworkConfig, known: FeatureStatistics) -> TrainingModel:
    """The model to train, compiled, with fresh weights; ``known`` are the statistics of the features."""
    decoder = build_decoder(dataset, config, known)
    identity = None
    if config.loss.identity:
        with _precision(config.precision):
            identity = IdentityTerm(dataset, config.loss, known.mean, config.seed)
        # All but the encoder's own layers stays float32.
        identity.dtype_policy = keras.dtype_policies.get("float32")
    skin = skin_weights(dataset) if config.loss.colour else None
    model = TrainingModel(decoder, config.loss, identity, skin)
    optimizer = build_optimizer(config.optimizer, config.steps)
    if config.precision == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    # Convolutions run slower under XLA on a CPU; the warp asks for XLA itself. JAX has nothing else.
    jit = keras.backend.backend() == "jax" or (_has_gpu() and "auto")
    model.compile(optimizer=optimizer, jit_compile=jit)
    return model


def build_decoder(dataset: Dataset, config: NetworkConfig, known: FeatureStatistics) -> Decoder:
    """A decoder with fresh weights, of the dataset's sizes.

    Raises:
        FitError: the sizes do not fit together.
    """
    fields = {name: getattr(config.decoder, name) for name in config.decoder.__dataclass_fields__}
    fields["code_activation"] = "relu" if config.decoder.code_activation == "relu" else None
    try:
        settings = DecoderSettings(
            feature_width=dataset.feature_width,
            landmarks=dataset.landmarks.shape[1],
            image_size=dataset.image_size,
            **fields,
        )
    except ArgumentError as error:
        raise FitError(f"[decoder] does not fit the dataset: {error}.") from error
    with _precision(config.precision):
        decoder = Decoder(mean_landmarks=np.asarray(dataset.mean_landmarks), settings=settings)
    # Half precision is for the convolutions: landmarks in it would be parts of a pixel off.
    exact = (decoder.normalization, decoder.code, decoder.code_hidden, decoder.code_residual)
    for layer in (*exact, decoder.landmark_hidden, decoder.landmark_offsets):
        if layer is not None:
            layer.dtype_policy = keras.dtype_policies.get("float32")
    decoder.normalization.mean.assign(known.mean)
    decoder.normalization.spread.assign([known.spread])
    return decoder


def build_optimizer(config: OptimizerConfig, steps: int) -> Any:
    """Adam with its schedule over ``steps`` steps."""
    rate = keras.optimizers.schedules.CosineDecay(
        0.0 if config.warm_up else config.learning_rate,
        max(steps - config.warm_up, 1),
        alpha=config.final_share if config.decay == "cosine" else 1.0,
        warmup_target=config.learning_rate if config.warm_up else None,
        warmup_steps=config.warm_up,
    )
    return keras.optimizers.Adam(
        rate, beta_1=config.beta_1, beta_2=config.beta_2, global_clipnorm=config.clip_norm or None
    )


def skin_weights(dataset: Dataset) -> np.ndarray:
    """(S, S) float32, sum 1: where a texture shows skin."""
    size = dataset.image_size
    scale = SIZE / size
    mesh = (np.asarray(dataset.mean_mesh, np.float64) + 0.5) * scale - 0.5
    skin = Image.fromarray(geometry_of(mesh).skin).resize((size, size), Image.Resampling.BOX)
    weights = np.asarray(skin, np.float32)
    if not weights.sum() > 0:
        raise FitError("The dataset's mean_mesh encloses no skin: set loss.colour = 0, or prepare the dataset again.")
    return weights / weights.sum()


class Validation(keras.utils.PyDataset):
    """The held-out photos, in the same batches each time."""

    def __init__(self, samples: Samples, size: int, machines: Machines) -> None:
        super().__init__()
        rows = len(samples.validation_rows)
        # Every process must get as many rows as the others.
        size = min(size, rows - rows % machines.count)
        self._batches = [machines.share(batch) for batch in samples.validation(size)] if size else []

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[Batch]:
        return (self._batches[index],)


def _batches(samples: Samples, step: int, machines: Machines) -> Iterator[tuple[Batch]]:
    """This process' part of every batch from number ``step`` on."""
    while True:
        yield (machines.share(samples.batch(step)),)
        step += 1


@contextlib.contextmanager
def _precision(name: str) -> Iterator[None]:
    """Layers made inside compute in this precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if name == "float32" else f"mixed_{name}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextlib.contextmanager
def _numbers_that_are_none(report: Callable[[str], None]) -> Iterator[None]:
    """TensorFlow cannot solve the warp's system for landmarks that are NaN: say so as for any other NaN."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if "not invertible" not in str(error):
            raise
        raise FitError(
            "The landmarks are no finite numbers any more, or coincide. Lower optimizer.learning_rate or set "
            "optimizer.clip_norm, and start again in another folder; the checkpoints so far are whole."
        ) from error


def _has_gpu() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
