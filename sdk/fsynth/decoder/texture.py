"""The two ways from a code to a texture: stacked transposed convolutions, and one linear map."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from fsynth.decoder.settings import YCC_TO_RGB


@keras.saving.register_keras_serializable(package="fsynth")
class ConvolutionalTexture(keras.layers.Layer):
    """A dense layer to ``base_size`` x ``base_size`` localized features, then transposed convolutions, 5 x 5, stride 2.

    The i-th convolution has ``base_channels / 2^i`` channels; a 1 x 1 convolution gives RGB (paper section 3.2).
    """

    def __init__(self, image_size: int, base_size: int, base_channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.image_size, self.base_size, self.base_channels = image_size, base_size, base_channels
        stages = (image_size // base_size).bit_length() - 1
        self.base = keras.layers.Dense(base_size * base_size * base_channels, "relu", name="base")
        self.convolutions = [
            keras.layers.Conv2DTranspose(
                base_channels >> i, 5, strides=2, padding="same", activation="relu", name=f"convolution_{i}"
            )
            for i in range(1, stages + 1)
        ]
        self.rgb = keras.layers.Conv2D(3, 1, name="rgb", bias_initializer=keras.initializers.Constant(0.5))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        self.base.build(input_shape)
        shape = (None, self.base_size, self.base_size, self.base_channels)
        for convolution in self.convolutions:
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)
        self.rgb.build(shape)

    def call(self, code: Any) -> Any:
        """Code (N, f) -> texture (N, S, S, 3), about 0..1, not clipped."""
        x = ops.reshape(self.base(code), (-1, self.base_size, self.base_size, self.base_channels))
        for convolution in self.convolutions:
            x = convolution(x)
        return self.rgb(x)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        sizes = {"image_size": self.image_size, "base_size": self.base_size, "base_channels": self.base_channels}
        return {**super().get_config(), **sizes}


@keras.saving.register_keras_serializable(package="fsynth")
class DenseTexture(keras.layers.Layer):
    """One linear map from code to pixels, the paper's fully-connected baseline.

    With ``chroma_stride`` s > 1 it gives chroma for each s x s pixels, and luma for each ``luma_stride`` squared, both
    upsampled bilinearly.
    """

    def __init__(self, image_size: int, chroma_stride: int, luma_stride: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.image_size, self.chroma_stride, self.luma_stride = image_size, chroma_stride, luma_stride
        if chroma_stride == 1:
            self.rgb = keras.layers.Dense(image_size * image_size * 3, name="rgb")
        else:
            self.luma = keras.layers.Dense((image_size // luma_stride) ** 2, name="luma")
            self.chroma = keras.layers.Dense((image_size // chroma_stride) ** 2 * 2, name="chroma")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        for layer in (self.rgb,) if self.chroma_stride == 1 else (self.luma, self.chroma):
            layer.build(input_shape)

    def call(self, code: Any) -> Any:
        """Code (N, f) -> texture (N, S, S, 3), about 0..1, not clipped."""
        size = self.image_size
        if self.chroma_stride == 1:
            return ops.reshape(self.rgb(code), (-1, size, size, 3))
        luma = _upsampled(self.luma(code), size, self.luma_stride, 1)
        chroma = _upsampled(self.chroma(code), size, self.chroma_stride, 2)
        return ops.matmul(ops.concatenate([luma, chroma], axis=-1), ops.convert_to_tensor(YCC_TO_RGB, luma.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        strides = {"chroma_stride": self.chroma_stride, "luma_stride": self.luma_stride}
        return {**super().get_config(), "image_size": self.image_size, **strides}


@keras.saving.register_keras_serializable(package="fsynth")
class Matte(keras.layers.Layer):
    """How much of a pixel is head, by its distance to the head's outline.

    One linear map gives distances, one for each ``stride`` x ``stride`` pixels, upsampled bilinearly; from half a unit
    outside to half a unit inside the matte rises from 0 to 1.
    The mean of two people's distances is an outline between theirs; the mean of their mattes would be a blur.
    """

    def __init__(self, image_size: int, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.image_size, self.stride = image_size, stride
        self.outline = keras.layers.Dense((image_size // stride) ** 2, name="outline")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        self.outline.build(input_shape)

    def call(self, code: Any) -> Any:
        """Code (N, f) -> matte (N, S, S, 1), 0..1."""
        distance = _upsampled(self.outline(code), self.image_size, self.stride, 1)
        return ops.clip(distance + 0.5, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "image_size": self.image_size, "stride": self.stride}


def _upsampled(plane: Any, size: int, stride: int, channels: int) -> Any:
    """A flat plane (N, (size / stride)^2 * channels) to (N, size, size, channels), bilinearly."""
    small = size // stride
    plane = ops.reshape(plane, (-1, small, small, channels))
    if stride == 1:
        return plane
    return ops.image.resize(plane, (size, size), interpolation="bilinear", data_format="channels_last")
