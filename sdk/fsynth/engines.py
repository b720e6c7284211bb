"""What runs encoder and decoder: ONNX Runtime, or Keras on TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fsynth import networks
from fsynth.decoder.weights_file import DecoderCard, card_from_metadata, read_weights_file
from fsynth.encoder import NAMES, Encoder
from fsynth.encoder import load as load_encoder
from fsynth.errors import ArgumentError, EngineError, WeightsError
from fsynth.warp import numpy as numpy_warp

if TYPE_CHECKING:
    from fsynth.decoder import Decoder


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a decoder makes of N feature vectors.

    Attributes:
        images: (N, S, S, 3) float32 sRGB, 0..1, the normalized faces.
        landmarks: (N, L, 2) float32, (x, y) in pixels of the images.
        textures: (N, S, S, 3) float32 sRGB, 0..1, in the mean geometry.
    """

    images: np.ndarray
    landmarks: np.ndarray
    textures: np.ndarray


class Engine(Protocol):
    """Runs the encoder's and the decoder's networks on arrays.

    Attributes:
        card: what the weights file says of itself.
        encoder: the encoder whose features the decoder takes; None where people bring features of their own.
    """

    card: DecoderCard
    encoder: Encoder | None

    def encode(self, chips: np.ndarray) -> np.ndarray:
        """Chips (N, C, C, 3) uint8 sRGB -> identity features (N, W) float32."""

    def decode(self, features: np.ndarray) -> Decoded:
        """Identity features (N, W) float32 -> normalized faces."""


class OnnxEngine:
    """ONNX Runtime and NumPy: a small install and a fast start."""

    def __init__(self, path: Path, device: str) -> None:
        """Open the weights file ``path`` on ``device``: "cpu", "cuda", "dml" or "coreml"."""
        try:
            self._session = networks.open_session(read_weights_file(path), device=device)
        except WeightsError as error:
            raise WeightsError(f"{path} cannot be opened. {error}") from error
        self.card = card_from_metadata(self._session.get_modelmeta().custom_metadata_map, path)
        self.encoder = _encoder_of(self.card, path, device)

    def encode(self, chips: np.ndarray) -> np.ndarray:
        """See ``Engine.encode``."""
        if self.encoder is None:
            raise no_encoder(self.card)
        return self.encoder.encode(chips)

    def decode(self, features: np.ndarray) -> Decoded:
        """See ``Engine.decode``."""
        landmarks, textures = self._session.run(["landmarks", "texture"], {"features": features})
        source = np.broadcast_to(self.card.mean_landmarks, landmarks.shape)
        images, _ = numpy_warp.sparse_image_warp(textures, source, landmarks, mode=self.card.settings.warp)
        return Decoded(np.clip(images, 0, 1), landmarks, textures)


class TensorFlowEngine:
    """Keras on TensorFlow: GPUs that TensorFlow knows, and gradients from the image back to the chip.

    ``decoder`` and ``encoder_model`` are ordinary Keras models; use them as parts of your own.
    """

    def __init__(self, path: Path, device: str) -> None:
        """Load the weights file ``path`` on ``device``: "cpu" or "cuda" (any GPU that TensorFlow sees)."""
        if device not in ("cpu", "cuda"):
            raise ArgumentError(f"The TensorFlow engine has no device {device!r}: `device` is 'cpu' or 'cuda'.")
        try:
            import keras
            import tensorflow as tf
        except ImportError as error:
            raise EngineError(
                f"The TensorFlow engine needs TensorFlow and Keras, and {error.name} is missing. "
                'Install them: pip install "fsynth[tensorflow]"'
            ) from error

        from fsynth.decoder import onnx_form

        if keras.backend.backend() != "tensorflow":
            raise EngineError(
                f"The TensorFlow engine needs Keras on TensorFlow, and Keras runs on {keras.backend.backend()}: "
                "set the environment variable KERAS_BACKEND=tensorflow."
            )
        if device == "cuda" and not tf.config.list_physical_devices("GPU"):
            raise EngineError("The device 'cuda' is not available: TensorFlow sees no GPU. Use device='cpu'.")
        self._tf = tf
        self._device = "/GPU:0" if device == "cuda" else "/CPU:0"
        with tf.device(self._device):
            loaded = onnx_form.load(path)
            self.decoder: Decoder = loaded[0]
            self.card = loaded[1]
            self.encoder = _encoder_of(self.card, path, "cpu")
            self.encoder_model = None if self.encoder is None else self.encoder.keras_model()
            self._encode = (
                None if self.encoder_model is None else tf.function(self.encoder_model, reduce_retracing=True)
            )
            self._decode = tf.function(self.decoder, reduce_retracing=True)

    def encode(self, chips: np.ndarray) -> np.ndarray:
        """See ``Engine.encode``."""
        if self._encode is None:
            raise no_encoder(self.card)
        with self._tf.device(self._device):
            return np.asarray(self._encode(self._tf.constant(chips, self._tf.float32)))

    def decode(self, features: np.ndarray) -> Decoded:
        """See ``Engine.decode``."""
        with self._tf.device(self._device):
            result = self._decode(self._tf.constant(features, self._tf.float32))
        return Decoded(*(np.asarray(result[name]) for name in ("image", "landmarks", "texture")))


def _encoder_of(card: DecoderCard, path: Path, device: str) -> Encoder | None:
    if card.encoder is None:
        return None
    if card.encoder not in NAMES:
        raise WeightsError(
            f"{path} takes the features of the encoder {card.encoder!r}, and this fsynth has {', '.join(NAMES)}: "
            "install the fsynth that goes with the weights."
        )
    return load_encoder(card.encoder, device=device)


def no_encoder(card: DecoderCard) -> ArgumentError:
    """What to say where photos are given to weights that take features of another network."""
    return ArgumentError(
        f"The weights {card.name!r} take {card.settings.feature_width} features of a network that is not part of "
        "fsynth: compute the features yourself and call `decode`."
    )


def open_engine(name: str, path: Path, device: str) -> Engine:
    """Open the engine ``name``, "onnx" or "tensorflow", with the weights file ``path`` on ``device``."""
    if name == "onnx":
        return OnnxEngine(path, device)
    if name == "tensorflow":
        return TensorFlowEngine(path, device)
    raise ArgumentError(f"There is no engine {name!r}: `engine` is 'onnx' or 'tensorflow'.")
