"""A linear face space, and ridge regression from features into it: the yardstick, and the start of the identity fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from fsynth.faces import INNER_LIPS_65, MIRROR_65
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.basis import Components, principal_components, ridge
from fsynth_training.fit.both_sides import both_sides
from fsynth_training.fit.left_out import left_out
from fsynth_training.fit.linear_config import SpaceConfig
from fsynth_training.fit.planes import plane_weights, representable, to_planes
from fsynth_training.fit.samples import unit


@dataclass(frozen=True, eq=False)
class FaceSpace:
    """What the linear decoder is made of.

    Attributes:
        base: components of all planes less the face's luma detail: hair, outline, colours, brightness of the skin.
        face: components of the luma detail of the face, (K, S*S) directions.
        shapes: components of landmark offsets, (K, 2L) directions.
        mean_landmarks: (L, 2) px, the geometry of the texture.
        base_kernel, base_bias: from normalised features to the coefficients of ``base``.
    """

    base: Components
    face: Components
    shapes: Components
    mean_landmarks: np.ndarray
    base_kernel: np.ndarray
    base_bias: np.ndarray


@dataclass(frozen=True, eq=False)
class Normalisation:
    """Features to what the linear decoder takes: ``(x / |x| - mean) / spread`` without the directions ``left_out``.

    mean: (W,). spread: scalar. left_out: (D, W) orthonormal, what is not shown to the decoder of unit-length features.
    """

    mean: np.ndarray
    spread: float
    left_out: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Features (N, W) -> (N, W) float32."""
        x = (unit(features) - self.mean) / self.spread
        return (x - (x @ self.left_out.T) @ self.left_out).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Ridge regression into the face space. kernel: (W, K), bias: (K,), for the coefficients of face and shapes.

    coefficients: (2 N, K), of the targets and then of their mirror images.
    """

    kernel: np.ndarray
    bias: np.ndarray
    coefficients: np.ndarray


@dataclass(frozen=True, eq=False)
class Views:
    """The views of the photos that are fitted to and have a target.

    features: (P, W). target: (P,) int, the row in the targets and then their mirror images, 0..2 N.
    """

    features: np.ndarray
    target: np.ndarray


def labelled_views(dataset: Dataset) -> Views:
    """Every view of every photo that has a target and whose person is not held out."""
    rows = np.flatnonzero((dataset.photo_target >= 0) & ~dataset.validation[dataset.photo_identity])
    target = dataset.photo_target[rows, None] + len(dataset.textures) * dataset.view_mirrored[rows]
    return Views(both_sides(dataset.features[rows]).reshape(-1, dataset.feature_width), target.ravel())


def both_ways(values: np.ndarray) -> np.ndarray:
    """Images (N, S, S, ...) and then their mirror images, (2 N, S, S, ...)."""
    return np.concatenate([values, values[:, :, ::-1]])


def target_planes(dataset: Dataset, luma_stride: int = 1) -> np.ndarray:
    """The targets and then their mirror images as planes, (2 N, P) float32; luma as fine as ``luma_stride`` shows."""
    textures, mattes = (np.asarray(part, np.float32) / 255 for part in (dataset.textures, dataset.mattes))
    planes = to_planes(both_ways(textures), both_ways(mattes))
    size = dataset.image_size
    luma = representable(planes[:, : size * size].reshape(-1, size, size), luma_stride)
    planes[:, : size * size] = luma.reshape(len(planes), -1)
    return planes


def build(
    dataset: Dataset, planes: np.ndarray, geometry: Geometry, config: SpaceConfig
) -> tuple[FaceSpace, Normalisation, Yardstick]:
    """Principal components of the targets and their mirror images, and ridge regression from features to them.

    Args:
        dataset: the dataset.
        planes: ``target_planes(dataset)``.
        geometry: of the dataset's mean face.
        config: sizes and strengths.

    Raises:
        FitError: the dataset has not what ``config`` asks for.
    """
    size = dataset.image_size
    pixels = size * size
    targets = np.unique(dataset.photo_target[~dataset.validation[dataset.photo_identity]])
    targets = targets[targets >= 0]
    targets = np.concatenate([targets, targets + len(dataset.textures)])  # no held-out person shapes the components
    skin = (geometry.skin > 0.5).ravel()
    brightness = planes[:, :pixels][:, skin].mean(axis=1, keepdims=True)
    detail = face_mask(geometry).ravel() * (planes[:, :pixels] - brightness)
    rest = planes.copy()
    rest[:, :pixels] -= detail
    weights = plane_weights(0.3 + 0.7 * geometry.face, outline=0.02)
    base = principal_components(rest[targets], config.base, weights)
    face = principal_components(detail[targets], config.face)
    offsets = landmark_offsets(dataset)
    shapes = principal_components(offsets[targets], config.shapes)

    views = labelled_views(dataset)
    directions = unit(views.features)
    mean = directions.mean(axis=0)
    spread = float((directions - mean).std())
    inputs = (directions - mean) / spread
    base_kernel, base_bias = ridge(inputs, base.project(rest)[views.target], config.base_ridge)
    coefficients = np.concatenate([face.project(detail), shapes.project(offsets)], axis=1)
    kernel, bias = ridge(inputs, coefficients[views.target], config.ridge)
    space = FaceSpace(base, face, shapes, geometry.landmarks, base_kernel * config.base_gain, base_bias)
    return space, Normalisation(mean, spread, left_out(dataset, config)), Yardstick(kernel, bias, coefficients)


def face_mask(geometry: Geometry) -> np.ndarray:
    """(224, 224) float32, 0..1: where the identity loss may change luma; the face with a soft edge."""
    return ndimage.gaussian_filter(ndimage.grey_dilation((geometry.face > 0.5).astype(np.float32), size=7), 4)


def landmark_offsets(dataset: Dataset) -> np.ndarray:
    """Offsets from the mean landmarks of the targets and their mirror images, (2 N, 2 L) float32, lips closed.

    The middles of the inner lips move as one: no combination of components can part them.
    """
    landmarks = np.array(dataset.landmarks)
    mirrored = landmarks[:, MIRROR_65]
    mirrored[..., 0] = dataset.image_size - 1 - mirrored[..., 0]
    offsets = np.concatenate([landmarks, mirrored]) - dataset.mean_landmarks
    upper, lower = INNER_LIPS_65
    offsets[:, [upper, lower]] = offsets[:, [upper, lower]].mean(axis=1, keepdims=True)
    return offsets.reshape(len(offsets), -1).astype(np.float32)
