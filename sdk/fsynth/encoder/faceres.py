"""FaceRes, the default encoder: a MobileNet whose average pool is the identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fsynth import networks
from fsynth.encoder.chips import align_points, check_mesh, check_photo, encode_in_batches
from fsynth.encoder.keras_form import freeze, import_keras, read_weights
from fsynth.faces.landmarks import five_points
from fsynth.faces.resample import resample

if TYPE_CHECKING:
    import keras

_MEAN_RGB = np.array([123.68, 116.779, 103.939], np.float32)

# Right eye, left eye, nose tip, right and left mouth corner in the 112-pixel chip of Deng et al., ArcFace (CVPR 2019).
_ARCFACE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)

# Channels out and stride of the 13 depthwise-separable blocks of MobileNet v1 (Howard et al. 2017, table 1).
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))


class FaceRes:
    """FaceRes: (224, 224) chips to 1024 features, all >= 0, of norm about 15.

    The cosine between strangers averages 0.38, not 0: subtract a mean before thinking in angles.

    Source: HSE-FaceRec (Savchenko 2019), converted from the npm package ``@vladmandic/human``. Trained on VGGFace2.
    """

    name = "faceres"
    input_size = 224
    feature_width = 1024
    template = _ARCFACE_112 * 2
    """(5, 2) places of the five points of ``fsynth.faces.five_points`` in a chip, (x, y) in pixels."""

    def __init__(self, *, device: str = "cpu") -> None:
        """Open the network on ``device``, see ``fsynth.networks.session`` for its names and errors."""
        self.device = device
        networks.session("faceres", device=device)

    def chip_transform(self, mesh: np.ndarray) -> np.ndarray:
        """The similarity (2, 3) from photo pixels to chip pixels for the face with ``mesh`` (468, 2 or 3)."""
        return align_points(five_points(check_mesh(mesh)), self.template)

    def crop(self, photo: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        """Cut the chip (224, 224, 3) uint8 of the face with ``mesh`` (468, 2 or 3) out of ``photo`` (H, W, 3) uint8."""
        return resample(check_photo(photo), self.chip_transform(mesh), self.input_size, self.input_size)

    def encode(self, chips: np.ndarray) -> np.ndarray:
        """Features (N, 1024) float32 of ``chips`` (N, 224, 224, 3) uint8 sRGB."""
        return encode_in_batches(chips, self.input_size, self.feature_width, self._encode)

    def _encode(self, chips: np.ndarray) -> np.ndarray:
        image = (chips - _MEAN_RGB)[..., ::-1]
        session = networks.session("faceres", device=self.device)
        return np.asarray(session.run(["features"], {"image": np.ascontiguousarray(image)})[0])

    def keras_model(self, input_size: int = 224) -> keras.Model:
        """The frozen Keras form: chips (N, S, S, 3) float, RGB 0..255, to features (N, 1024).

        Args:
            input_size: S. The network is convolutional: 192 and 160 still tell people apart and are faster (resize
                the whole chip), 128 does not.

        Raises:
            EngineError: keras or onnx is not installed.
        """
        keras = import_keras()
        layers = keras.layers
        weights = read_weights("faceres")

        def shift(name: str) -> np.ndarray:
            return weights[f"{name}_bn/batchnorm_1/add_1/{name}_bn/batchnorm_1/sub"].reshape(-1)

        def pointwise(name: str) -> np.ndarray:  # batch normalisation's scale is already in it
            return weights[f"{name}_bn/batchnorm_1/mul_1/kernel"].transpose(2, 3, 1, 0)

        def depthwise(name: str) -> np.ndarray:
            scale = weights[f"{name}_bn/batchnorm_1/mul_1/{name}_bn/batchnorm_1/mul"].reshape(-1)
            return weights[f"{name}/depthwise/kernel"].transpose(2, 3, 0, 1) * scale[:, None]

        image = keras.Input((input_size, input_size, 3), name="image")
        value = layers.Rescaling(1.0, offset=(-_MEAN_RGB).tolist(), name="subtract_mean")(image)
        parameters = {"conv1": [pointwise("conv1")[:, :, ::-1], shift("conv1")]}  # the network counts channels B, G, R
        value = layers.Conv2D(32, 3, 2, "same", name="conv1")(value)
        value = layers.ReLU(6.0, name="conv1_relu")(value)
        for index, (channels, stride) in enumerate(_BLOCKS, start=1):
            name = f"conv_dw_{index}"
            parameters[name] = [depthwise(name), shift(name)]
            value = layers.DepthwiseConv2D(3, stride, "same", name=name)(value)
            value = layers.ReLU(6.0, name=f"{name}_relu")(value)
            name = f"conv_pw_{index}"
            parameters[name] = [pointwise(name), shift(name)]
            value = layers.Conv2D(channels, 1, name=name)(value)
            value = layers.ReLU(6.0, name=f"{name}_relu")(value)
        features = layers.GlobalAveragePooling2D(name="features")(value)
        return freeze(keras.Model(image, features, name="faceres"), parameters)
