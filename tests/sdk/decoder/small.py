"""Small decoders of every kind, quick to build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fsynth.decoder import Decoder

SMALL = {"feature_width": 12, "code_width": 6, "landmarks": 5, "landmark_hidden": 8, "image_size": 32}
KINDS = {
    "cnn": {"texture": "cnn", "base_size": 4, "base_channels": 16},
    "dense": {"texture": "dense", "code_activation": None},
    "luma and chroma": {"texture": "dense", "chroma_stride": 4},
    "coarse luma": {"texture": "dense", "chroma_stride": 4, "luma_stride": 2},
    "matte": {"texture": "dense", "chroma_stride": 4, "matte_stride": 8, "background": 0.7},
    "cnn with matte": {"texture": "cnn", "base_size": 4, "base_channels": 16, "matte_stride": 4},
    "hidden layer": {"texture": "dense", "code_hidden": 7, "code_activation": None},
    "hidden layer and ReLU": {"texture": "dense", "code_hidden": 7},
    "detail": {"texture": "dense", "chroma_stride": 4, "matte_stride": 8, "detail_exemplars": 3},
    "cnn with detail": {"texture": "cnn", "base_size": 4, "base_channels": 16, "detail_exemplars": 3},
}


def mean_landmarks() -> np.ndarray:
    return np.array([[8, 8], [24, 8], [16, 16], [10, 24], [22, 24]], np.float32)


def make(kind: str, **changes: object) -> Decoder:
    import keras

    from fsynth.decoder import Decoder

    keras.utils.set_random_seed(3)
    decoder = Decoder(mean_landmarks=mean_landmarks(), **{**SMALL, **KINDS[kind], **changes})
    if decoder.code_residual is not None:  # an untrained one adds nothing
        kernel = decoder.code_residual.kernel
        kernel.assign(np.random.default_rng(5).normal(0, 0.3, kernel.shape))
    if decoder.detail is not None:
        bank = np.random.default_rng(6).integers(-126, 127, decoder.detail.bank.shape)
        bank[:, 0] = 127  # what the file's 8-bit integers hold exactly
        decoder.detail.bank.assign(bank * 0.001)
    return decoder


def features(count: int = 3, width: int = 12) -> np.ndarray:
    return np.random.default_rng(4).gamma(1.0, 1.0, (count, width)).astype(np.float32)
