"""Which photos become targets: every photo's measured values against the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from fsynth_training.dataset.config import PrepareConfig
from fsynth_training.dataset.errors import DatasetError
from fsynth_training.dataset.geometry import Geometry, geometry_of, symmetric
from fsynth_training.dataset.photo_list import Photo
from fsynth_training.dataset.photo_stage import load
from fsynth_training.dataset.rules import RULES, broken_rules, explain, measure_face


@dataclass(frozen=True, eq=False)
class Record:
    """A photo and what has become of it.

    Attributes:
        photo: the photo.
        file: its kept result.
        failure: why nothing can be had from it, or empty.
        mesh: (468, 3) float32 px of the aligned face; of length 0 after a failure.
        features: (V, W) float32 and mirrored: (V,) bool; of length 0 after a failure.
        second: (2, K) float32, by the second encoder; of length 0 after a failure or without one.
        values: measured values by the names of rules; empty for photos that give features only.
        lab: (3,) CIE Lab of the skin, where it was measured.
        broken: names of the rules it breaks, with the reason in words.
        kept: what it gives.
    """

    photo: Photo
    file: Path
    failure: str
    mesh: np.ndarray
    features: np.ndarray
    mirrored: np.ndarray
    second: np.ndarray
    values: dict[str, float] = field(default_factory=dict)
    lab: np.ndarray | None = None
    broken: dict[str, str] = field(default_factory=dict)
    kept: Literal["target", "features", "no"] = "no"

    @property
    def may_be_target(self) -> bool:
        """Whether it shows a face, and its role allows a target."""
        return not self.failure and self.photo.role == "target"

    def row(self) -> dict[str, str]:
        """Its row in photos.csv."""
        about = self.photo
        measured = {rule.name: f"{self.values[rule.name]:.4g}" if rule.name in self.values else "" for rule in RULES}
        return {
            "file": about.file,
            "identity": about.identity,
            "set": about.set,
            "expression": about.expression,
            "role": about.role,
            "kept": self.kept,
            "reason": self.failure or "; ".join(self.broken.values()),
            **measured,
        }


def read_record(photo: Photo, file: Path, features: np.ndarray | None = None) -> Record:
    """The record of ``photo`` from its kept result; ``features`` (V, W) take the place of those an encoder gave."""
    seen = load(file)
    values: dict[str, float] = {}
    if not seen.failure and photo.role == "target":
        values = measure_face(seen.mesh, seen.transform, seen.image)
    given = seen.features if features is None else features
    mirrored = seen.mirrored if features is None else np.arange(len(features)) == 1
    failure = seen.failure
    if not failure and not np.isfinite(seen.mesh).all():
        failure = "Its landmarks are not finite numbers."
    if not failure and not np.isfinite(given).all():
        failure = "Its features are not finite numbers."
    return Record(photo, file, failure, seen.mesh, given, mirrored, seen.second, values)


def from_reference_pose(records: list[Record], reference: str) -> list[Record]:
    """``records`` with yaw and pitch counted from the median of the set ``reference``.

    Raises:
        DatasetError: there is no such set, or no face in it.
    """
    rows = [record for record in records if record.may_be_target and record.photo.set == reference]
    if not rows:
        raise DatasetError(
            f"The reference set {reference!r} has no photo with a face. The column set of the list names sets; "
            "a configuration without a reference is: --config paper."
        )
    zero = {name: float(np.median([record.values[name] for record in rows])) for name in ("yaw", "pitch")}
    return [
        replace(record, values={name: value - zero.get(name, 0.0) for name, value in record.values.items()})
        for record in records
    ]


def mean_geometry_of(records: list[Record], config: PrepareConfig) -> Geometry:
    """The mean of the reference set's neutral faces; without one, of the photos that break no rule so far.

    Raises:
        NothingLeftError: there is no such photo.
    """
    if config.reference:
        used = [r for r in records if r.may_be_target and r.photo.set == config.reference]
        used = [r for r in used if r.photo.expression != "smiling"] or used
    else:
        used = [r for r in apply_rules(records, config) if r.may_be_target and not r.broken]
    if not used:
        raise NothingLeftError(apply_rules(records, config))
    meshes = np.stack([record.mesh[:, :2] for record in used])
    return geometry_of(symmetric(meshes.mean(axis=0).astype(np.float64)))


def with_texture_measures(
    records: list[Record], measured: Iterable[tuple[dict[str, float], np.ndarray]]
) -> list[Record]:
    """``records`` with what ``target_stage.measure_photo`` gave for those of them that may be targets, in order."""
    values = iter(measured)
    result = []
    for record in records:
        if record.may_be_target:
            more, lab = next(values)
            record = replace(record, values=record.values | more, lab=lab)
        result.append(record)
    return result


def apply_rules(records: list[Record], config: PrepareConfig) -> list[Record]:
    """``records`` with the rules they break, and what each gives."""
    filters = config.filters

    def judged(record: Record) -> Record:
        broken: dict[str, str] = {}
        if record.may_be_target and not (config.reference and record.photo.set == config.reference):
            broken = {
                rule.name: explain(rule, record.values[rule.name], filters)
                for rule in broken_rules(record.values, filters)
            }
            if filters.neutral and record.photo.expression == "smiling":
                broken["neutral"] = "smiling, says the list"
        return replace(record, broken=broken)

    records = [judged(record) for record in records]
    passing = Counter(record.photo.identity for record in records if record.may_be_target and not record.broken)
    least = filters.photos_of_person

    def counted(record: Record) -> Record:
        count = passing[record.photo.identity]
        if record.may_be_target and not record.broken and count < least:
            return replace(record, broken={"photos_of_person": f"photos_of_person {count} < {least}"})
        return record

    return [_with_use(counted(record), dropped=filters.dropped) for record in records]


def _with_use(record: Record, *, dropped: str) -> Record:
    kept: Literal["target", "features", "no"] = "target"
    if record.failure:
        kept = "no"
    elif record.photo.role == "features":
        kept = "features"
    elif record.broken:
        kept = "features" if dropped == "features" else "no"
    return replace(record, kept=kept)


class NothingLeftError(DatasetError):
    """No photo became a target. ``records`` tells of each why."""

    def __init__(self, records: list[Record]) -> None:
        """The message counts how many each rule dropped; ``records`` are what ``apply_rules`` gave."""
        self.records = tuple(records)
        counts = Counter(name for record in records for name in record.broken)
        reasons = [f"{count} by {name}" for name, count in counts.most_common()]
        if failed := sum(bool(record.failure) for record in records):
            reasons.insert(0, f"{failed} can't be read or show no face")
        if others := sum(not record.failure and record.photo.role == "features" for record in records):
            reasons.append(f"{others} are there for their features only")
        advice = "Loosen a rule, as with --set filters.yaw=10, or add photos."
        if set(counts) == {"photos_of_person"}:
            advice = "To keep people with fewer photos: --set filters.photos_of_person=1."
        super().__init__(f"None of the {len(records)} photos became a target: {', '.join(reasons)}. {advice}")
