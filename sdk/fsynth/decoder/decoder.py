"""The decoder as a Keras model: features -> code -> landmarks and texture -> image by the warp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from fsynth.decoder.detail import Detail
from fsynth.decoder.settings import DecoderSettings
from fsynth.decoder.texture import ConvolutionalTexture, DenseTexture, Matte
from fsynth.errors import ArgumentError
from fsynth.warp import sparse_image_warp


@keras.saving.register_keras_serializable(package="fsynth")
class FeatureNormalization(keras.layers.Layer):
    """Features of any norm to unit length, less their mean, over their spread: ``(x / |x| - mean) / spread``.

    ``mean`` (width,) and ``spread`` (1,) are weights that are set from data, not trained.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create ``mean`` and ``spread``."""
        self.mean = self.add_weight(shape=(input_shape[-1],), initializer="zeros", trainable=False, name="mean")
        self.spread = self.add_weight(shape=(1,), initializer="ones", trainable=False, name="spread")

    def call(self, features: Any) -> Any:
        """Features (N, width) -> (N, width)."""
        norm = ops.sqrt(ops.sum(ops.square(features), axis=-1, keepdims=True) + 1e-12)
        return (features / norm - self.mean) / self.spread


@keras.saving.register_keras_serializable(package="fsynth")
class Decoder(keras.Model):
    """Maps identity features to a normalized face.

    Landmarks come from a shallow ReLU perceptron, the texture from a convolutional network (``texture="cnn"``)
    or from one linear map (``texture="dense"``, the paper's baseline); the spline warp joins them. Coordinates are
    (x, y) in pixels of the image, pixel centres on integers. Colours are gamma-encoded sRGB, 0..1.

    Args:
        mean_landmarks: (L, 2) float, the geometry of the texture. ``None`` leaves zeros, to be set by loading weights.
        settings: a ``DecoderSettings``; or its fields as keyword arguments.

    Example:
        >>> decoder = Decoder(mean_landmarks=mean, texture="cnn", base_size=14, code_width=128)
        >>> decoder(features)["image"].shape
        (8, 224, 224, 3)

    Source: Cole et al. 2017, Face Synthesis from Facial Identity Features, section 3.2.
    """

    def __init__(
        self,
        *,
        mean_landmarks: Sequence[Sequence[float]] | np.ndarray | None = None,
        settings: DecoderSettings | None = None,
        name: str = "decoder",
        **fields: Any,
    ) -> None:
        super().__init__(name=name)
        if settings is not None and fields:
            raise ArgumentError("give either `settings` or its fields as keyword arguments, not both")
        self.settings = settings or DecoderSettings(**fields)
        self._mean_landmarks = np.zeros((self.settings.landmarks, 2)) if mean_landmarks is None else mean_landmarks
        if np.shape(self._mean_landmarks) != (self.settings.landmarks, 2):
            raise ArgumentError(
                f"`mean_landmarks` must have shape ({self.settings.landmarks}, 2), "
                f"it has {np.shape(self._mean_landmarks)}; `landmarks` says how many there are"
            )
        self.normalization = FeatureNormalization(name="features")
        self.code = keras.layers.Dense(self.settings.code_width, name="code")
        self.code_activation = keras.activations.get(self.settings.code_activation)
        self.code_hidden = self.code_residual = None
        if self.settings.code_hidden:
            self.code_hidden = keras.layers.Dense(self.settings.code_hidden, "relu", name="code_hidden")
            self.code_residual = keras.layers.Dense(
                self.settings.code_width, use_bias=False, kernel_initializer="zeros", name="code_residual"
            )
        self.landmark_hidden = keras.layers.Dense(self.settings.landmark_hidden, "relu", name="landmark_hidden")
        self.landmark_offsets = keras.layers.Dense(self.settings.landmarks * 2, name="landmark_offsets")
        size = self.settings.image_size
        self.colours: keras.layers.Layer
        if self.settings.texture == "cnn":
            self.colours = ConvolutionalTexture(size, self.settings.base_size, self.settings.base_channels, name="cnn")
        else:
            self.colours = DenseTexture(size, self.settings.chroma_stride, self.settings.luma_stride, name="dense")
        self.matte = Matte(size, self.settings.matte_stride, name="matte") if self.settings.matte_stride else None
        exemplars = self.settings.detail_exemplars
        self.detail = Detail(size, exemplars, name="detail") if exemplars else None
        self.build((None, self.settings.feature_width))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create all weights; the number of features is that of the settings."""
        code_shape = (None, self.settings.code_width)
        self.normalization.build(input_shape)
        self.code.build(input_shape)
        if self.code_hidden is not None and self.code_residual is not None:
            self.code_hidden.build(input_shape)
            self.code_residual.build((None, self.settings.code_hidden))
        self.landmark_hidden.build(code_shape)
        self.landmark_offsets.build((None, self.settings.landmark_hidden))
        self.colours.build(code_shape)
        if self.matte is not None:
            self.matte.build(code_shape)
        if self.detail is not None:
            self.detail.build(input_shape)
        mean = np.asarray(self._mean_landmarks, np.float32)
        self.mean_landmarks = self.add_weight(
            shape=mean.shape, initializer="zeros", trainable=False, name="mean_landmarks"
        )
        self.mean_landmarks.assign(mean)
        self.built = True

    def encode(self, features: Any) -> Any:
        """Features (N, feature_width) -> code F (N, code_width), the paper's f-dimensional vector."""
        normalized = self.normalization(features)
        code = self.code(normalized)
        if self.code_hidden is not None and self.code_residual is not None:
            code = code + self.code_residual(self.code_hidden(normalized))
        return self.code_activation(code)

    def landmarks(self, code: Any) -> Any:
        """Code (N, code_width) -> landmarks (N, L, 2) in pixels."""
        offsets = self.landmark_offsets(self.landmark_hidden(code))
        return self.mean_landmarks + ops.reshape(offsets, (-1, self.settings.landmarks, 2))

    def fine_detail(self, features: Any) -> Any:
        """Features (N, feature_width) -> luma detail (N, S, S, 1) of the texture; None without a detail stage."""
        return None if self.detail is None else self.detail(self.normalization(features))

    def texture(self, code: Any, detail: Any = None) -> Any:
        """Code (N, code_width) -> texture (N, S, S, 3), 0..1, in the mean geometry; with ``fine_detail`` if given."""
        texture = self.colours(code)
        if detail is not None:
            texture = texture + detail
        if self.matte is not None:
            background = self.settings.background
            texture = background + self.matte(code) * (texture - background)
        return ops.clip(texture, 0.0, 1.0)

    def call(self, features: Any) -> dict[str, Any]:
        """Features (N, feature_width) -> ``image`` (N, S, S, 3), ``landmarks`` (N, L, 2), ``texture`` (N, S, S, 3)."""
        code = self.encode(features)
        landmarks = self.landmarks(code)
        texture = self.texture(code, self.fine_detail(features))
        source = ops.broadcast_to(self.mean_landmarks, ops.shape(landmarks))
        image, _ = sparse_image_warp(texture, source, landmarks, mode=self.settings.warp)
        return {"image": image, "landmarks": landmarks, "texture": texture}

    def named_weights(self) -> dict[str, Any]:
        """Every weight by its name in a weights file, for example ``code/kernel``."""
        return {weight.path.split("/", 1)[1]: weight for weight in self.weights}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "name": self.name,
            "mean_landmarks": np.asarray(self._mean_landmarks).tolist(),
            **self.settings.to_dict(),
        }
