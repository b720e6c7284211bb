"""dlib's face recognition network: the second encoder, which proves the interface and scores the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fsynth import networks
from fsynth.encoder.chips import align_points, check_mesh, check_photo, encode_in_batches
from fsynth.encoder.keras_form import freeze, import_keras, read_weights
from fsynth.faces.resample import resample

if TYPE_CHECKING:
    import keras

_MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32)

# Eye corners and base of the nose among the FaceMesh points, in the order of the template.
_POINTS = [33, 133, 362, 263, 2]

# Channels of the 14 residual blocks, and whether the block halves the image (He et al. 2016, with fewer layers).
_BLOCKS = (
    *[(32, False)] * 3,
    *[(64, True), (64, False), (64, False), (64, False)],
    *[(128, True), (128, False), (128, False)],
    *[(256, True), (256, False), (256, False)],
    (256, True),
)


class DlibResNet:
    """dlib's ResNet: (150, 150) chips to embeddings of 128 features, of norm about 1.4.

    Compare embeddings by Euclidean distance: less than ``same_person_distance`` means the same person. Their cosine
    says little. The network is sensitive to the crop.

    Source: Davis E. King, ``dlib_face_recognition_resnet_model_v1``, converted from the PyPI package
    ``face-recognition-models``.
    """

    name = "dlib"
    input_size = 150
    feature_width = 128
    same_person_distance = 0.6
    template = np.array([[37.1, 46.4], [58.4, 47.9], [89.6, 47.9], [111.0, 46.4], [74.0, 87.8]])
    """(5, 2) places of the person's right eye's outer and inner corner, left eye's inner and outer corner and the
    base of the nose in a chip, (x, y) in pixels: dlib's mean face of five points with its default padding of 0.25."""

    def __init__(self, *, device: str = "cpu") -> None:
        """Open the network on ``device``, see ``fsynth.networks.session`` for its names and errors."""
        self.device = device
        networks.session("dlib_resnet", device=device)

    def chip_transform(self, mesh: np.ndarray) -> np.ndarray:
        """The similarity (2, 3) from photo pixels to chip pixels for the face with ``mesh`` (468, 2 or 3)."""
        return align_points(check_mesh(mesh)[_POINTS, :2], self.template)

    def crop(self, photo: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        """Cut the chip (150, 150, 3) uint8 of the face with ``mesh`` (468, 2 or 3) out of ``photo`` (H, W, 3) uint8."""
        return resample(check_photo(photo), self.chip_transform(mesh), self.input_size, self.input_size)

    def encode(self, chips: np.ndarray) -> np.ndarray:
        """Embeddings (N, 128) float32 of ``chips`` (N, 150, 150, 3) uint8 sRGB."""
        return encode_in_batches(chips, self.input_size, self.feature_width, self._encode)

    def _encode(self, chips: np.ndarray) -> np.ndarray:
        image = (chips - _MEAN_RGB) / np.float32(256)
        session = networks.session("dlib_resnet", device=self.device)
        return np.asarray(session.run(["embedding"], {"image": image})[0])

    def keras_model(self) -> keras.Model:
        """The frozen Keras form: chips (N, 150, 150, 3) float, RGB 0..255, to embeddings (N, 128).

        Raises:
            EngineError: keras or onnx is not installed.
        """
        keras = import_keras()
        layers = keras.layers
        weights = read_weights("dlib_resnet")
        parameters = {"embedding": [weights["matrix"]]}

        def convolve(value: Any, size: int, stride: int, padding: str) -> Any:
            name = f"conv_{len(parameters) - 1}"
            kernel, bias = weights[f"{name}/kernel"], weights[f"{name}/bias"]
            parameters[name] = [kernel.transpose(2, 3, 1, 0), bias]
            return layers.Conv2D(len(bias), size, stride, padding, name=name)(value)

        image = keras.Input((self.input_size, self.input_size, 3), name="image")
        value = layers.Rescaling(1 / 256, offset=(-_MEAN_RGB / 256).tolist(), name="normalize")(image)
        value = layers.ReLU(name="relu_0")(convolve(value, 7, 2, "valid"))
        value = layers.MaxPooling2D(3, 2, name="max_pool")(value)
        for index, (channels, halve) in enumerate(_BLOCKS, start=1):
            shortcut = value
            value = convolve(value, 3, 2, "valid") if halve else convolve(value, 3, 1, "same")
            value = convolve(layers.ReLU(name=f"block_{index}_relu")(value), 3, 1, "same")
            if halve:
                # The branches differ in size and channels; dlib adds as if zeros stood where one of them has nothing.
                shortcut = layers.AveragePooling2D(2, 2, name=f"block_{index}_pool")(shortcut)
                rows, width = shortcut.shape[1] - value.shape[1], channels - shortcut.shape[3]
                value = layers.ZeroPadding2D(((0, rows), (0, rows)), name=f"block_{index}_branch")(value)
                shortcut = keras.ops.pad(shortcut, [[0, 0], [0, 0], [0, 0], [0, width]])
            value = layers.ReLU(name=f"block_{index}")(layers.Add(name=f"block_{index}_sum")([value, shortcut]))
        value = layers.GlobalAveragePooling2D(name="pool")(value)
        embedding = layers.Dense(self.feature_width, use_bias=False, name="embedding")(value)
        return freeze(keras.Model(image, embedding, name="dlib_resnet"), parameters)
