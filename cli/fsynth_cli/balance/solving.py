"""From what was seen in all photos of a shoot to how each one is balanced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fsynth.balance.gains import Gains, limit, solve_exposure
from fsynth.balance.lights import Shot, carried_over, group_lights, nearest_in_time
from fsynth.balance.people import group_people
from fsynth.balance.prior import towards_locus
from fsynth.balance.shoot import FaceColour, solve_shoot
from fsynth.errors import NoFaceError
from fsynth_cli.balance.analysis import Analysis, FaceAnalysis
from fsynth_cli.balance.settings import Settings
from fsynth_cli.balance.shifting import solve_shifts
from fsynth_cli.balance.solution import Solution

_LEAST_WEIGHT, _MOST_WEIGHT = 0.1, 1.0


@dataclass(frozen=True, eq=False)
class Reference:
    """The photo that was made by hand: what was seen in it, and the gains that it was developed with."""

    analysis: Analysis
    gains: Gains


@dataclass(frozen=True, eq=False)
class ShootSolution:
    """What is known of all photos together; lists have one entry a photo.

    Attributes:
        photos: how each is balanced; None where there is no face, nor a photo to take it from.
        lights: number of each photo's light, 0..; None for those that were not grouped.
        people: number of the person of each face, 0..; None if faces were not grouped.
        deviations: standard deviations of each face from the joint solution; None for faces that don't count.
    """

    photos: list[Solution | None]
    lights: list[int | None]
    people: list[list[int]] | None
    deviations: list[list[float | None]]


def solve_photos(photos: Sequence[Analysis], settings: Settings, reference: Reference | None = None) -> ShootSolution:
    """Solve the shoot ``photos``, or, with ``settings.per_photo``, each photo for itself.

    Raises:
        NoFaceError: the reference shows no face.
        ArgumentError: the reference's skin is outside the colours of a camera.
    """
    everyone = [*photos, *([] if reference is None else [reference.analysis])]
    if reference is not None and not any(usable(face) for face in reference.analysis.faces):
        raise NoFaceError(
            f"{reference.analysis.photo} shows no face whose skin could be a reference. Name another photo."
        )
    people = _people(everyone, settings.per_photo)
    if settings.method == "eq4":
        solutions, deviations = solve_shifts(everyone, people, settings, reference is not None), _none(everyone)
        lights = np.arange(len(everyone))
    else:
        lights = _lights(everyone, settings.per_photo)
        solutions, deviations = _solve_gains(everyone, people, lights, settings, reference)
    count = len(photos)
    shots = [_shot(photo) for photo in photos]
    if settings.no_face == "nearest":
        solutions = _carry_over(shots, lights[:count], solutions[:count], photos, settings)
    return ShootSolution(
        solutions[:count],
        _numbers(photos, lights, grouped=not settings.per_photo and settings.method != "eq4"),
        None if settings.per_photo else people[:count],
        deviations[:count],
    )


def usable(face: FaceAnalysis) -> bool:
    """Whether a face has what a balance needs."""
    return face.camera is not None


def balanced_skin(photo: Analysis, face: FaceAnalysis, gains: Gains) -> np.ndarray:
    """(3,) linear sRGB of the face's skin, developed with ``gains``; not clipped."""
    assert face.camera is not None
    return np.asarray(photo.camera_to_srgb @ gains.apply(face.camera))


def _people(photos: Sequence[Analysis], per_photo: bool) -> list[list[int]]:
    """The person of each face: by its features, or, photo by photo, everyone somebody else."""
    owner = np.array([row for row, photo in enumerate(photos) for _ in photo.faces], int)
    if per_photo or not len(owner):
        labels = np.arange(len(owner))
    else:
        labels = group_people(np.array([face.features for photo in photos for face in photo.faces]), owner)
    people: list[list[int]] = [[] for _ in photos]
    for row, label in zip(owner, labels, strict=True):
        people[row].append(int(label))
    return people


def _lights(photos: Sequence[Analysis], per_photo: bool) -> np.ndarray:
    """The light of each photo. Where the white balance isn't known, as in most JPEGs, each has its own."""
    labels = np.arange(len(photos))
    rows = [row for row, photo in enumerate(photos) if photo.fixed_white_balance]
    if per_photo or not rows:
        return labels
    grouped = group_lights([_shot(photos[row]) for row in rows])
    first = {label: rows[place] for place, label in reversed(list(enumerate(grouped)))}
    for row, label in zip(rows, grouped, strict=True):
        labels[row] = first[label]
    return labels


def _numbers(photos: Sequence[Analysis], lights: np.ndarray, *, grouped: bool) -> list[int | None]:
    """Numbers of the lights, for people; a photo whose white balance tells nothing has none."""
    known = [grouped and photo.fixed_white_balance for photo in photos]
    numbers: dict[int, int] = {}
    return [
        numbers.setdefault(int(light), len(numbers)) if has else None for light, has in zip(lights, known, strict=False)
    ]


def _shot(photo: Analysis) -> Shot:
    face = next((face for face in photo.faces if usable(face)), None)
    asked = None
    if face is not None:
        balanced = np.linalg.solve(photo.camera_to_srgb, face.target)
        if (balanced > 0).all():
            asked = Gains(balanced / face.camera).multipliers
    return Shot(photo.taken, photo.camera, photo.as_shot, asked, photo.exposure)


def _solve_gains(
    photos: Sequence[Analysis],
    people: list[list[int]],
    lights: np.ndarray,
    settings: Settings,
    reference: Reference | None,
) -> tuple[list[Solution | None], list[list[float | None]]]:
    faces = [
        FaceColour(row, person, face.camera, face.target, _weight(face, photo))
        for row, photo in enumerate(photos)
        for face, person in zip(photo.faces, people[row], strict=True)
        if face.camera is not None
    ]
    given = None
    if reference is not None:
        own = zip(reference.analysis.faces, people[-1], strict=True)
        given = {
            person: np.maximum(balanced_skin(reference.analysis, face, reference.gains), 1e-4)
            for face, person in own
            if usable(face)
        }
    solved = solve_shoot(faces, lights, [photo.camera_to_srgb for photo in photos], reference=given)
    solutions: list[Solution | None] = []
    for row, (photo, gains) in enumerate(zip(photos, solved.gains, strict=True)):
        if gains is None:
            solutions.append(None)
            continue
        own_faces = [face for face in faces if face.photo == row]
        solutions.append(Solution(_limited(gains, photo, own_faces, solved.skin, settings)))
    residuals = iter(solved.residuals.tolist())
    deviations = [[next(residuals) if usable(face) else None for face in photo.faces] for photo in photos]
    return solutions, deviations


def _weight(face: FaceAnalysis, photo: Analysis) -> float:
    """By its size beside the largest face of the photo: small faces are seen less well, and often in another light."""
    largest = max(other.pixels for other in photo.faces)
    return float(np.clip(face.pixels / max(largest, 1.0), _LEAST_WEIGHT, _MOST_WEIGHT))


def _limited(
    gains: Gains, photo: Analysis, faces: list[FaceColour], skin: dict[int, np.ndarray], settings: Settings
) -> Gains:
    """``gains`` as far as the settings let them go."""
    as_shot = Gains(photo.as_shot)
    if settings.daylight_prior and not settings.exposure_only:
        camera = faces[0].camera  # any colour serves: the exposure keeps its luminance
        target = np.maximum(photo.camera_to_srgb @ gains.apply(camera), 1e-4)
        gains = towards_locus(gains, camera, target, photo.camera_to_srgb, photo.xyz_to_camera)
    if settings.exposure_only:
        wanted = [
            solve_exposure(face.camera, skin[face.person], photo.camera_to_srgb, as_shot.multipliers).exposure
            for face in faces
        ]
        exposure = float(np.average(wanted, weights=[face.weight for face in faces]))
        gains = Gains(as_shot.multipliers, exposure)
    return limit(
        gains,
        as_shot,
        strength=settings.strength,
        max_ev=settings.max_ev,
        white_balance_only=settings.white_balance_only,
    )


def _carry_over(
    shots: list[Shot],
    lights: np.ndarray,
    solutions: list[Solution | None],
    photos: Sequence[Analysis],
    settings: Settings,
) -> list[Solution | None]:
    """``solutions`` with those of the nearest photo in time where a photo has none."""
    sources = nearest_in_time(shots, lights, [solution is not None for solution in solutions])
    carried = list(solutions)
    for row, source in enumerate(sources):
        solution = None if source is None else solutions[source]
        if source is None or solution is None or source == row:
            continue
        gains = solution.gains
        if gains is not None:
            gains = carried_over(gains, shots[source], shots[row])
            if settings.max_ev is not None:
                gains = Gains(gains.multipliers, float(np.clip(gains.exposure, -settings.max_ev, settings.max_ev)))
            if settings.white_balance_only:
                gains = Gains(gains.multipliers)
            if settings.exposure_only:
                gains = Gains(photos[row].as_shot, gains.exposure)
        carried[row] = replace(solution, gains=gains, source=source)
    return carried


def _none(photos: Sequence[Analysis]) -> list[list[float | None]]:
    return [[None] * len(photo.faces) for photo in photos]
