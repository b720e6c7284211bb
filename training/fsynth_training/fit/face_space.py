"""The linear face space of the first weights, and ridge regression into it: the yardstick and the start of the fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from fsynth.faces import INNER_LIPS_65, MIRROR_65
from fsynth_training.dataset.geometry import SIZE, Geometry
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.dataset.targets import Targets
from fsynth_training.fit.basis import Components, principal_components, ridge
from fsynth_training.fit.planes import plane_weights, to_planes

BASE_COMPONENTS, FACE_COMPONENTS, SHAPE_COMPONENTS = 200, 160, 40

BASE_GAIN = 1.2
"""Ridge regression shrinks hair and skin colours towards the mean; of 1, 1.2 and 1.4
this gain gave the least skin error (CIEDE2000)."""


@dataclass(frozen=True, eq=False)
class FaceSpace:
    """What the linear decoder is made of.

    Attributes:
        base: components of all planes less the face's luma detail: hair, outline, colours, brightness of the skin.
        face: components of the luma detail of the face, (K, S*S) directions.
        shapes: components of landmark offsets, (K, 2L) directions.
        mean_landmarks: (L, 2) px, the geometry of the texture.
        base_kernel, base_bias: ridge regression from normalised features to the coefficients of ``base``.
    """

    base: Components
    face: Components
    shapes: Components
    mean_landmarks: np.ndarray
    base_kernel: np.ndarray
    base_bias: np.ndarray


@dataclass(frozen=True, eq=False)
class Normalisation:
    """Features to what the linear decoder takes: ``(x / |x| - mean) / spread`` without the directions of ``smile``.

    mean: (W,). spread: scalar. smile: (3, W) orthonormal, what a smile changes in unit-length features.
    """

    mean: np.ndarray
    spread: float
    smile: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Features (N, W) -> (N, W) float32."""
        x = (unit(features) - self.mean) / self.spread
        return (x - (x @ self.smile.T) @ self.smile).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Ridge regression into the face space. kernel: (W, K), bias: (K,), for the coefficients of face and shapes.

    coefficients: (2 N, K), of the targets and then of their mirror images.
    """

    kernel: np.ndarray
    bias: np.ndarray
    coefficients: np.ndarray


def unit(features: np.ndarray) -> np.ndarray:
    """Features (N, W) at length 1."""
    return features / np.linalg.norm(features, axis=-1, keepdims=True)


def smile_directions(prepared: PreparedSet, count: int = 3) -> np.ndarray:
    """(count, W) orthonormal: what changes in unit-length features between London's neutral and smiling photos."""
    london = prepared.source == "london"
    neutral = {prepared.identity[i]: i for i in np.flatnonzero(london & ~prepared.smiling)}
    smiling = np.flatnonzero(london & prepared.smiling)
    pairs = [neutral[prepared.identity[i]] for i in smiling]
    features = unit(prepared.features.mean(axis=1))
    return np.linalg.svd(features[smiling] - features[pairs], full_matrices=False)[2][:count]


def build(prepared: PreparedSet, targets: Targets, geometry: Geometry) -> tuple[FaceSpace, Normalisation, Yardstick]:
    """Principal components of the targets and their mirror images, and ridge regression from features to them."""
    textures = np.concatenate([targets.textures, targets.textures[:, :, ::-1]])
    planes = to_planes(textures, np.concatenate([targets.mattes, targets.mattes[:, :, ::-1]]))
    pixels = SIZE * SIZE
    skin = (geometry.skin > 0.5).ravel()
    brightness = planes[:, :pixels][:, skin].mean(axis=1, keepdims=True)
    detail = face_mask(geometry).ravel() * (planes[:, :pixels] - brightness)
    planes[:, :pixels] -= detail
    base = principal_components(planes, BASE_COMPONENTS, plane_weights(0.3 + 0.7 * geometry.face, outline=0.02))
    face = principal_components(detail, FACE_COMPONENTS)
    offsets = landmark_offsets(targets, geometry)
    shapes = principal_components(offsets, SHAPE_COMPONENTS)

    index, count = targets.index, len(targets.index)
    augmented = prepared.augmented[index].transpose(1, 0, 2).reshape(-1, prepared.features.shape[-1])
    inputs = np.concatenate([prepared.features[index, 0], prepared.features[index, 1], augmented])
    # An augmented view may be mirrored: its target is the mean of both ways round.
    repeats = prepared.augmented.shape[1]

    def outputs(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, *[(values[:count] + values[count:]) / 2] * repeats])

    directions = unit(inputs)
    mean = directions.mean(axis=0)
    spread = float((directions - mean).std())
    inputs = (directions - mean) / spread
    coefficients = np.concatenate([face.project(detail), shapes.project(offsets)], axis=1)
    base_kernel, base_bias = ridge(inputs, outputs(base.project(planes)), 0.5)
    base_kernel *= BASE_GAIN
    kernel, bias = ridge(inputs, outputs(coefficients), 0.3)
    space = FaceSpace(base, face, shapes, geometry.landmarks, base_kernel, base_bias)
    return space, Normalisation(mean, spread, smile_directions(prepared)), Yardstick(kernel, bias, coefficients)


def face_mask(geometry: Geometry) -> np.ndarray:
    """(224, 224) float32, 0..1: where the identity loss may change luma; the face with a soft edge."""
    return ndimage.gaussian_filter(ndimage.grey_dilation((geometry.face > 0.5).astype(np.float32), size=7), 4)


def landmark_offsets(targets: Targets, geometry: Geometry) -> np.ndarray:
    """Offsets from the mean landmarks of the targets and their mirror images, (2 N, 2 L) float32, lips closed.

    The middles of the inner lips move as one: no combination of components can part them.
    """
    mirrored = targets.landmarks[:, MIRROR_65].copy()
    mirrored[..., 0] = SIZE - 1 - mirrored[..., 0]
    offsets = np.concatenate([targets.landmarks, mirrored]) - geometry.landmarks
    upper, lower = INNER_LIPS_65
    offsets[:, [upper, lower]] = offsets[:, [upper, lower]].mean(axis=1, keepdims=True)
    return offsets.reshape(len(offsets), -1).astype(np.float32)
