"""Eq. 4 for all photos of a shoot: the paper's shift, each person's normalized face being the mean of theirs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsynth.balance.srgb import encode, to_linear
from fsynth_cli.balance.analysis import Analysis, FaceAnalysis
from fsynth_cli.balance.settings import Settings
from fsynth_cli.balance.solution import Solution


def solve_shifts(
    photos: Sequence[Analysis], people: list[list[int]], settings: Settings, has_reference: bool
) -> list[Solution | None]:
    """The shift of each photo; None without a face. With a reference, which is the last photo, faces become like it.

    A photo's means are those of its faces, weighted by their size.
    """
    targets: dict[int, np.ndarray] = {}
    for person in {person for photo in people for person in photo}:
        seen = [
            np.asarray(face.target_mean) for photo, own in zip(photos, people, strict=True)
            for face, who in zip(photo.faces, own, strict=True) if who == person
        ]  # fmt: skip
        targets[person] = np.mean(seen, axis=0)
    if has_reference:
        given = {person: face.photo_mean for face, person in zip(photos[-1].faces, people[-1], strict=True)}
        moved = np.mean([mean - targets[person] for person, mean in given.items()], axis=0)
        targets = {person: target + moved for person, target in targets.items()} | given
    return [_shift(photo.faces, own, targets, settings) for photo, own in zip(photos, people, strict=True)]


def exposure_change(photo_mean: np.ndarray, target_mean: np.ndarray) -> float:
    """EV between the brightness of two means (Y, Cr, Cb)."""
    before, after = (float(to_linear(np.array([max(mean[0], 1e-3)]))[0]) for mean in (photo_mean, target_mean))
    return float(np.log2(after / before))


def _shift(
    faces: Sequence[FaceAnalysis], people: list[int], targets: dict[int, np.ndarray], settings: Settings
) -> Solution | None:
    if not faces:
        return None
    weights = [max(face.pixels, 1.0) for face in faces]
    photo_mean = np.average([face.photo_mean for face in faces], axis=0, weights=weights)
    wanted = np.average([targets[person] for person in people], axis=0, weights=weights)
    change = settings.strength * (wanted - photo_mean)
    if settings.exposure_only:
        change[1:] = 0
    if settings.white_balance_only:
        change[0] = 0
    target = np.clip(photo_mean + change, 0, 1)
    if settings.max_ev is not None:
        ev = exposure_change(photo_mean, target)
        if abs(ev) > settings.max_ev:
            linear = float(to_linear(photo_mean[:1])[0]) * 2 ** float(np.clip(ev, -settings.max_ev, settings.max_ev))
            target[0] = float(encode(np.array([linear]))[0])
    return Solution(shift=(photo_mean, target))
