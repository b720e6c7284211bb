"""What a shape fit minimises: how far projected landmarks are from those given, and the head from the mean."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fsynth_morphable.camera import IMAGE_SIZE, Camera, rotation_matrix
from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.landmarks import COUNT, OUTLINE
from fsynth_morphable.model import COMPONENTS, MorphableModel

Kind = Literal["posterior", "paper"]

PAPER_LAMBDA = 0.001

# Standard deviations of what the posterior expects. Of landmarks, in pixels of a 224 px image with the face as fsynth
# aligns it: brows, eyes, nose and mouth; and the outline, which detectors let slide along the silhouette. Of 1, 0.5 and
# 0.35 px, 0.5 px foretold landmarks best that the fit did not see, on 32 people of the Canada set.
NOISE_INNER = 0.5
NOISE_OUTLINE = 3.0
# Of the coefficients of expression shapes in 0..1.
EXPRESSION_SPREAD = 0.3

POSE = 6  # rotation vector (3), translation x and y, logarithm of the scale


@dataclass(frozen=True, eq=False)
class LandmarkRows:
    """The rows of a model's arrays that landmarks depend on. ``mean`` (L, 3); ``basis`` (L, 3, K + E); float64."""

    mean: np.ndarray
    basis: np.ndarray


_ROWS: weakref.WeakKeyDictionary[MorphableModel, LandmarkRows] = weakref.WeakKeyDictionary()


def landmark_rows(model: MorphableModel) -> LandmarkRows:
    """The landmarks' rows of a model, computed at the first call for it.

    Raises:
        ArgumentError: the model has no landmarks.
    """
    if model not in _ROWS:
        if model.landmarks is None:
            raise ArgumentError(
                f"Nobody has looked for the landmarks of the model {model.name} yet. Run: fsynth models add"
            )
        points = model.landmarks
        modes = np.concatenate([points.of(model.identity), points.of(model.expression)])
        mean = points.of(model.mean.astype(np.float64))
        _ROWS[model] = LandmarkRows(mean, np.ascontiguousarray(modes.transpose(1, 2, 0), np.float64))
    return _ROWS[model]


@dataclass(frozen=True, eq=False)
class Objective:
    """f(p) = sum_i |w_i (V_i - L_i)|^2 + sum_j prior_j p_j^2 of the parameters p, some of which are bounded.

    p = (rotation vector, t^x, t^y, log sigma, identity coefficients, expression coefficients), of which those with
    ``free`` False stay as they are.

    Attributes:
        rows: of the model.
        landmarks: L, (L, 2) px.
        weights: w, (L,) per px.
        prior: (P,) weight of each parameter's square.
        low, high: (P,) bounds, infinite for all parameters before the expression.
        free: (P,) bool.
        depth: -t^z in metres. It is held: V depends on sigma and t only through t / sigma (see ``Camera``).
        image_size: px.
    """

    rows: LandmarkRows
    landmarks: np.ndarray
    weights: np.ndarray
    prior: np.ndarray
    low: np.ndarray
    high: np.ndarray
    free: np.ndarray
    depth: float
    image_size: int

    def camera(self, parameters: np.ndarray) -> Camera:
        """The camera that ``parameters`` (P,) mean."""
        x, y, log_scale = parameters[3:POSE]
        return Camera(
            rotation_matrix(parameters[:3]), np.array([x, y, -self.depth]), float(np.exp(log_scale)), self.image_size
        )

    def head(self, parameters: np.ndarray) -> np.ndarray:
        """Eq. 5: the landmarks of the head in model space, (L, 3) metres."""
        return self.rows.mean + self.rows.basis @ parameters[POSE:]

    def residuals(self, parameters: np.ndarray) -> np.ndarray:
        """V - L, (L, 2) px."""
        return self.camera(parameters).project(self.head(parameters))[0] - self.landmarks

    def value(self, parameters: np.ndarray) -> float:
        """f."""
        return self._sum(self.residuals(parameters), parameters)

    def value_and_jacobian(self, parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """f, the weighted residuals (2L,), and their derivatives (2L, P) with respect to the parameters."""
        camera = self.camera(parameters)
        turned = camera.scale * self.head(parameters) @ camera.rotation.T
        seen = turned + camera.translation
        inverse_depth = -1 / seen[:, 2]
        # What V does as a point moves in camera space, (L, 2, 3).
        of_point = np.zeros((len(seen), 2, 3))
        of_point[:, 0, 0] = of_point[:, 1, 1] = 1
        of_point[:, :, 2] = seen[:, :2] * inverse_depth[:, None]
        of_point *= (camera.focal_length * self.weights * inverse_depth)[:, None, None] * np.array([[1.0], [-1.0]])

        jacobian = np.empty((len(seen), 2, len(parameters)))
        # A small turn u moves a point x by u cross x.
        jacobian[:, :, :3] = -of_point @ _cross(turned) @ _left_jacobian(parameters[:3])
        jacobian[:, :, 3:5] = of_point[:, :, :2]
        jacobian[:, :, 5] = np.einsum("lij,lj->li", of_point, turned)
        jacobian[:, :, POSE:] = (of_point @ (camera.scale * camera.rotation)) @ self.rows.basis

        points = seen[:, :2] * inverse_depth[:, None] * [camera.focal_length, -camera.focal_length]
        residuals = points + (self.image_size - 1) / 2 - self.landmarks
        weighted = (self.weights[:, None] * residuals).ravel()
        return self._sum(residuals, parameters), weighted, jacobian.reshape(-1, len(parameters))

    def _sum(self, residuals: np.ndarray, parameters: np.ndarray) -> float:
        data = np.square(self.weights[:, None] * residuals).sum()
        return float(data + self.prior @ np.square(parameters))


def make_objective(
    model: MorphableModel,
    landmarks: np.ndarray,
    kind: Kind,
    *,
    expression: bool,
    rotation: bool,
    image_size: int = IMAGE_SIZE,
) -> tuple[Objective, np.ndarray]:
    """The objective for landmarks (L, 2) px, and where to begin (P,): the mean head, moved and scaled to fit."""
    rows = landmark_rows(model)
    identities, expressions = len(model.identity), len(model.expression)
    low = np.full(POSE + identities + expressions, -np.inf)
    high = -low
    low[POSE + identities :], high[POSE + identities :] = model.expression_range
    free = np.ones(len(low), bool)
    free[:3] = rotation
    free[POSE + identities :] = expression

    prior = np.zeros(len(low))
    if kind == "paper":
        # V and L in normalized device coordinates, which go from -1 to 1 across the image.
        weights = np.full(len(landmarks), 2 / image_size)
        prior[POSE:] = PAPER_LAMBDA
    elif kind == "posterior":
        noise = np.full(len(landmarks), NOISE_INNER * image_size / IMAGE_SIZE)
        if len(landmarks) == COUNT:
            noise[OUTLINE] *= NOISE_OUTLINE / NOISE_INNER
        weights = 1 / noise
        spread = 1 if model.expression_range == COMPONENTS else EXPRESSION_SPREAD
        prior[POSE:] = np.repeat([1.0, 1 / spread**2], [identities, expressions])
    else:
        raise ArgumentError(f'`objective` must be "posterior" or "paper", it is {kind!r}.')

    start, depth = _first_pose(rows.mean, landmarks, rotation, image_size)
    parameters = np.zeros(len(low))
    parameters[:POSE] = start
    objective = Objective(rows, landmarks, weights, prior, low, high, free, depth, image_size)
    return objective, np.clip(parameters, low, high)


def _first_pose(head: np.ndarray, landmarks: np.ndarray, rotation: bool, image_size: int) -> tuple[np.ndarray, float]:
    """Rotation vector, t^x, t^y and log sigma = 0; and the depth at which the head has the size of the landmarks."""
    blank = Camera(image_size=image_size)
    upright = (landmarks - (image_size - 1) / 2) * [1, -1]
    flat = head[:, :2] - head[:, :2].mean(axis=0)
    spread = upright - upright.mean(axis=0)
    # Least squares in complex numbers: spread = similarity * flat.
    a, b = flat[:, 0] + 1j * flat[:, 1], spread[:, 0] + 1j * spread[:, 1]
    similarity = np.vdot(a, b) / np.vdot(a, a)
    roll = float(np.angle(similarity)) if rotation else 0.0
    depth = blank.focal_length / max(float(np.abs(similarity)), 1e-9)
    turned = head @ rotation_matrix(np.array([0, 0, roll])).T
    x, y = upright.mean(axis=0) * depth / blank.focal_length - turned[:, :2].mean(axis=0)
    return np.array([0, 0, roll, x, y, 0]), depth + float(head[:, 2].mean())


def _left_jacobian(turn: np.ndarray) -> np.ndarray:
    """(3, 3): the small turn after ``rotation_matrix(turn)`` that a change of ``turn`` (3,) amounts to."""
    angle = float(np.linalg.norm(turn))
    cross = _cross(turn)
    if angle < 1e-4:
        return np.eye(3) + cross / 2 + cross @ cross / 6
    first, second = (1 - np.cos(angle)) / angle**2, (angle - np.sin(angle)) / angle**3
    return np.eye(3) + first * cross + second * cross @ cross


def _cross(vectors: np.ndarray) -> np.ndarray:
    """The matrices (..., 3, 3) with ``_cross(a) @ b`` the cross product of a and b, of ``vectors`` (..., 3)."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*vectors.shape, 3)
