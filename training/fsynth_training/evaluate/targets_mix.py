"""Faces mixed of a dataset's targets: what the mean face, the nearest face and ridge regression have in common."""

from __future__ import annotations

import numpy as np

from fsynth.faces import MIRROR_65
from fsynth.warp.numpy import sparse_image_warp
from fsynth_training.dataset.store import Dataset
from fsynth_training.evaluate.synthesize import Synthesized

BACKGROUND = 0.80
"""Behind the heads, gamma-encoded sRGB grey."""

_BLOCK = 1 << 14  # values of a target that are mixed at a time
_PHOTOS = 64


class TargetMix:
    """The targets of the people of a dataset that fitting may see, and their mirror images."""

    def __init__(self, dataset: Dataset) -> None:
        """Use the targets of ``dataset`` whose people are not held out."""
        self.dataset = dataset
        self.rows = np.flatnonzero(~np.asarray(dataset.validation)[np.asarray(dataset.target_identity)])
        self.mean_landmarks = np.asarray(dataset.mean_landmarks, np.float64)
        self._textures = np.asarray(dataset.textures)[self.rows].reshape(len(self.rows), -1)
        self._mattes = np.asarray(dataset.mattes)[self.rows].reshape(len(self.rows), -1)
        landmarks = np.asarray(dataset.landmarks, np.float64)[self.rows]
        mirrored = landmarks[:, MIRROR_65] * (-1, 1) + (dataset.image_size - 1, 0)
        self._landmarks = np.concatenate([landmarks, mirrored])

    def __len__(self) -> int:
        return 2 * len(self.rows)

    def synthesize(self, coefficients: np.ndarray) -> Synthesized:
        """Faces that are sums, by ``coefficients`` (P, len(self)), of the targets and then of their mirror images."""
        parts = [self._mix(coefficients[start : start + _PHOTOS]) for start in range(0, len(coefficients), _PHOTOS)]
        images, landmarks, textures = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Synthesized(images, landmarks, textures, self.mean_landmarks)

    def landmarks(self, coefficients: np.ndarray) -> np.ndarray:
        """The landmarks (P, 65, 2) of ``synthesize(coefficients)``."""
        return np.tensordot(coefficients, self._landmarks, 1)

    def _mix(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        size = self.dataset.image_size
        shape = (len(coefficients), size, size, -1)
        textures = self._sum(self._textures, coefficients, shape)
        mattes = np.clip(self._sum(self._mattes, coefficients, shape), 0, 1)
        textures = np.clip(textures * mattes + np.float32(BACKGROUND) * (1 - mattes), 0, 1)
        landmarks = self.landmarks(coefficients)
        source = np.broadcast_to(self.mean_landmarks, landmarks.shape)
        images = sparse_image_warp(textures, source, landmarks)[0]
        return (np.clip(images, 0, 1) * 255 + 0.5).astype(np.uint8), landmarks.astype(np.float32), textures

    def _sum(self, values: np.ndarray, coefficients: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The sums of ``values`` (N, D) uint8 and of their mirror images, 0..1, as images of ``shape``."""
        count = len(self.rows)
        both = np.concatenate([coefficients[:, :count], coefficients[:, count:]]).astype(np.float32) / 255
        sums = np.empty((len(both), values.shape[1]), np.float32)
        for start in range(0, values.shape[1], _BLOCK):
            part = slice(start, start + _BLOCK)
            sums[:, part] = both @ values[:, part].astype(np.float32)
        straight, mirrored = sums[: len(coefficients)].reshape(shape), sums[len(coefficients) :].reshape(shape)
        return straight + mirrored[:, :, ::-1]
