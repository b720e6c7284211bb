"""Which photos of a shoot were taken in the same light, and which is the nearest in time to one without a face."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsynth.balance.gains import Gains

PAUSE = 600.0
"""Default: seconds without a photo after which the light may be another."""

AS_SHOT_CHANGE = 0.10
"""Default: how far the camera's own multipliers may stray within a light, natural logarithm of R / G and of B / G."""

FACE_CHANGE = 0.30
"""Default: the same for the multipliers that the faces ask for, which are known less exactly."""


@dataclass(frozen=True, eq=False)
class Shot:
    """What tells the light of a photo.

    Attributes:
        taken: by the camera's clock; None if unknown.
        camera: make and model; "" if unknown.
        as_shot: (3,) the camera's own multipliers; green is 1.
        asked: (3,) the multipliers that the photo's own faces ask for; None without a face. A camera set to one white
            balance tells no lights apart, faces do.
        exposure: EV of the camera's settings, log2(seconds x ISO / f-number squared); NaN if unknown.
    """

    taken: datetime.datetime | None
    camera: str
    as_shot: np.ndarray
    asked: np.ndarray | None = None
    exposure: float = math.nan


def camera_exposure(exposure_time: float, iso: float, aperture: float) -> float:
    """EV that the camera's settings add to a scene, up to a constant; NaN if one of them is unknown (0)."""
    if min(exposure_time, iso, aperture) <= 0:
        return math.nan
    return math.log2(exposure_time * iso / aperture**2)


def group_lights(
    shots: Sequence[Shot],
    *,
    pause: float = PAUSE,
    as_shot_change: float = AS_SHOT_CHANGE,
    face_change: float = FACE_CHANGE,
) -> np.ndarray:
    """Group the photos of a shoot by light.

    Camera by camera and in the order of time, a photo joins the group of the one before unless the pause was too long,
    or its multipliers, the as-shot ones or those that its faces ask for, stray too far from the median of that group's.
    A photo of unknown time is a group of its own.

    Returns:
        (N,) int, 0.., in the order of the groups' first photos in ``shots``.
    """
    labels = np.full(len(shots), -1)
    groups: list[list[int]] = []
    last: dict[str, int] = {}  # camera -> its newest group
    for i in sorted(range(len(shots)), key=lambda i: (shots[i].taken is None, _seconds(shots[i]))):
        shot, group = shots[i], last.get(shots[i].camera)
        if (
            shot.taken is None
            or group is None
            or not _fits(shot, [shots[j] for j in groups[group]], pause, as_shot_change, face_change)
        ):
            group = len(groups)
            groups.append([])
        if shot.taken is not None:
            last[shot.camera] = group
        groups[group].append(i)
        labels[i] = group
    _, first, labels = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[labels]


def nearest_in_time(shots: Sequence[Shot], lights: np.ndarray, balanced: Sequence[bool]) -> list[int | None]:
    """For each photo the one to take the gains from: itself if ``balanced``, otherwise the nearest in time.

    A photo of the same light comes first, then any of the same camera; other cameras see other numbers. None where
    there is none, or the time is unknown.
    """

    def nearest(i: int) -> int | None:
        if balanced[i]:
            return i
        known = [
            j
            for j, shot in enumerate(shots)
            if balanced[j] and shot.camera == shots[i].camera and None not in (shot.taken, shots[i].taken)
        ]
        ranks = [(lights[j] != lights[i], abs(_seconds(shots[j]) - _seconds(shots[i])), j) for j in known]
        return min(ranks)[2] if ranks else None

    return [nearest(i) for i in range(len(shots))]


def carried_over(gains: Gains, source: Shot, to: Shot) -> Gains:
    """The gains of ``source`` for a photo ``to`` in the same light, whose camera settings let in more or less of it."""
    change = source.exposure - to.exposure
    return gains if math.isnan(change) else Gains(gains.multipliers, gains.exposure + change)


def _fits(shot: Shot, group: list[Shot], pause: float, as_shot_change: float, face_change: float) -> bool:
    if _seconds(shot) - _seconds(group[-1]) > pause:
        return False
    if _strays(shot.as_shot, [other.as_shot for other in group], as_shot_change):
        return False
    asked = [other.asked for other in group if other.asked is not None]
    return shot.asked is None or not asked or not _strays(shot.asked, asked, face_change)


def _strays(multipliers: np.ndarray, others: list[np.ndarray], limit: float) -> bool:
    middle = np.median(np.log(others), axis=0)
    return bool(np.abs(np.log(multipliers) - middle).max() > limit)


def _seconds(shot: Shot) -> float:
    """The clock as a number; the time zone, which cameras don't tell, doesn't count."""
    epoch = datetime.datetime(1970, 1, 1)
    return 0.0 if shot.taken is None else (shot.taken.replace(tzinfo=None) - epoch).total_seconds()
