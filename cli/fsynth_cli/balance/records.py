"""Puts together what the report says of each photo."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fsynth.balance.gains import Gains
from fsynth.balance.srgb import encode
from fsynth.balance.temperature import Temperature, light_xy
from fsynth.errors import ArgumentError
from fsynth_cli.balance.analysis import Analysis, FaceAnalysis
from fsynth_cli.balance.record import Balance, Clipping, FaceRecord, Light, PhotoRecord, Shift, Status, Triple
from fsynth_cli.balance.settings import Settings
from fsynth_cli.balance.shifting import exposure_change
from fsynth_cli.balance.solution import Solution
from fsynth_cli.balance.solving import ShootSolution, balanced_skin

MUCH_NEW = 0.001
"""Share of the pixels that may get clipped before a warning says so."""

_FAR = 2.0  # standard deviations


def seen(analysis: Analysis, settings: Settings) -> PhotoRecord:
    """The record of a photo before anything is solved."""
    before = _balance(Gains(analysis.as_shot), analysis)
    return PhotoRecord(
        photo=analysis.photo,
        status="skipped",
        method=settings.method,
        raw=analysis.raw,
        size=analysis.full_size,
        taken=analysis.taken,
        camera=analysis.camera,
        faces=tuple(_face(analysis, face, None) for face in analysis.faces),
        before=before,
        clipping=Clipping(analysis.cells.clipped(), 0.0),
        warnings=analysis.warnings,
        seconds=analysis.seconds,
    )


def solved(
    analysis: Analysis, row: int, shoot: ShootSolution, photos: Sequence[Analysis], settings: Settings
) -> PhotoRecord:
    """The record of photo ``row`` of the shoot, balanced or not; outputs are still to be added."""
    record = seen(analysis, settings)
    solution, light = shoot.photos[row], shoot.lights[row]
    record = dataclasses.replace(
        record,
        light_group=None if light is None else light + 1,
        faces=tuple(_face(analysis, face, solution) for face in analysis.faces),
    )
    record = dataclasses.replace(record, faces=_with_people(record.faces, row, shoot))
    if solution is None:
        return _unsolved(record, analysis, settings)
    source = None if solution.source is None else photos[solution.source].photo
    status: Status = "balanced" if source is None else "carried over"
    record = dataclasses.replace(record, status=status, source=source)
    return _shifted(record, analysis, solution) if solution.gains is None else _gained(record, analysis, solution.gains)


def failed(photo: Path, reason: str, warnings: Sequence[str] = ()) -> PhotoRecord:
    """The record of a photo of which nothing came."""
    return PhotoRecord(photo, "failed", reason=reason, warnings=tuple(warnings))


def with_warnings(record: PhotoRecord, warnings: Sequence[str]) -> PhotoRecord:
    """``record`` with further warnings, each once."""
    return dataclasses.replace(record, warnings=tuple(dict.fromkeys((*record.warnings, *warnings))))


def _unsolved(record: PhotoRecord, analysis: Analysis, settings: Settings) -> PhotoRecord:
    reason = next((face.problem for face in analysis.faces), "No face was found.")
    if settings.no_face == "nearest":
        reason += (
            " When it was taken is unknown, so no photo is near it."
            if record.taken is None
            else " Nor is there a photo of the same camera that has one and tells its time."
        )
    return dataclasses.replace(record, reason=reason, status="failed" if settings.no_face == "fail" else "skipped")


def _gained(record: PhotoRecord, analysis: Analysis, gains: Gains) -> PhotoRecord:
    as_shot = Gains(analysis.as_shot)
    new = analysis.cells.newly_clipped(as_shot, gains, analysis.camera_to_srgb)
    record = dataclasses.replace(record, after=_balance(gains, analysis), ev=gains.exposure)
    return _clipping(record, analysis, new)


def _shifted(record: PhotoRecord, analysis: Analysis, solution: Solution) -> PhotoRecord:
    assert solution.shift is not None
    photo_mean, target_mean = solution.shift
    new = analysis.cells.newly_clipped_by_shift(
        Gains(analysis.as_shot), analysis.camera_to_srgb, photo_mean, target_mean
    )
    shift = Shift(_triple(photo_mean), _triple(target_mean))
    return _clipping(dataclasses.replace(record, shift=shift, ev=exposure_change(*solution.shift)), analysis, new)


def _clipping(record: PhotoRecord, analysis: Analysis, new: float) -> PhotoRecord:
    record = dataclasses.replace(record, clipping=Clipping(analysis.cells.clipped(), new))
    if new < MUCH_NEW:
        return record
    return with_warnings(record, [f"{new:.1%} of the photo gets clipped that was not as shot; --max-ev limits that."])


def _with_people(faces: tuple[FaceRecord, ...], row: int, shoot: ShootSolution) -> tuple[FaceRecord, ...]:
    people = shoot.people[row] if shoot.people is not None else [None] * len(faces)
    return tuple(
        dataclasses.replace(face, person=None if person is None else person + 1, deviation=deviation)
        for face, person, deviation in zip(faces, people, shoot.deviations[row], strict=True)
    )


def _face(analysis: Analysis, face: FaceAnalysis, solution: Solution | None) -> FaceRecord:
    before = after = None
    if face.camera is not None:
        before = _srgb(balanced_skin(analysis, face, Gains(analysis.as_shot)))
        if solution is not None and solution.gains is not None:
            after = _srgb(balanced_skin(analysis, face, solution.gains))
    return FaceRecord(
        box=face.box,
        score=face.score,
        person=None,
        used=face.camera is not None,
        reason=face.problem,
        skin_before=before,
        skin_after=after,
        skin_wanted=_srgb(face.target),
        deviation=None,
    )


def _balance(gains: Gains, analysis: Analysis) -> Balance:
    return Balance(_triple(gains.multipliers), gains.exposure, _light(gains.multipliers, analysis.xyz_to_camera))


def _light(multipliers: np.ndarray, xyz_to_camera: np.ndarray) -> Light | None:
    try:
        temperature = Temperature.of_xy(light_xy(multipliers, xyz_to_camera))
    except ArgumentError:
        return None
    if not (np.isfinite([temperature.cct, temperature.duv]).all() and temperature.cct > 0):
        return None
    return Light(temperature.cct, temperature.duv)


def _srgb(linear: np.ndarray) -> Triple:
    return _triple(encode(linear))


def _triple(values: np.ndarray) -> Triple:
    first, second, third = np.asarray(values, np.float64).tolist()
    return first, second, third
