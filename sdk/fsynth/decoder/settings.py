"""What shapes a decoder: the numbers that a weights file carries along."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from fsynth.errors import ArgumentError

# Luma and the two chroma differences to red, green and blue: ITU-R BT.601, full range, chroma centred on 0.
YCC_TO_RGB = np.array([[1, 1, 1], [1.402, -0.714136, 0], [0, -0.344136, 1.772]], np.float32)
"""(3, 3) float32: ``rgb = (Y, Cr, Cb) @ YCC_TO_RGB``."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""(3,) float32: ``Y = rgb @ LUMA``, the first column of the inverse of ``YCC_TO_RGB``."""


@dataclass(frozen=True, kw_only=True)
class DecoderSettings:
    """Sizes and kinds of a decoder's parts.

    Attributes:
        feature_width: width of the identity features; 1024 for FaceRes.
        code_width: the paper's f, the width of the code between features and decoder.
        code_activation: "relu" as in the paper's figure 4, or None for a linear code.
        code_hidden: 0 for the paper's single layer; h > 0 adds a perceptron with a hidden layer of h to the code.
        landmarks: number of landmarks.
        landmark_hidden: width of the perceptron that gives landmarks.
        texture: "cnn" (transposed convolutions) or "dense" (one linear map).
        base_size: width and height at which the CNN starts, a power of two below ``image_size``; 56 in the paper.
        base_channels: channels at ``base_size``; halved by each stage. 256 in the paper.
        chroma_stride: 1 gives every pixel its own colour; s > 1 gives the dense texture one luma value a pixel and
            one chroma value each s x s pixels, which the eye hardly tells apart and which is a third of the size.
        luma_stride: with ``chroma_stride`` s > 1, one luma value each so many pixels a side; what is finer is left to
            the bank of detail.
        matte_stride: 0 leaves the background to the texture; s > 0 gives one value each s x s pixels that says how far
            inside the head's outline it lies, and puts ``background`` where it is negative.
        background: grey of the background, gamma-encoded sRGB, 0..1.
        detail_exemplars: 0 leaves the texture as it is; k > 0 adds fine luma detail, before the matte, from a bank of k
            faces of which the features choose one.
        image_size: width and height of texture and image in pixels.
        warp: "exact" or "coarse", see ``fsynth.warp.sparse_image_warp``.
    """

    feature_width: int = 1024
    code_width: int = 128
    code_activation: Literal["relu"] | None = "relu"
    code_hidden: int = 0
    landmarks: int = 65
    landmark_hidden: int = 256
    texture: Literal["cnn", "dense"] = "cnn"
    base_size: int = 14
    base_channels: int = 256
    chroma_stride: int = 1
    luma_stride: int = 1
    matte_stride: int = 0
    background: float = 0.8
    detail_exemplars: int = 0
    image_size: int = 224
    warp: Literal["exact", "coarse"] = "exact"

    def __post_init__(self) -> None:
        for name in ("feature_width", "code_width", "landmarks", "landmark_hidden", "base_size", "base_channels"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"`{name}` must be at least 1, it is {getattr(self, name)}")
        choices = {"texture": ("cnn", "dense"), "warp": ("exact", "coarse"), "code_activation": ("relu", None)}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ArgumentError(f"`{name}` must be one of {allowed}, it is {getattr(self, name)!r}")
        ratio, rest = divmod(self.image_size, self.base_size)
        if self.texture == "cnn" and (rest or ratio < 2 or ratio & (ratio - 1)):
            raise ArgumentError(
                f"`image_size` must be `base_size` times a power of two, they are {self.image_size} and "
                f"{self.base_size}"
            )
        if self.texture == "cnn" and self.base_channels % ratio:
            raise ArgumentError(
                f"`base_channels` is halved {ratio.bit_length() - 1} times and must be divisible by {ratio}, "
                f"it is {self.base_channels}"
            )
        if self.chroma_stride < 1 or self.image_size % self.chroma_stride:
            raise ArgumentError(f"`chroma_stride` must divide `image_size`, it is {self.chroma_stride}")
        if self.luma_stride < 1 or self.image_size % self.luma_stride:
            raise ArgumentError(f"`luma_stride` must divide `image_size`, it is {self.luma_stride}")
        if self.luma_stride > 1 and self.chroma_stride == 1:
            raise ArgumentError(f"`luma_stride` {self.luma_stride} needs luma of its own: set `chroma_stride` above 1")
        if self.matte_stride < 0 or (self.matte_stride and self.image_size % self.matte_stride):
            raise ArgumentError(f"`matte_stride` must be 0 or divide `image_size`, it is {self.matte_stride}")
        for name in ("code_hidden", "detail_exemplars"):
            if getattr(self, name) < 0:
                raise ArgumentError(f"`{name}` must not be negative, it is {getattr(self, name)}")
        if not 0 <= self.background <= 1:
            raise ArgumentError(f"`background` must be in 0..1, it is {self.background}")

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, for JSON and Keras configs."""
        return asdict(self)
