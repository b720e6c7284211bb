"""What a smooth texture lacks, added by a small network: lashes, hairs, pores, the edges of irises and lips."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from fsynth.decoder.settings import DETAIL_LIMIT, LUMA, SEED_STRENGTH

BLOCKS = 3
"""Residual blocks at a quarter of the texture's size."""


@keras.saving.register_keras_serializable(package="fsynth")
class Detail(keras.layers.Layer):
    """A U-net of two levels from a texture to the luma detail that is to be added to it.

    It works at a half and a quarter of the texture's size, with ``channels`` and three times as many channels, so that
    it sees some 20 pixels to every side and takes a few milliseconds. Any size divisible by 4 will do.

    A mean of faces still holds traces of their pores and strands, only too weak. They are the seeds of new ones: the
    network is shown the finest structure of the texture a second time, much stronger.
    """

    def __init__(self, channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = channels

        def convolution(count: int, size: int, strides: int, name: str) -> keras.layers.Conv2D:
            return keras.layers.Conv2D(count, size, strides=strides, padding="same", activation="relu", name=name)

        self.fine = convolution(channels, 6, 2, "fine")
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
        self.fine.build((None, None, None, 5))
        self.coarse.build(fine)
        for block in self.blocks:
            block.build(coarse)
        self.enlarge.build(coarse)
        self.refine.build(fine)
        self.luma.build(fine)

    def call(self, texture: Any) -> Any:
        """Texture (N, S, S, 3), about 0..1 -> luma detail (N, S, S, 1), within +-``DETAIL_LIMIT``."""
        fine = self.fine(ops.concatenate([4 * texture - 2, seeds(texture)], axis=-1))
        coarse = self.coarse(fine)
        for block in self.blocks:
            coarse = coarse + block(coarse)
        fine = ops.relu(fine + self.enlarge(coarse))
        fine = fine + self.refine(fine)
        return DETAIL_LIMIT * ops.tanh(self.luma(fine) / DETAIL_LIMIT)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "channels": self.channels}


def seeds(texture: Any) -> Any:
    """Texture (N, S, S, 3) -> what is finer than 3 px, and what is so only than 5 px, -1..1, (N, S, S, 2)."""

    def mean(image: Any, size: int) -> Any:
        return ops.average_pool(image, size, strides=1, padding="same", data_format="channels_last")

    luma = ops.matmul(texture, ops.convert_to_tensor(LUMA[:, None], texture.dtype))
    finer = mean(luma, 3)
    bands = ops.concatenate([luma - finer, finer - mean(finer, 5)], axis=-1)
    return ops.tanh(bands / SEED_STRENGTH)
