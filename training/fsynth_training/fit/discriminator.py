"""A small patch discriminator on textures: the adversarial loss that the paper names as future work."""

from __future__ import annotations

import itertools
from typing import Any

import keras
from keras import ops

from fsynth_training.fit.losses import mean_over

_CHANNELS = (16, 32, 64)


class PatchDiscriminator(keras.layers.Layer):
    """Scores patches of 29 x 29 pixels, above 0 for those it takes for a target's (Isola et al. 2017, smaller).

    Three convolutions, 5 x 5, stride 2, and one 1 x 1. Textures lie in one geometry, so two more input channels tell it
    where it looks: an eye is judged as an eye.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights, for textures (N, S, S, 3)."""
        widths = (5, *_CHANNELS)
        self.kernels = [
            self.add_weight(shape=(5, 5, before, after), initializer="he_normal", name=f"kernel_{i}")
            for i, (before, after) in enumerate(itertools.pairwise(widths))
        ]
        self.biases = [
            self.add_weight(shape=(width,), initializer="zeros", name=f"bias_{i}") for i, width in enumerate(_CHANNELS)
        ]
        self.score = self.add_weight(shape=(1, 1, _CHANNELS[-1], 1), initializer="he_normal", name="score")

    def call(self, textures: Any, frozen: bool = False) -> Any:
        """Textures (N, S, S, 3), 0..1 -> mean score (N,). ``frozen``: gradients reach the textures, not the weights."""
        hold = ops.stop_gradient if frozen else ops.convert_to_tensor
        count, size = ops.shape(textures)[0], textures.shape[1]
        axis = ops.linspace(-1.0, 1.0, size)
        place = ops.stack(ops.meshgrid(axis, axis), axis=-1)
        place = ops.broadcast_to(place[None], (count, size, size, 2))
        x = ops.concatenate([textures * 2 - 1, ops.cast(place, textures.dtype)], axis=-1)
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            x = ops.conv(x, hold(kernel), strides=2, padding="same", data_format="channels_last") + hold(bias)
            x = ops.maximum(x, 0.2 * x)
        scores = ops.conv(x, hold(self.score), strides=1, padding="same", data_format="channels_last")
        return ops.mean(scores, axis=(1, 2, 3))


def adversarial_losses(discriminator: PatchDiscriminator, textures: Any, targets: Any, rows: Any) -> tuple[Any, Any]:
    """The decoder's loss and the discriminator's (hinge); ``rows`` (B,) says which ``targets`` there are.

    Each has gradients for its own weights alone, so that one optimizer serves both.
    """
    decoder = -ops.mean(discriminator(textures, frozen=True))
    real, made = discriminator(targets), discriminator(ops.stop_gradient(textures))
    own = mean_over(rows, ops.relu(1 - real)) + ops.mean(ops.relu(1 + made))
    return decoder, own
