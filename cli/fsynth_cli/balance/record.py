"""What ``fsynth balance`` says of a run: the table, ``report.json`` and the contact sheet are all made from this."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Triple = tuple[float, float, float]

Method = Literal["gains", "eq4"]

Status = Literal["balanced", "carried over", "skipped", "failed"]
"""balanced: by its own faces. carried over: without a face, as the nearest photo in time. skipped: nothing was written
and nothing went wrong, ``reason`` says why. failed: ``reason`` says why."""


@dataclass(frozen=True)
class Light:
    """The light that a white balance is for.

    Attributes:
        cct: correlated colour temperature, kelvin.
        duv: distance from the Planckian locus, CIE 1960 UCS; positive towards green.
    """

    cct: float
    duv: float


@dataclass(frozen=True)
class Balance:
    """A white balance and exposure.

    Attributes:
        multipliers: of R, G, B in scene-linear camera RGB (linear light in the picture's own space for a finished
            picture), green 1.
        exposure: EV besides; 0 as shot.
        light: the light that the multipliers make neutral; None if there is none of that chromaticity.
    """

    multipliers: Triple
    exposure: float
    light: Light | None


@dataclass(frozen=True)
class Shift:
    """Eq. 4's map of a picture: mean Y, Cr, Cb, each 0..1, of the face in the photo and of what it becomes."""

    photo_mean: Triple
    target_mean: Triple


@dataclass(frozen=True)
class FaceRecord:
    """A face of a photo.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the upright photo in full size, pixel centres on integers.
        score: of the detector, 0..1.
        person: number of the person in the whole shoot, 1..; None where faces were not grouped.
        used: whether it counted for the balance.
        reason: why it didn't; "" if it did.
        skin_before, skin_after: mean skin in the photo as shot and balanced, sRGB 0..1; None if it has no colour (all
            clipped, too small) or, after, if nothing was balanced.
        skin_wanted: mean skin of the normalized face, sRGB 0..1.
        deviation: how many standard deviations the face is from the joint solution of the shoot; None if it was not
            solved jointly. Above 2 it counts less.
    """

    box: tuple[float, float, float, float]
    score: float
    person: int | None
    used: bool
    reason: str
    skin_before: Triple | None
    skin_after: Triple | None
    skin_wanted: Triple
    deviation: float | None


@dataclass(frozen=True)
class Clipping:
    """Shares (0..1) of the photo's pixels.

    Attributes:
        sensor: saturated in the file itself.
        new: that reach white balanced and did not as shot.
    """

    sensor: float
    new: float


@dataclass(frozen=True)
class PhotoRecord:
    """A photo and what became of it.

    Attributes:
        photo: the file.
        status: see ``Status``.
        reason: why it was skipped or failed, a sentence; "" otherwise.
        method: None if nothing was solved.
        raw: whether it is a camera RAW file.
        size: width and height in full, upright; None if it wasn't decoded.
        taken: by the camera's clock; None if unknown.
        camera: make and model; "" if unknown.
        light_group: number of the light in the shoot, 1..; None if it was not grouped.
        faces: largest first.
        before: as shot.
        after: balanced, with ``gains``; None if nothing was balanced, or with ``eq4``.
        shift: with ``eq4``.
        ev: exposure, after - before; None if nothing was balanced.
        source: the photo that the balance was carried over from; None if it is its own.
        clipping: None if it is not known.
        outputs: the files written, or that would be (dry run).
        warnings: sentences.
        seconds: of work on this photo, all passes together.
        pictures: file of its pictures for the contact sheet (``pictures.Pictures``); None if there are none.
    """

    photo: Path
    status: Status
    reason: str = ""
    method: Method | None = None
    raw: bool = False
    size: tuple[int, int] | None = None
    taken: datetime.datetime | None = None
    camera: str = ""
    light_group: int | None = None
    faces: tuple[FaceRecord, ...] = ()
    before: Balance | None = None
    after: Balance | None = None
    shift: Shift | None = None
    ev: float | None = None
    source: Path | None = None
    clipping: Clipping | None = None
    outputs: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    pictures: Path | None = None


@dataclass(frozen=True)
class RunRecord:
    """A run of the command.

    Attributes:
        settings: option -> value as given or by default, in the order of the help; values are JSON's types.
        photos: in the order of the arguments, names within a folder.
        people: number of persons found in the shoot; None where faces were not grouped.
        started: when the run began, local time with zone.
        seconds: that it took.
        dry_run: nothing was written.
        interrupted: it was stopped; photos that it didn't come to are missing.
        resumed: it went on with an interrupted run.
    """

    settings: Mapping[str, object]
    photos: Sequence[PhotoRecord]
    people: int | None
    started: datetime.datetime
    seconds: float
    dry_run: bool = False
    interrupted: bool = False
    resumed: bool = False
