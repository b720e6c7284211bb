"""What a smooth texture lacks: pores, lashes, hairs and strands, taken from the person of a bank who is most alike."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="fsynth")
class Detail(keras.layers.Layer):
    """Normalized features to fine luma detail: that of one of ``exemplars`` faces in the mean geometry.

    Regression gives the mean of all faces that would fit the features, and a mean is smooth. What is finer than a
    regression can know is taken whole from a real face, so that it looks like one. A softmax over exemplars chooses:
    its logits are steep, so that one of them has nearly all the weight, and yet nothing jumps.

    Args:
        size: width and height of the texture.
        exemplars: how many faces the bank holds.
    """

    def __init__(self, size: int, exemplars: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.exemplars = size, exemplars
        self.choice = keras.layers.Dense(exemplars, "softmax", name="choice")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights of the choice, and ``bank`` (exemplars, size * size), which is set and not trained."""
        self.choice.build(input_shape)
        self.bank = self.add_weight(
            shape=(self.exemplars, self.size * self.size), initializer="zeros", trainable=False, name="bank"
        )

    def call(self, normalized: Any) -> Any:
        """Normalized features (N, width) -> luma to be added to each pixel of the texture (N, S, S, 1)."""
        return ops.reshape(ops.matmul(self.choice(normalized), self.bank), (-1, self.size, self.size, 1))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size, "exemplars": self.exemplars}
