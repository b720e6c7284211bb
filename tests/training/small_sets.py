"""Prepared sets, textures and face spaces made of numbers alone, quick to build."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fsynth_training.dataset.prepare import PreparedSet

if TYPE_CHECKING:
    from fsynth_training.fit.basis import Components
    from fsynth_training.fit.face_space import FaceSpace


def prepared_set(
    people: Sequence[tuple[str, str, bool]],
    mesh: np.ndarray,
    features: np.ndarray,
    augmented: np.ndarray,
    aligned: np.ndarray | None = None,
) -> PreparedSet:
    """A set of (source, identity, smiling) with meshes (N, 468, 3) in aligned pixels."""
    from fsynth.faces import LANDMARKS_65

    source, identity, smiling = (np.array(column) for column in zip(*people, strict=True))
    if aligned is None:
        aligned = np.zeros((len(people), 224, 224, 3), np.uint8)
    return PreparedSet(
        aligned=aligned,
        landmarks=mesh[:, LANDMARKS_65, :2].astype(np.float32),
        mesh=mesh.astype(np.float32),
        features=features.astype(np.float32),
        augmented=augmented.astype(np.float32),
        source=source,
        identity=identity,
        smiling=smiling,
        path=np.array([f"{s}/{i}.jpg" for s, i, _ in people]),
    )


def waves(count: int, size: int, rng: np.random.Generator, channels: int = 3) -> np.ndarray:
    """Smooth random images (count, size, size, channels) float64, mean 0, standard deviation about 1."""
    axis = np.arange(size) / size
    frequency = rng.uniform(-3, 3, (2, 6, count, 1, 1, channels))
    phase = rng.uniform(0, 2 * np.pi, (6, count, 1, 1, channels))
    across, down = axis[None, None, None, :, None], axis[None, None, :, None, None]
    angle: np.ndarray = 2 * np.pi * (frequency[0] * across + frequency[1] * down) + phase
    return np.cos(angle).sum(axis=0) / np.sqrt(3)


def components(directions: np.ndarray, mean: np.ndarray) -> Components:
    """Components with these directions (K, D) and mean (D,)."""
    from fsynth_training.fit.basis import Components

    return Components(mean.astype(np.float32), directions.astype(np.float32), np.linalg.pinv(directions))


def face_space(
    texture: np.ndarray, matte: np.ndarray, mean_landmarks: np.ndarray, width: int, rng: np.random.Generator
) -> FaceSpace:
    """A space of 5 components of all planes, 4 of luma and 3 of landmarks around a mean face, of ``width`` features.

    texture: (S, S, 3), 0..1. matte: (S, S).
    """
    from fsynth_training.fit.face_space import FaceSpace
    from fsynth_training.fit.planes import to_planes

    size = len(matte)
    (mean,) = to_planes(texture[None], matte[None])
    changed = to_planes(0.5 + 0.05 * waves(5, size, rng), np.repeat(matte[None], 5, axis=0))
    base = changed - to_planes(np.full((1, size, size, 3), 0.5), matte[None])
    base[:, -((size // 4) ** 2) :] += rng.normal(0, 0.5, (5, 1))
    detail = 0.05 * waves(4, size, rng, 1).reshape(4, -1)
    return FaceSpace(
        base=components(base, mean),
        face=components(detail, 0.02 * waves(1, size, rng, 1).ravel()),
        shapes=components(rng.normal(0, 0.003 * size, (3, mean_landmarks.size)), np.zeros(mean_landmarks.size)),
        mean_landmarks=mean_landmarks,
        base_kernel=rng.normal(0, 1 / np.sqrt(width), (width, 5)),
        base_bias=rng.normal(0, 0.3, 5),
    )


def flat(*colours: tuple[float, float, float]) -> np.ndarray:
    """Textures of one colour each, (N, 224, 224, 3)."""
    return np.broadcast_to(np.array(colours, np.float32)[:, None, None], (len(colours), 224, 224, 3)).copy()


def lab_colours(lab: np.ndarray) -> np.ndarray:
    """Textures of one CIE Lab colour each."""
    from skimage.color import lab2rgb

    return flat(*lab2rgb(lab))


def corners() -> list[int]:
    """Where the corners of the mouth stand among the 65 landmarks."""
    from fsynth.faces import LANDMARKS_65

    return [int(np.flatnonzero(LANDMARKS_65 == index)[0]) for index in (61, 291)]
