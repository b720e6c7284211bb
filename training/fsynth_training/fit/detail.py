"""Trains the decoder's detail stage: what turns the smooth texture of a linear decoder into one as sharp as a photo.

Regression gives the mean of all faces that would fit the features, and a mean is smooth. The detail stage paints one
of these faces instead, by an adversarial loss. Two kinds of smooth textures teach it:

- *aligned* ones: a person's own photo as the decoder would show it at its best. They agree with the photo pixel for
  pixel, so that a lash belongs where the smooth texture has a dark line;
- what the decoder makes of the person's features. Its edges lie elsewhere than the photo's: only the amount of detail
  is compared, place by place, and the critic judges the look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fsynth.decoder.detail import Detail
from fsynth_training.fit.detail_losses import Critic, band_energies, blur, luma_of, seen_by_critic


@dataclass(frozen=True, eq=False)
class DetailPairs:
    """What the detail stage learns from.

    Attributes:
        smooth: (M, S, S, 3) float, sRGB 0..1, textures of a decoder without detail, before the matte.
        sharp: (N, S, S) float, luma 0..1 of photos in the same geometry; see ``fsynth_training.dataset.sharp``.
        weights: (N, S, S) float 0..1: where ``sharp`` is to be learned from; 0 beyond the head.
        target: (M,) int, the row of ``sharp`` that belongs to each smooth texture.
        aligned: (M,) bool, whether it agrees with its target pixel for pixel.
        frequency: (M,) float, how often each is drawn, relative to the others.
    """

    smooth: np.ndarray
    sharp: np.ndarray
    weights: np.ndarray
    target: np.ndarray
    aligned: np.ndarray
    frequency: np.ndarray


@dataclass(frozen=True, kw_only=True)
class DetailSettings:
    """Schedule and weights of the losses; ``crop`` in pixels, divisible by 4.

    The critic joins after ``alone`` steps and has its full weight as many steps later. Pixels of textures that are not
    aligned count ``other_pixels`` as much as those that are.
    """

    channels: int = 16
    steps: int = 6000
    batch: int = 8
    crop: int = 112
    learning_rate: float = 1e-3
    alone: int = 200
    pixel_weight: float = 10.0
    other_pixels: float = 0.2
    energy_weight: float = 0.05
    low_weight: float = 3.0
    critic_weight: float = 0.05
    feature_weight: float = 0.025
    gradient_penalty: float = 0.05
    penalty_every: int = 8
    save_every: int = 250
    seed: int = 0


def train_detail(pairs: DetailPairs, settings: DetailSettings, checkpoint: Path) -> dict[str, np.ndarray]:
    """Train a ``Detail`` layer; the same pairs and settings give the same weights.

    Every ``save_every`` steps the whole state goes to ``checkpoint`` (.npz); with a state there, training goes on from
    it and ends where it would have ended without the interruption.

    Returns:
        The layer's weights by their names in a decoder, for example ``detail/fine/kernel``.

    Raises:
        ValueError: ``checkpoint`` holds the state of a training with other settings.
    """
    keras.utils.set_random_seed(settings.seed)
    training = _Training(settings)
    done = training.restore(checkpoint) if checkpoint.exists() else 0
    sums: list[np.ndarray] = []
    for number in range(done + 1, settings.steps + 1):
        batch = {name: tf.constant(value) for name, value in draw(pairs, settings, number).items()}
        share = np.clip((number - settings.alone) / max(settings.alone, 1), 0, 1)
        sums.append(np.asarray(training.step(batch, tf.constant(share, tf.float32))))
        if number % settings.penalty_every == 0:
            training.penalize(batch)
        if number % 50 == 0:
            shown = zip(training.shown, np.mean(sums, axis=0), strict=True)
            print(f"step {number} of {settings.steps}: " + ", ".join(f"{n} {v:.4f}" for n, v in shown), flush=True)
            sums.clear()
        if number % settings.save_every == 0 or number == settings.steps:
            training.save(checkpoint, number)
    return {f"detail/{_name(weight)}": np.asarray(weight) for weight in training.detail.weights}


def draw(pairs: DetailPairs, settings: DetailSettings, step: int) -> dict[str, np.ndarray]:
    """The batch of a step: crops, half of them mirrored."""
    rng = np.random.default_rng((settings.seed, step))
    chosen = rng.choice(len(pairs.smooth), settings.batch, p=pairs.frequency / pairs.frequency.sum())
    return {name: np.stack(column).astype(np.float32) for name, column in _columns(pairs, settings, chosen, rng)}


def _columns(
    pairs: DetailPairs, settings: DetailSettings, chosen: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[str, list[np.ndarray]]]:
    size, crop = pairs.sharp.shape[1], settings.crop
    corners = rng.integers(0, (size - crop) // 2 + 1, (len(chosen), 2)) * 2
    windows = [np.s_[y : y + crop, x : x + crop] for x, y in corners]
    turns = rng.choice([-1, 1], len(chosen))
    targets = pairs.target[chosen]

    def cut(images: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
        return [images[row][window][:, ::turn] for row, window, turn in zip(rows, windows, turns, strict=True)]

    places = place_planes(size)
    yield "smooth", cut(pairs.smooth, chosen)
    yield "sharp", [image[..., None] for image in cut(pairs.sharp, targets)]
    yield "weights", [image[..., None] for image in cut(pairs.weights, targets)]
    yield "aligned", list(pairs.aligned[chosen].reshape(-1, 1, 1, 1))
    yield "places", [places[window][:, ::turn] for window, turn in zip(windows, turns, strict=True)]


def place_planes(size: int) -> np.ndarray:
    """(size, size, 2): distance from the middle column and height, -1..1: detail at an eye must look like an eye's."""
    line = np.linspace(-1, 1, size, dtype=np.float32)
    return np.stack(np.meshgrid(np.abs(line), line), axis=-1)


def _name(weight: keras.Variable) -> str:
    return str(weight.path).split("detail/", 1)[1]


class _Training:
    """Layer, critic and optimizers, and one step of each."""

    shown = ("pixels", "energies", "low frequencies", "fooled", "critic's features", "critic")

    def __init__(self, settings: DetailSettings) -> None:
        self.settings = settings
        self.detail, self.critic = Detail(settings.channels, name="detail"), Critic(name="critic")
        self.detail.build((None, settings.crop, settings.crop, 3))
        self.critic.build((None, settings.crop, settings.crop, 3))
        schedule = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps, alpha=0.05)
        self.painter = keras.optimizers.Adam(schedule, beta_1=0.5, beta_2=0.99)
        self.judge = keras.optimizers.Adam(settings.learning_rate, beta_1=0.0, beta_2=0.99)
        self.painter.build(self.detail.trainable_variables)
        self.judge.build(self.critic.trainable_variables)

    def _variables(self) -> list[keras.Variable]:
        return [*self.detail.weights, *self.critic.weights, *self.painter.variables, *self.judge.variables]

    def save(self, path: Path, step: int) -> None:
        """Write the whole state, whole or not at all."""
        partial = path.with_name(f"{path.name}.partial.npz")
        values = {f"value_{number}": np.asarray(variable) for number, variable in enumerate(self._variables())}
        np.savez(partial, step=step, settings=str(asdict(self.settings)), **values)
        partial.replace(path)

    def restore(self, path: Path) -> int:
        """Read the state back and return the step it was written after."""
        with np.load(path) as state:
            if str(state["settings"]) != str(asdict(self.settings)):
                raise ValueError(
                    f"{path} is a checkpoint of a training with other settings: give another file, or the settings "
                    f"it was made with: {state['settings']}."
                )
            for number, variable in enumerate(self._variables()):
                variable.assign(state[f"value_{number}"])
            return int(state["step"])

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(self, batch: dict[str, tf.Tensor], share: tf.Tensor) -> tf.Tensor:
        """One step of the detail layer, then one of the critic; ``share`` of the critic's weight counts."""
        settings, sharp, aligned = self.settings, batch["sharp"], batch["aligned"]
        weights = batch["weights"] * self._inside()
        real = seen_by_critic(sharp, weights, batch["places"])
        with tf.GradientTape() as tape:
            added = self.detail(batch["smooth"])
            made = luma_of(batch["smooth"]) + added
            counts = aligned + settings.other_pixels * (1 - aligned)
            pixels = tf.reduce_mean(counts * weights * tf.abs(made - sharp))
            energies = band_energies(made, sharp, weights)
            low = tf.reduce_mean(tf.abs(blur(added, 3.0)))
            fake = seen_by_critic(made, weights, batch["places"])
            verdict, features = self.critic(fake)
            fooled = tf.reduce_mean(tf.nn.softplus(-verdict))
            wanted = self.critic(real)[1]
            alike = tf.add_n([
                tf.reduce_mean(aligned * tf.abs(a - tf.stop_gradient(b)))
                for a, b in zip(features, wanted, strict=True)
            ])  # fmt: skip
            loss = settings.pixel_weight * pixels + settings.energy_weight * energies + settings.low_weight * low
            loss += share * (settings.critic_weight * fooled + settings.feature_weight * alike)
        variables = self.detail.trainable_variables
        self.painter.apply(tape.gradient(loss, variables), variables)
        with tf.GradientTape() as tape:
            judged = tf.reduce_mean(tf.nn.softplus(self.critic(fake)[0]) + tf.nn.softplus(-self.critic(real)[0]))
        variables = self.critic.trainable_variables
        self.judge.apply(tape.gradient(judged, variables), variables)
        return tf.stack([pixels, energies, low, fooled, alike, judged])

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def penalize(self, batch: dict[str, tf.Tensor]) -> None:
        """Keep the critic's slope at real textures small (R1, Mescheder et al. 2018), for the steps since the last."""
        real = seen_by_critic(batch["sharp"], batch["weights"] * self._inside(), batch["places"])
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(real)
                verdict = tf.reduce_mean(self.critic(real)[0], axis=(1, 2, 3))
            slope = inner.gradient(verdict, real)[..., :1]
            size = tf.reduce_mean(tf.reduce_sum(tf.square(slope), axis=(1, 2, 3)))
            loss = self.settings.penalty_every * self.settings.gradient_penalty * size
        variables = self.critic.trainable_variables
        zero = tf.UnconnectedGradients.ZERO  # the last bias does not change the slope
        gradients = tape.gradient(loss, [variable.value for variable in variables], unconnected_gradients=zero)
        self.judge.apply(gradients, variables)

    def _inside(self) -> tf.Tensor:
        """Zero near the border of a crop, where the layer saw nothing beyond."""
        border = np.zeros((1, self.settings.crop, self.settings.crop, 1), np.float32)
        border[:, 8:-8, 8:-8] = 1
        return tf.constant(border)
