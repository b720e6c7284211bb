"""A second recogniser that helps to judge outputs in training: an ONNX file that looks at ArcFace's chip.

The decoder is not shown what it sees, and it is in no weights: it only says whether an output is the person. What
pleases two networks that learned from different pictures is a likeness more often than what pleases one.
"""

from __future__ import annotations

import numpy as np

from fsynth.encoder import FaceRes
from fsynth.encoder.chips import align_points, check_mesh, check_photo
from fsynth.errors import WeightsError
from fsynth.faces.landmarks import five_points
from fsynth.faces.resample import resample
from fsynth.networks.sessions import open_session

SIZE = 112
"""Width and height of a chip in pixels."""

TEMPLATE = FaceRes.template * (SIZE / FaceRes.input_size)
"""(5, 2) px: the places of the five points, those of Deng et al., ArcFace (CVPR 2019)."""

MIDDLE, RANGE = 127.5, 128.0
"""The network sees ``(chip - MIDDLE) / RANGE``, red first."""


class SecondEncoder:
    """Chips to embeddings.

    Args:
        network: content of the ONNX file: (1 or N, 3, 112, 112) float32 in, (the same, K) out.
        name: what messages call it.

    Raises:
        WeightsError: it is no such network.
    """

    def __init__(self, network: bytes, name: str) -> None:
        try:
            self._session = open_session(network, threads=1)
        except WeightsError as error:
            raise WeightsError(f"{name}: {error}") from error
        shapes = [one.shape[1:] for one in (*self._session.get_inputs(), *self._session.get_outputs())]
        if [len(shape) for shape in shapes] != [3, 1] or shapes[0] != [3, SIZE, SIZE]:
            raise WeightsError(
                f"{name} is no recogniser of ArcFace's chip: one that takes (N, 3, {SIZE}, {SIZE}) and gives (N, K) "
                "was expected. docs/training.md says where to get one."
            )
        self._input = self._session.get_inputs()[0].name

    def crop(self, photo: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        """Cut the chip (112, 112, 3) uint8 of the face with ``mesh`` (468, 2 or 3) out of ``photo`` (H, W, 3) uint8."""
        return resample(check_photo(photo), align_points(five_points(check_mesh(mesh)), TEMPLATE), SIZE, SIZE)

    def encode(self, chips: np.ndarray) -> np.ndarray:
        """Embeddings (N, K) float32 of length 1 of ``chips`` (N, 112, 112, 3) uint8 sRGB."""
        images = ((chips.astype(np.float32) - MIDDLE) / RANGE).transpose(0, 3, 1, 2)
        found = [self._session.run(None, {self._input: np.ascontiguousarray(image[None])})[0][0] for image in images]
        vectors = np.stack(found)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
