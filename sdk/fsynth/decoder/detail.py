"""What a smooth texture lacks, added by a small network: lashes, hairs, pores, the edges of irises and lips."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from fsynth.decoder.settings import DETAIL_LIMIT

BLOCKS = 3
"""Residual blocks at a quarter of the texture's size."""

GRAIN_SIZE, GRAIN_CHANNELS = 56, 4
"""Pores and strands are nowhere in a smooth texture: they grow from a tile of noise of this size, which covers twice as
many pixels."""


@keras.saving.register_keras_serializable(package="fsynth")
class Detail(keras.layers.Layer):
    """A U-net of two levels from a texture to the luma detail that is to be added to it.

    It works at a half and a quarter of the texture's size, with ``channels`` and three times as many channels, so that
    it sees some 20 pixels to every side and takes a few milliseconds. Any size divisible by 4 will do.

    ``grain`` (56, 56, 4) is noise, repeated over the texture at half its size: a weight that is set once, not trained.
    """

    def __init__(self, channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = channels

        def convolution(count: int, size: int, strides: int, name: str) -> keras.layers.Conv2D:
            return keras.layers.Conv2D(count, size, strides=strides, padding="same", activation="relu", name=name)

        self.fine = keras.layers.Conv2D(channels, 6, strides=2, padding="same", name="fine")
        self.sow = keras.layers.Conv2D(channels, 1, use_bias=False, name="sow")
        self.coarse = convolution(3 * channels, 4, 2, "coarse")
        self.blocks = [convolution(3 * channels, 3, 1, f"block_{i}") for i in range(BLOCKS)]
        self.enlarge = keras.layers.Conv2DTranspose(channels, 2, strides=2, padding="same", name="enlarge")
        self.refine = convolution(channels, 3, 1, "refine")
        # Small at first: an untrained detail adds next to nothing.
        small = keras.initializers.RandomNormal(stddev=1e-3)
        self.luma = keras.layers.Conv2DTranspose(1, 6, strides=2, padding="same", kernel_initializer=small, name="luma")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        fine, coarse = (None, None, None, self.channels), (None, None, None, 3 * self.channels)
        self.grain = self.add_weight(
            shape=(GRAIN_SIZE, GRAIN_SIZE, GRAIN_CHANNELS),
            initializer=keras.initializers.RandomNormal(stddev=1.0, seed=0),
            trainable=False,
            name="grain",
        )
        self.fine.build((None, None, None, 3))
        self.sow.build((None, None, None, GRAIN_CHANNELS))
        self.coarse.build(fine)
        for block in self.blocks:
            block.build(coarse)
        self.enlarge.build(coarse)
        self.refine.build(fine)
        self.luma.build(fine)

    def call(self, texture: Any, grain: Any = None) -> Any:
        """Texture (N, S, S, 3), about 0..1 -> luma detail (N, S, S, 1), within +-``DETAIL_LIMIT``.

        ``grain`` (N, S/2, S/2, 4) takes the place of the layer's own: in training each sample has another.
        """
        if grain is None:
            grain = self._grain_over(texture.shape[1] // 2, texture.shape[2] // 2)
        fine = ops.relu(self.fine(4 * texture - 2) + self.sow(grain))
        coarse = self.coarse(fine)
        for block in self.blocks:
            coarse = coarse + block(coarse)
        fine = ops.relu(fine + self.enlarge(coarse))
        fine = fine + self.refine(fine)
        return DETAIL_LIMIT * ops.tanh(self.luma(fine) / DETAIL_LIMIT)

    def _grain_over(self, height: int, width: int) -> Any:
        repeats = (-(-height // GRAIN_SIZE), -(-width // GRAIN_SIZE), 1)
        return ops.tile(self.grain, repeats)[None, :height, :width]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "channels": self.channels}
