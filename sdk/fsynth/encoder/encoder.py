"""What fsynth needs to know about a network that turns a face into identity features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import keras


@runtime_checkable
class Encoder(Protocol):
    """A network that turns a chip (a face cut out its own way) into identity features.

    Any object with these members serves, so people can bring their own network.

    Attributes:
        name: short, lower case; kept with weights that were trained on its features.
        input_size: width and height of a chip in pixels.
        feature_width: number of features W.
    """

    name: str
    input_size: int
    feature_width: int

    def crop(self, photo: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        """Cut a chip out of a photo.

        Args:
            photo: (H, W, 3) uint8 sRGB.
            mesh: (468, 2 or 3) float, the FaceMesh points (x, y, ...) in photo pixels, pixel centres on integers.

        Returns:
            (input_size, input_size, 3) uint8 sRGB.
        """

    def encode(self, chips: np.ndarray) -> np.ndarray:
        """Features of chips (N, input_size, input_size, 3) uint8 sRGB, as (N, feature_width) float32."""

    def keras_model(self) -> keras.Model:
        """The same network in Keras: frozen, differentiable, float chips RGB 0..255 in, features out."""
