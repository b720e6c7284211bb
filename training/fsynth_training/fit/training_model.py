"""The decoder with its loss: what ``fit`` trains, on TensorFlow and on JAX."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from fsynth.decoder import Decoder
from fsynth_training.fit import losses
from fsynth_training.fit.config import LossConfig
from fsynth_training.fit.discriminator import PatchDiscriminator, adversarial_losses
from fsynth_training.fit.identity_term import IdentityTerm


class TrainingModel(keras.Model):
    """A decoder, the frozen encoder behind it, and the loss of section 3.3 with the terms beyond it.

    Takes batches as ``fsynth_training.fit.samples.Batch`` describes them; a term of weight 0 is not computed.

    Args:
        decoder: what is trained.
        weights: of the terms.
        identity: the identity term; None without one.
        skin: (S, S) weights of the pixels of skin, sum 1, for the colour loss; None without one.
    """

    def __init__(
        self, decoder: Decoder, weights: LossConfig, identity: IdentityTerm | None, skin: np.ndarray | None
    ) -> None:
        super().__init__(name="training")
        self.decoder, self.terms, self.identity = decoder, weights, identity
        self.skin = None if skin is None else skin.astype(np.float32)
        self.discriminator = None
        if weights.adversarial:
            size = decoder.settings.image_size
            self.discriminator = PatchDiscriminator(name="discriminator")
            self.discriminator.build((None, size, size, 3))
        self.means = {name: keras.metrics.Mean(name=name) for name in self._names()}
        self.built = True

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Features to ``code`` (B, f), ``landmarks`` (B, L, 2) px and ``texture`` (B, S, S, 3), 0..1, all float32."""
        code = self.decoder.encode(batch["features"])
        outputs = {"code": code, "landmarks": self.decoder.landmarks(code), "texture": self.decoder.texture(code)}
        if self.terms.consistency:
            outputs["other_code"] = self.decoder.encode(batch["others"])
        if self.identity is not None:
            texture, landmarks = ops.cast(outputs["texture"], "float32"), outputs["landmarks"]
            outputs["likeness"] = self.identity(texture, landmarks, batch["goals"], training=training)
        return {name: ops.cast(value, "float32") for name, value in outputs.items()}

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The weighted sum of the terms; each is also a metric, without its weight."""
        terms, rows, texture = self.terms, x["labelled"], y_pred["texture"]
        target = ops.cast(x["textures"], "float32") / 255.0
        values = {
            "landmarks": losses.landmark_loss(y_pred["landmarks"], x["landmarks"], rows),
            "texture": losses.texture_loss(texture, target, rows),
        }
        if self.identity is not None:
            values["identity"] = -ops.mean(y_pred["likeness"])
        if self.skin is not None:
            values["colour"] = losses.colour_loss(texture, target, ops.convert_to_tensor(self.skin), rows)
        if terms.consistency:
            values["consistency"] = losses.consistency_loss(y_pred["code"], y_pred["other_code"], x["paired"])
        if terms.laplacian:
            values["laplacian"] = losses.laplacian_loss(texture, target, rows)
        total = sum(getattr(terms, name) * value for name, value in values.items())
        if self.discriminator is not None:
            fooled, own = adversarial_losses(self.discriminator, texture, target, rows)
            values.update(adversarial=fooled, discriminator=own)
            # The discriminator is no goal of the decoder's: validation leaves both out.
            total = total + terms.adversarial * fooled + own if training else total
        for name, value in values.items():
            self.means[name].update_state(value)
        return total

    def state(self) -> dict[str, Any]:
        """Every variable that training changes, but the optimizer's, by name."""
        state = {f"decoder/{name}": variable for name, variable in self.decoder.named_weights().items()}
        if self.discriminator is not None:
            state |= {f"discriminator/{variable.name}": variable for variable in self.discriminator.weights}
        if self.identity is not None and self.identity.noise is not None:
            state["noise"] = self.identity.noise.state
        return state

    def _names(self) -> list[str]:
        named = ("identity", "colour", "consistency", "laplacian", "adversarial")
        names = ["landmarks", "texture", *[name for name in named if getattr(self.terms, name)]]
        return [*names, "discriminator"] if self.terms.adversarial else names
