"""The decoder of a linear face space while it is fitted: features to coefficients, these to texture and shape."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from fsynth.decoder.settings import YCC_TO_RGB
from fsynth_training.dataset.targets import BACKGROUND
from fsynth_training.fit.face_space import FaceSpace, Yardstick
from fsynth_training.fit.planes import CHROMA_STRIDE


class LinearDecoder:
    """Normalised features to textures and landmarks.

    Only the map from features to the coefficients of ``space.face`` and ``space.shapes`` is trained: ``kernel`` and
    ``bias``, and beside them a perceptron that starts at nothing. Hair, colours and outline come from ridge regression:
    an identity loss would paint them to please the encoder.

    Args:
        space: the face space.
        yardstick: ridge regression, where the map starts and what it is held to.
        face_gain: what ridge regression gives for ``space.face`` is multiplied by this at the start.
        hidden: width of the perceptron, 0 for none.
        seed: of its first layer.
    """

    def __init__(self, space: FaceSpace, yardstick: Yardstick, *, face_gain: float, hidden: int, seed: int) -> None:
        self.space, self.details = space, space.face.directions.shape[0]
        count = yardstick.kernel.shape[1]
        gains = np.where(np.arange(count) < self.details, face_gain, 1.0)
        self.kernel = tf.Variable((yardstick.kernel * gains).astype(np.float32), name="kernel")
        self.bias = tf.Variable(yardstick.bias.astype(np.float32), name="bias")
        width = len(yardstick.kernel)
        first = np.random.default_rng(seed).normal(0, width**-0.5, (width, hidden))
        self.hidden_kernel = tf.Variable(first.astype(np.float32), name="hidden_kernel")
        self.hidden_bias = tf.Variable(np.zeros(hidden, np.float32), name="hidden_bias")
        self.residual_kernel = tf.Variable(np.zeros((hidden, count), np.float32), name="residual_kernel")
        self._ridge = [tf.constant(part, tf.float32) for part in (yardstick.kernel, yardstick.bias)]
        self._base = [tf.constant(part, tf.float32) for part in (space.base_kernel, space.base_bias)]
        self._base_map = [tf.constant(part, tf.float32) for part in (space.base.directions, space.base.mean)]
        self._face_map = [tf.constant(part, tf.float32) for part in (space.face.directions, space.face.mean)]
        self._shape_map = [tf.constant(part, tf.float32) for part in (space.shapes.directions, space.shapes.mean)]

    @property
    def variables(self) -> list[tf.Variable]:
        """What is trained."""
        linear = [self.kernel, self.bias]
        hidden = [self.hidden_kernel, self.hidden_bias, self.residual_kernel]
        return linear + hidden if self.hidden_bias.shape[0] else linear

    def state(self) -> dict[str, tf.Variable]:
        """``variables`` by their names."""
        return {variable.name.split(":")[0]: variable for variable in self.variables}

    def coefficients(self, features: tf.Tensor) -> tf.Tensor:
        """Normalised features (N, W) -> coefficients (N, K) of face detail and shape, in standard deviations."""
        coefficients = features @ self.kernel + self.bias
        if not self.hidden_bias.shape[0]:
            return coefficients
        return coefficients + tf.nn.relu(features @ self.hidden_kernel + self.hidden_bias) @ self.residual_kernel

    def ridge(self, features: tf.Tensor) -> tf.Tensor:
        """The same by ridge regression."""
        kernel, bias = self._ridge
        return features @ kernel + bias

    def texture(self, features: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """Normalised features and coefficients -> textures (N, S, S, 3) on the plain background, not clipped."""
        kernel, bias = self._base
        directions, mean = self._base_map
        planes = (features @ kernel + bias) @ directions + mean
        details, detail_mean = self._face_map
        pixels = details.shape[1]
        luma = planes[:, :pixels] + coefficients[:, : self.details] @ details + detail_mean
        size = int(np.sqrt(pixels))
        small = size // CHROMA_STRIDE
        cells = small * small
        chroma = tf.reshape(planes[:, pixels : pixels + 2 * cells], (-1, small, small, 2))
        outline = tf.reshape(planes[:, pixels + 2 * cells :], (-1, small, small, 1))
        coarse = tf.image.resize(tf.concat([chroma, outline], axis=-1), (size, size))
        ycc = tf.concat([tf.reshape(luma, (-1, size, size, 1)), coarse[..., :2]], axis=-1)
        rgb = tf.reshape(tf.reshape(ycc, (-1, 3)) @ YCC_TO_RGB, (-1, size, size, 3))
        matte = tf.clip_by_value(coarse[..., 2:] + 0.5, 0.0, 1.0)
        return BACKGROUND + matte * (rgb - BACKGROUND)

    def offsets(self, coefficients: tf.Tensor) -> tf.Tensor:
        """Coefficients (N, K) -> offsets of the landmarks from the mean, (N, L, 2) px."""
        directions, mean = self._shape_map
        flat = coefficients[:, self.details :] @ directions + mean
        return tf.reshape(flat, (-1, len(self.space.mean_landmarks), 2))

    def landmarks(self, coefficients: tf.Tensor) -> tf.Tensor:
        """Coefficients (N, K) -> landmarks (N, L, 2) px."""
        return self.offsets(coefficients) + tf.constant(self.space.mean_landmarks, tf.float32)
