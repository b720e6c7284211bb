"""The gains of all photos of a shoot at once: one skin colour per person, one white balance per light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fsynth.balance.gains import Gains
from fsynth.errors import ArgumentError

TARGET_ERROR = (0.065, 0.15)
"""Default standard deviations of a normalized face's skin: natural logarithm of R / G and B / G, and of G."""

PHOTO_ERROR = (0.04, 0.20)
"""Default standard deviations of a photo's skin under a light, likewise: shade, reflections, make-up, noise."""

_HUBER = 2.0  # standard deviations from which an observation's pull stops to grow
_ITERATIONS = 30
_SETTLED = 1e-7


@dataclass(frozen=True, eq=False)
class FaceColour:
    """A face in a photo.

    Attributes:
        photo: row of the photo.
        person: of ``people.group_people``.
        camera: (3,) scene-linear camera RGB above 0, mean over the skin in the photo.
        target: (3,) linear sRGB above 0, mean over the same skin of the normalized face.
        weight: how much it counts, above 0; for example the number of pixels over that of a usual face.
    """

    photo: int
    person: int
    camera: np.ndarray
    target: np.ndarray
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class ShootBalance:
    """What ``solve_shoot`` finds.

    Attributes:
        gains: for each photo; None where it has no face.
        skin: person -> (3,) linear sRGB of the skin in the balanced photos.
        residuals: (M,) how many standard deviations each face is from the solution; above 2 its weight is reduced.
    """

    gains: list[Gains | None]
    skin: dict[int, np.ndarray]
    residuals: np.ndarray


def solve_shoot(
    faces: Sequence[FaceColour],
    lights: np.ndarray,
    camera_to_srgb: Sequence[np.ndarray],
    *,
    reference: Mapping[int, np.ndarray] | None = None,
    target_error: tuple[float, float] = TARGET_ERROR,
    photo_error: tuple[float, float] = PHOTO_ERROR,
) -> ShootBalance:
    """Solve a shoot by robust weighted least squares (Huber, reweighted) in logarithms.

    Unknowns: s, the linear sRGB of each person's skin; l, the white balance of each light; e, the exposure of each
    photo. Each face gives two equations, C being its photo's ``camera_to_srgb``:

        log target = log s                                  up to ``target_error``
        log camera + log l + e = log(C^-1 s)                up to ``photo_error``

    Args:
        faces: every face that counts; a photo may have several or none.
        lights: (N,) int, the light of each photo; photos of one light are of one camera. See ``lights.group_lights``.
        camera_to_srgb: N matrices (3, 3), see ``gains.solve``.
        reference: person -> (3,) linear sRGB of their skin in a photo balanced by hand: those persons get that, the
            others are moved by the mean of the same, in logarithms.
        target_error, photo_error: standard deviations, see the defaults.

    Raises:
        ArgumentError: shapes don't fit, a colour is not above 0, or a reference shows no one who is in ``faces``.
    """
    lights = np.asarray(lights)
    _check(faces, lights, camera_to_srgb)
    if not faces:
        return ShootBalance([None] * len(lights), {}, np.empty(0))
    photo, photos = _numbered([face.photo for face in faces])
    person, persons = _numbered([face.person for face in faces])
    light, _ = _numbered(lights[photos])
    light = light[photo]
    camera = np.log([face.camera for face in faces])
    target = np.log([face.target for face in faces])
    inverse = np.linalg.inv([camera_to_srgb[face.photo] for face in faces])
    weight = np.array([face.weight for face in faces], np.float64)

    skin = np.stack([np.median(target[person == k], axis=0) for k in range(len(persons))])
    known = np.zeros(len(persons), bool)
    if reference is not None:
        known = np.array([k in reference for k in persons])
        if not known.any():
            raise ArgumentError("`reference` shows none of the people in `faces`; name a photo that shows one of them.")
        wanted = np.log([reference[k] for k in persons if k in reference])
        moved = (wanted - skin[known]).mean(axis=0)
        target, skin = target + moved, skin + moved
        skin[known] = wanted

    # Columns: skin 3 per person, light 2 (R / G, B / G) per light, exposure 1 per photo.
    white = np.zeros((int(light.max()) + 1, 2))
    exposure = np.zeros(len(photos))
    columns = _Columns(person, light, photo, len(persons), len(white), len(photos))
    scale = 1 / np.array([photo_error[0], photo_error[1], photo_error[0]])
    scale_target = 1 / np.array([target_error[0], target_error[1], target_error[0]])
    for _ in range(_ITERATIONS):
        balanced = np.einsum("nij,nj->ni", inverse, np.exp(skin[person]))
        if (balanced <= 0).any():
            raise ArgumentError("A person's skin, as `target` or `reference` has it, is outside a camera's colours.")
        of_photo = camera + _gains(white[light], exposure[photo]) - np.log(balanced)
        residual = np.stack([_opponent(of_photo) * scale, _opponent(skin[person] - target) * scale_target])
        residual[1, known[person]] = 0  # their colour is given
        size = np.sqrt((residual**2).sum(axis=2))  # (2, M)
        pull = weight * np.minimum(1, _HUBER / np.maximum(size, 1e-12))
        slope = inverse * np.exp(skin[person])[:, None, :] / balanced[:, :, None]  # d log balanced / d log skin
        step = columns.step(residual, pull, slope, scale, scale_target, known)
        skin += step[0]
        white += step[1]
        exposure += step[2]
        if max(np.abs(part).max() for part in step) < _SETTLED:
            break
    gains: list[Gains | None] = [None] * len(lights)
    for row, number in enumerate(photos):
        values = np.exp(_gains(white[light[photo == row][:1]], exposure[row : row + 1])[0])
        gains[int(number)] = Gains.of_factors(values)
    return ShootBalance(gains, {int(k): np.exp(skin[i]) for i, k in enumerate(persons)}, size.max(axis=0))


@dataclass(frozen=True, eq=False)
class _Columns:
    """Which unknowns each face meets; assembles and solves the normal equations."""

    person: np.ndarray
    light: np.ndarray
    photo: np.ndarray
    persons: int
    lights: int
    photos: int

    def step(
        self,
        residual: np.ndarray,
        pull: np.ndarray,
        slope: np.ndarray,
        scale: np.ndarray,
        scale_target: np.ndarray,
        known: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One Gauss-Newton step: of skin (P, 3), lights (L, 2) and exposures (E,)."""
        count = len(self.person)
        # Derivatives of a face's residuals (3) by its own 3 + 2 + 1 unknowns.
        of_photo = np.zeros((count, 3, 6))
        of_photo[:, :, :3] = -_opponent(slope.transpose(0, 2, 1)).transpose(0, 2, 1) * scale[:, None]
        of_photo[:, 0, 3], of_photo[:, 2, 4], of_photo[:, 1, 5] = scale[0], scale[2], scale[1]
        of_target = np.zeros((count, 3, 6))
        of_target[:, :, :3] = _opponent(np.eye(3)).T * scale_target[:, None]
        jacobian = np.stack([of_photo, of_target])  # (2, M, 3, 6)
        jacobian[:, known[self.person], :, :3] = 0
        jacobian[1, known[self.person]] = 0
        normal = np.einsum("km,kmri,kmrj->mij", pull, jacobian, jacobian)
        right = -np.einsum("km,kmri,kmr->mi", pull, jacobian, residual)
        first_light = 3 * self.persons
        first_exposure = first_light + 2 * self.lights
        index = np.concatenate(
            [
                3 * self.person[:, None] + np.arange(3),
                first_light + 2 * self.light[:, None] + np.arange(2),
                first_exposure + self.photo[:, None],
            ],
            axis=1,
        )
        # Each photo has but one exposure, which is eliminated: what is left is as large as people and lights are many.
        shared, own = index[:, :5], self.photo
        matrix = np.zeros((first_exposure, first_exposure))
        np.add.at(matrix, (shared[:, :, None], shared[:, None, :]), normal[:, :5, :5])
        side = np.zeros(first_exposure)
        np.add.at(side, shared, right[:, :5])
        across = np.zeros((first_exposure, self.photos))
        np.add.at(across, (shared, own[:, None]), normal[:, :5, 5])
        diagonal = np.bincount(own, normal[:, 5, 5], self.photos)
        own_side = np.bincount(own, right[:, 5], self.photos)
        given = np.repeat(known, 3)
        matrix[np.flatnonzero(given), np.flatnonzero(given)] = 1.0  # rows of zeros: no step
        reduced = matrix - (across / diagonal) @ across.T
        values = np.linalg.solve(reduced, side - across @ (own_side / diagonal))
        exposure = (own_side - across.T @ values) / diagonal
        return values[:first_light].reshape(-1, 3), values[first_light:].reshape(-1, 2), exposure


def _opponent(logarithms: np.ndarray) -> np.ndarray:
    """(..., 3) log R, G, B as log R / G, log G, log B / G."""
    red, green, blue = np.moveaxis(logarithms, -1, 0)
    return np.stack([red - green, green, blue - green], axis=-1)


def _gains(white: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """(n, 3) logarithms of factors from white balances (n, 2) and exposures (n,), all natural logarithms."""
    return np.stack([white[:, 0] + exposure, exposure, white[:, 1] + exposure], axis=1)


def _numbered(labels: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels as 0.. in their own order, and what each number stands for."""
    values, numbers = np.unique(np.asarray(labels), return_inverse=True)
    return numbers, values


def _check(faces: Sequence[FaceColour], lights: np.ndarray, camera_to_srgb: Sequence[np.ndarray]) -> None:
    if lights.ndim != 1 or len(camera_to_srgb) != len(lights):
        raise ArgumentError(
            f"`lights` {lights.shape} and `camera_to_srgb` ({len(camera_to_srgb)}) must be one a photo."
        )
    for face in faces:
        if not 0 <= face.photo < len(lights):
            raise ArgumentError(f"A face is of photo {face.photo}, and there are {len(lights)} photos.")
        for name, colour in (("camera", face.camera), ("target", face.target)):
            values = np.asarray(colour)
            if values.shape != (3,) or not np.isfinite(values).all() or (values <= 0).any():
                raise ArgumentError(f"`{name}` of a face must be three finite numbers above 0, it is {colour}.")
        if not face.weight > 0:
            raise ArgumentError(f"`weight` of a face must be above 0, it is {face.weight}.")
