"""Fits a head to the landmarks of one photograph, with what is known before of its coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_morphable.camera import Camera, rotation_matrix

POSE = 6
"""Parameters of the pose, which come first: a turn (3,) and the translation (3,), of which the last is ln(distance)."""


@dataclass(frozen=True, eq=False)
class LandmarkModel:
    """What landmarks do. mean: (L, 3) metres; modes: (L, 3, B), metres per unit of each coefficient."""

    mean: np.ndarray
    modes: np.ndarray


@dataclass(frozen=True, eq=False)
class Belief:
    """A normal distribution of the B coefficients before the photograph is seen: mean (B,), precision (B, B)."""

    mean: np.ndarray
    precision: np.ndarray


@dataclass(frozen=True, eq=False)
class PhotoFit:
    """What fits one photograph.

    Attributes:
        pose: (6,). coefficients: (B,), the most likely ones. covariance: (B, B) of what is left unknown.
        residuals: (L, 2) px, found minus given.
    """

    pose: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    residuals: np.ndarray


def start_pose(interocular: float = 0.0625, pixels: float = 55.0) -> np.ndarray:
    """A head that looks straight at the camera, its eyes where they are in an aligned face."""
    distance = Camera().focal_length * interocular / pixels
    return np.array([0, 0, 0, 0, 13.5 / pixels * interocular, np.log(distance)])


def fit_photo(
    model: LandmarkModel,
    points: np.ndarray,
    belief: Belief,
    noise: np.ndarray,
    *,
    pose: np.ndarray | None = None,
    coefficients: np.ndarray | None = None,
    steps: int = 6,
) -> PhotoFit:
    """The most likely pose and coefficients, by Gauss-Newton.

    Args:
        points: (L, 2) px of an aligned face. noise: (L,) px, standard deviation of each coordinate.
        pose, coefficients: where to start.
    """
    pose = start_pose() if pose is None else pose
    coefficients = belief.mean if coefficients is None else coefficients
    weight = np.repeat(1 / noise, 2)
    for _ in range(steps):
        image, by_pose, by_shape = project(model, pose, coefficients)
        jacobian = np.concatenate([by_pose, by_shape], axis=1) * weight[:, None]
        residual = (points - image).ravel() * weight
        hessian = jacobian.T @ jacobian
        gradient = jacobian.T @ residual
        hessian[POSE:, POSE:] += belief.precision
        gradient[POSE:] += belief.precision @ (belief.mean - coefficients)
        step = np.linalg.solve(hessian, gradient)
        pose, coefficients = pose + step[:POSE], coefficients + step[POSE:]
    image, _, _ = project(model, pose, coefficients)
    return PhotoFit(pose, coefficients, np.linalg.inv(hessian)[POSE:, POSE:], image - points)


def project(
    model: LandmarkModel, pose: np.ndarray, coefficients: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Landmarks (L, 2) px at a pose (6,) and coefficients (B,), and their derivatives (2L, 6) and (2L, B)."""
    camera = Camera()
    rotation = rotation_matrix(pose[:3])
    points = model.mean + model.modes @ coefficients
    turned = points @ rotation.T
    distance = np.exp(pose[5])
    depth = distance - turned[:, 2]
    x, y = turned[:, 0] + pose[3], turned[:, 1] + pose[4]
    focal, middle = camera.focal_length, (camera.image_size - 1) / 2
    image = np.stack([middle + focal * x / depth, middle - focal * y / depth], axis=1)

    # Derivatives of the image by camera space, (L, 2, 3).
    zero = np.zeros_like(x)
    by_view = focal * np.stack(
        [np.stack([1 / depth, zero, x / depth**2], axis=1), np.stack([zero, -1 / depth, -y / depth**2], axis=1)], axis=1
    )
    epsilon = 1e-6
    turns = [(points @ rotation_matrix(pose[:3] + epsilon * axis).T - turned) / epsilon for axis in np.eye(3)]
    by_turn = np.stack([np.einsum("lij,lj->li", by_view, turn) for turn in turns], axis=2)
    by_distance = -by_view[:, :, 2:] * distance
    by_pose = np.concatenate([by_turn, by_view[:, :, :2], by_distance], axis=2)
    by_shape = (by_view @ rotation) @ model.modes
    size = 2 * len(x)
    return image, by_pose.reshape(size, POSE), by_shape.reshape(size, -1)
