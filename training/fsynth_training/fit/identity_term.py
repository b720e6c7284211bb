"""The identity loss: what the frozen encoder sees in the warped output is what it saw in the photo."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from fsynth import encoder as encoders
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.chip_render import ChipRenderer
from fsynth_training.fit.config import LossConfig
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.losses import cosine


class IdentityTerm(keras.layers.Layer):
    """Cosine between the encoder's features of rendered outputs and their goals, through warp and encoder.

    Args:
        dataset: names the encoder; its mean face says where the encoder's chip lies in an image.
        loss: chip size and noise, and whether features are centred.
        centre: (W,) the mean of unit-length features.
        seed: of the noise.

    Raises:
        FitError: the features came from no encoder that fsynth has.
    """

    def __init__(self, dataset: Dataset, loss: LossConfig, centre: np.ndarray, seed: int) -> None:
        super().__init__(name="identity")
        if dataset.encoder not in encoders.NAMES:
            raise FitError(
                f"The identity loss needs the encoder of the features, and the dataset names {dataset.encoder!r}, "
                f"which is none of {', '.join(encoders.NAMES)}: set loss.identity = 0."
            )
        encoder: Any = encoders.load(dataset.encoder)
        size = loss.chip_size or encoder.input_size
        if size != encoder.input_size and dataset.encoder != "faceres":
            raise FitError(f"loss.chip_size = {size}, but {dataset.encoder} looks at {encoder.input_size} pixels only.")
        self.network = encoder.keras_model(size) if dataset.encoder == "faceres" else encoder.keras_model()
        scale = size / encoder.input_size
        transform = scale * encoder.chip_transform(np.asarray(dataset.mean_mesh))
        transform[:, 2] += (scale - 1) / 2  # pixel centres are on integers
        self.render = ChipRenderer(np.asarray(dataset.mean_landmarks), transform, size)
        self.centre = centre if loss.identity_centred else None
        self.noise = keras.random.SeedGenerator(seed) if loss.chip_noise else None
        self.built = True

    def call(self, texture: Any, landmarks: Any, goals: Any, training: bool = False) -> Any:
        """Textures (B, S, S, 3), landmarks (B, L, 2) and goals (B, W) -> cosines (B,)."""
        chips = self.render(texture, landmarks)
        if training and self.noise is not None:
            chips = self._disturbed(chips)
        features = ops.cast(self.network(chips), "float32")
        centre = None if self.centre is None else ops.convert_to_tensor(self.centre)
        return cosine(features, goals, centre)

    def _disturbed(self, chips: Any) -> Any:
        """Chips mirrored at random, with other brightness, colour and noise than they had."""
        count = ops.shape(chips)[0]
        mirror = keras.random.uniform((count, 1, 1, 1), seed=self.noise) < 0.5
        chips = ops.where(mirror, ops.flip(chips, axis=2), chips)
        gain = keras.random.normal((count, 1, 1, 1), 0.0, 0.06, seed=self.noise)
        colour = keras.random.normal((count, 1, 1, 3), 0.0, 0.03, seed=self.noise)
        return chips * ops.exp(gain + colour) + keras.random.normal(ops.shape(chips), 0.0, 2.0, seed=self.noise)
