from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from fsynth_training.fit.discriminator import PatchDiscriminator, adversarial_losses


@pytest.fixture
def discriminator() -> PatchDiscriminator:
    tf.keras.utils.set_random_seed(0)
    layer = PatchDiscriminator()
    layer.build((None, 32, 32, 3))
    return layer


def test_each_loss_has_gradients_for_its_own_weights_alone(
    discriminator: PatchDiscriminator, rng: np.random.Generator
) -> None:
    textures, targets = (tf.Variable(rng.uniform(size=(2, 32, 32, 3)).astype(np.float32)) for _ in range(2))
    weights = [variable.value for variable in discriminator.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        decoder, own = adversarial_losses(discriminator, textures.value(), targets.value(), tf.ones(2))
    assert tape.gradient(decoder, weights) == [None] * len(weights)
    assert np.abs(tape.gradient(decoder, textures)).max() > 0
    assert tape.gradient(own, textures) is None
    assert all(np.abs(gradient).max() > 0 for gradient in tape.gradient(own, weights))


def test_it_learns_to_tell_sharp_from_smooth(discriminator: PatchDiscriminator, rng: np.random.Generator) -> None:
    optimizer = tf.keras.optimizers.Adam(1e-3)
    sharp = rng.uniform(size=(8, 32, 32, 3)).astype(np.float32)
    smooth = np.full_like(sharp, 0.5)
    for _ in range(40):
        with tf.GradientTape() as tape:
            _, loss = adversarial_losses(discriminator, tf.constant(smooth), tf.constant(sharp), tf.ones(8))
        weights = discriminator.trainable_variables
        optimizer.apply(tape.gradient(loss, [w.value for w in weights]), weights)
    unseen = rng.uniform(size=(8, 32, 32, 3)).astype(np.float32)
    assert np.min(discriminator(unseen)) > np.max(discriminator(smooth))
