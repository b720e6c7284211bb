"""A decoder's output as the chip that the encoder would cut out of it, differentiably."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from fsynth.faces import invert_transform
from fsynth.warp import sparse_image_warp


class ChipRenderer:
    """Textures and landmarks to encoder chips. The chip's place in the image is that of the mean face.

    Args:
        mean_landmarks: (L, 2) px, the geometry of the texture.
        chip_transform: (2, 3), image pixels to pixels of a chip of ``chip_size``, for the mean face.
        chip_size: width and height of a chip in pixels.
    """

    def __init__(self, mean_landmarks: np.ndarray, chip_transform: np.ndarray, chip_size: int) -> None:
        self.chip_size = chip_size
        self._mean = mean_landmarks.astype(np.float32)
        self._to_image = np.vstack([invert_transform(chip_transform), [0, 0, 1]]).astype(np.float32)

    def __call__(self, texture: Any, landmarks: Any, framing: Any = None) -> Any:
        """Textures (N, S, S, 3), 0..1, and landmarks (N, L, 2) px to chips (N, C, C, 3), 0..255.

        ``framing`` (N, 3, 3): where each pixel of a chip is looked up in the chip as it should be; None for there.
        """
        source = ops.broadcast_to(ops.convert_to_tensor(self._mean), ops.shape(landmarks))
        image, _ = sparse_image_warp(texture, source, landmarks, mode="coarse", stride=4, jit_compile=True)
        size = image.shape[1]
        pad = max(0, self.chip_size - size)
        if pad:
            image = ops.pad(image, ((0, 0), (0, pad), (0, pad), (0, 0)), mode="symmetric")
        matrix = ops.convert_to_tensor(self._to_image)[None]
        matrix = ops.tile(matrix, (ops.shape(image)[0], 1, 1)) if framing is None else ops.matmul(matrix, framing)
        transform = ops.reshape(matrix, (-1, 9))[:, :8]
        moved = ops.image.affine_transform(
            image, transform, "bilinear", fill_mode="nearest", data_format="channels_last"
        )
        return moved[:, : self.chip_size, : self.chip_size] * 255.0
