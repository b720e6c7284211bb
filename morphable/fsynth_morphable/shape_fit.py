"""Fits a morphable model to the landmarks of an image (appendix B.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fsynth_morphable.camera import IMAGE_SIZE, Camera
from fsynth_morphable.errors import ArgumentError, LandmarksError
from fsynth_morphable.minimise import gauss_newton, gradient_descent
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.shape_objective import POSE, Kind, landmark_rows, make_objective

# How far outside the image landmarks may be, as a share of its size: jaws of large heads end just beyond it.
_OUTSIDE = 0.1
# Landmarks whose extent across is less than this share of that along are taken to lie on one line.
_THIN = 0.05

_MINIMISERS = {"gauss-newton": gauss_newton, "gradient-descent": gradient_descent}


@dataclass(frozen=True, eq=False)
class ShapeFit:
    """A head that fits landmarks, and the camera that sees it so.

    Attributes:
        identity: (K,) coefficients in standard deviations.
        expression: (E,) coefficients in the model's ``expression_range``.
        camera: of Eq. 6-8.
        residuals: (L, 2) px, the model's landmarks minus those given.
        objective: what was minimised, at its minimum.
        steps: how many the minimiser took.
    """

    identity: np.ndarray
    expression: np.ndarray
    camera: Camera
    residuals: np.ndarray
    objective: float
    steps: int


def fit_shape(
    model: MorphableModel,
    landmarks: np.ndarray,
    *,
    objective: Kind = "posterior",
    expression: bool = True,
    rotation: bool = True,
    method: Literal["gauss-newton", "gradient-descent"] = "gauss-newton",
    image_size: int = IMAGE_SIZE,
) -> ShapeFit:
    """Find the head and the camera whose projected landmarks match those given.

    Eq. 5-9, with a perspective camera of 10 degrees. Two objectives:

    "paper" is Eq. 9, |L - V|^2 + 0.001 |s|^2, where L and V are in normalized device coordinates (-1..1 across the
    image), as perspective division gives them, and s in standard deviations; with ``expression=False`` and
    ``rotation=False`` it is Eq. 9 to the letter. It pulls to the mean as if landmarks were wrong by 3.5 px.

    "posterior" is minus twice the logarithm of the probability of the head given the landmarks: residuals in standard
    deviations of what detectors are off by in a 224 px image (0.5 px; 3 px on the outline), identity in standard
    deviations, expression shapes in 0.3 (components in standard deviations).

    Neither restrains the camera. V depends on sigma and t only through their ratio, so t^z is held where sigma is near
    1, and sigma, t^x and t^y are found.

    Args:
        model: with landmarks.
        landmarks: (L, 2) px, (x, y), y down, pixel centres on integers; as many as the model has, in their order.
        objective: see above.
        expression: whether the face may have an expression; within the model's ``expression_range``.
        rotation: whether the head may be turned; without it, it faces the camera's way upright.
        method: "gauss-newton" takes milliseconds, "gradient-descent" seconds, to the same minimum.
        image_size: width and height of the image in pixels.

    Raises:
        LandmarksError: they are not finite, not as many as the model has, outside the image, or all on one line.
        ArgumentError: the model has no landmarks, or ``objective`` or ``method`` is none of the above.
    """
    if method not in _MINIMISERS:
        raise ArgumentError(f'`method` must be "gauss-newton" or "gradient-descent", it is {method!r}.')
    if image_size < 1:
        raise ArgumentError(f"`image_size` must be positive, it is {image_size}.")
    given = _checked(landmarks, len(landmark_rows(model).mean), model.name, image_size)
    to_minimise, start = make_objective(
        model, given, objective, expression=expression, rotation=rotation, image_size=image_size
    )
    found = _MINIMISERS[method](to_minimise, start)
    identities = len(model.identity)
    return ShapeFit(
        identity=found.parameters[POSE : POSE + identities],
        expression=found.parameters[POSE + identities :],
        camera=to_minimise.camera(found.parameters),
        residuals=to_minimise.residuals(found.parameters),
        objective=found.value,
        steps=found.steps,
    )


def _checked(landmarks: np.ndarray, count: int, name: str, image_size: int) -> np.ndarray:
    given = np.asarray(landmarks)
    if given.dtype.kind not in "fiu" or given.ndim != 2 or given.shape[1] != 2:
        raise LandmarksError(
            f"`landmarks` must be numbers of the shape ({count}, 2), they are {given.dtype} {given.shape}."
        )
    if len(given) != count:
        raise LandmarksError(f"There are {len(given)} landmarks, the model {name} has {count}.")
    if not np.isfinite(given).all():
        row = int(np.flatnonzero(~np.isfinite(given).all(axis=1))[0])
        raise LandmarksError(f"Landmark {row} is not finite.")
    margin = _OUTSIDE * image_size
    outside = ((given < -margin) | (given > image_size - 1 + margin)).any(axis=1)
    if outside.any():
        row = int(outside.argmax())
        x, y = given[row]
        raise LandmarksError(
            f"Landmark {row} is at ({x:.0f}, {y:.0f}), outside the image of {image_size} x {image_size} pixels."
        )
    along, across = np.linalg.svd(given - given.mean(axis=0), compute_uv=False)[:2]
    if across <= _THIN * along or along == 0:
        raise LandmarksError("All landmarks lie on one line or in one place, so they show no face.")
    return given.astype(np.float64)
