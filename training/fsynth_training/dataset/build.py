"""Photos to a training dataset: every step, in order."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from fsynth_training.dataset.clustering import cluster
from fsynth_training.dataset.config import PrepareConfig, to_record
from fsynth_training.dataset.errors import DatasetError
from fsynth_training.dataset.fine import fine_luma
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.light import WhiteBalance, learn_white_balance
from fsynth_training.dataset.photo_list import Photo
from fsynth_training.dataset.photo_stage import StageSettings, look_at
from fsynth_training.dataset.selection import (
    NothingLeftError,
    Record,
    apply_rules,
    from_reference_pose,
    mean_geometry_of,
    read_record,
    with_texture_measures,
)
from fsynth_training.dataset.smiles import relax_mouths
from fsynth_training.dataset.store import Dataset
from fsynth_training.dataset.target_stage import (
    FacePhotos,
    Look,
    make_background,
    make_target,
    measure_photo,
    to_bytes,
)
from fsynth_training.dataset.workers import in_order

Item = TypeVar("Item")
Result = TypeVar("Result")

LEAST_PAIRS = 2
"""People of whom a neutral and a smiling photo must pass before smiles can be learned."""


@dataclass(frozen=True)
class Preparation:
    """How photos are prepared.

    Attributes:
        config: the configuration.
        work: folder for the results of single photos, which a later run uses again.
        encoder: name of the encoder, None if features are given.
        segmentation: the selfie segmentation as ONNX, or None.
        second_encoder: a second recogniser as ONNX, or None.
        workers: number of processes.
        clustered: whether identities come from the features.
        geometry: the mean geometry to use, or None for the dataset's own.
        progress: called with the name of a step, how many of its items are done, and how many there are.
    """

    config: PrepareConfig
    work: Path
    encoder: str | None = "faceres"
    segmentation: Path | None = None
    second_encoder: Path | None = None
    workers: int = 1
    clustered: bool = False
    geometry: Geometry | None = None
    progress: Callable[[str, int, int], None] = lambda step, done, total: None

    def each(self, step: str, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """``function`` of each item, by all workers, with progress."""
        results = []
        self.progress(step, 0, len(items))
        for result in in_order(function, items, min(self.workers, max(1, len(items)))):
            results.append(result)
            self.progress(step, len(results), len(items))
        return results


def build(
    photos: Sequence[Photo], how: Preparation, features: np.ndarray | None = None
) -> tuple[Dataset, tuple[Record, ...]]:
    """Make the dataset of ``photos``.

    Args:
        photos: as ``photo_list.list_photos`` gives them.
        how: how.
        features: (P, V, W) float32, V <= 2, features of each photo and of its mirror image in the order of ``photos``,
            in place of those of an encoder.

    Returns:
        The dataset, and what has become of each photo, in the order of ``photos``.

    Raises:
        NothingLeftError: no photo became a target.
        DatasetError: the reference set or the smiling pairs are missing, or the disk or the memory is full.
    """
    config = how.config
    records = _look(photos, how, features)
    if how.clustered:
        records = _with_clusters(records, config.cluster_distance)
    if config.reference:
        records = from_reference_pose(records, config.reference)
    geometry = how.geometry or mean_geometry_of(records, config)
    candidates = [record.file for record in records if record.may_be_target]
    measured = how.each("Measuring", functools.partial(measure_photo, geometry=geometry), candidates)
    records = apply_rules(with_texture_measures(records, measured), config)
    targets = [record for record in records if record.kept == "target"]
    if not targets:
        raise NothingLeftError(records)

    look = Look(geometry, _white_balance(records, config), config.colour.even_light)
    groups = _groups(targets, config)
    faces = [_face(group) for group in groups]
    made = how.each("Making targets", functools.partial(make_target, look=look), faces)
    textures, mattes = np.stack([one.texture for one in made]), np.stack([one.matte for one in made])
    landmarks = np.stack([one.landmarks for one in made])
    del made
    expressions = [group[0].photo.expression for group in groups]
    owners = [group[0].photo.identity for group in groups]
    if config.remove_smiles:
        pairs = _smile_pairs(owners, expressions)
        count = min(config.smile_directions, len(pairs))
        textures, landmarks, _ = relax_mouths(textures, landmarks, pairs, geometry, count)
    sharp = faces if config.fine else []
    fine = how.each("Keeping fine detail", functools.partial(fine_luma, geometry=geometry), sharp)
    scenes = _scenes(targets, config)
    backgrounds = how.each("Keeping backgrounds", functools.partial(make_background, look=look), scenes)

    kept = [record for record in records if record.kept != "no"]
    names = sorted({record.photo.identity for record in kept})
    number = {name: index for index, name in enumerate(names)}
    photo_identity = np.array([number[record.photo.identity] for record in kept], np.int32)
    all_features = np.stack([record.features for record in kept]).astype(np.float32)
    target_identity = np.array([number[owner] for owner in owners], np.int32)
    second = how.second_encoder
    dataset = Dataset(
        textures=to_bytes(textures),
        mattes=to_bytes(mattes),
        landmarks=landmarks.astype(np.float32),
        target_identity=target_identity,
        target_features=_mean_features(all_features[:, 0], photo_identity, len(names))[target_identity],
        features=all_features,
        photo_identity=photo_identity,
        photo_target=_target_of_each(kept, groups, expressions),
        view_mirrored=np.stack([record.mirrored for record in kept]),
        validation=np.array([is_validation(name, config.validation) for name in names]),
        mean_landmarks=geometry.landmarks.astype(np.float32),
        mean_mesh=geometry.mesh.astype(np.float32),
        backgrounds=np.array(backgrounds, np.uint8).reshape(-1, *textures.shape[1:]),
        fine=np.stack(fine) if fine else None,
        second_features=np.stack([record.second for record in kept]) if second else None,
        second_network=np.frombuffer(second.read_bytes(), np.uint8) if second else None,
        encoder=how.encoder,
        config=to_record(config),
        photos=tuple(record.row() for record in records),
    )
    return dataset, tuple(records)


def is_validation(identity: str, share: float) -> bool:
    """Whether a person is held out from fitting: by the sha256 of the name, whoever else is in the dataset."""
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big") < share * 2**64


def _look(photos: Sequence[Photo], how: Preparation, features: np.ndarray | None) -> list[Record]:
    settings = StageSettings(
        encoder=how.encoder or "",
        degraded=how.config.degraded_views if how.encoder else 0,
        seed=how.config.seed,
        segmentation=how.segmentation,
        second_encoder=how.second_encoder,
    )
    stage = functools.partial(look_at, settings=settings, folder=how.work)
    files = how.each("Looking at photos", stage, photos)
    given = [None] * len(photos) if features is None else list(features)
    return [read_record(*row) for row in zip(photos, files, given, strict=True)]


def _with_clusters(records: list[Record], distance: float) -> list[Record]:
    seen = [index for index, record in enumerate(records) if not record.failure]
    if not seen:
        return records
    labels = cluster(np.stack([records[index].features[0] for index in seen]), distance)
    digits = len(str(labels.max() + 1))
    result = list(records)
    for index, label in zip(seen, labels, strict=True):
        photo = replace(records[index].photo, identity=f"person-{label + 1:0{digits}d}")
        result[index] = replace(records[index], photo=photo)
    return result


def _white_balance(records: list[Record], config: PrepareConfig) -> WhiteBalance | None:
    if not config.colour.white_balance:
        return None
    measured = [(record.lab, record.photo.set) for record in records if record.lab is not None]
    lab, sets = np.stack([lab for lab, _ in measured]), np.array([name for _, name in measured])
    if (sets == config.reference).sum() < 2:
        raise DatasetError(
            f"White balance goes by the skin of the reference set {config.reference!r}, which has one face only: "
            "add photos to it, or leave it out with --set colour.white_balance=false."
        )
    colour = config.colour
    return learn_white_balance(lab, sets, config.reference, share=colour.share, reference_share=colour.reference_share)


def _groups(targets: list[Record], config: PrepareConfig) -> list[list[Record]]:
    """The photos that become one target each."""
    if config.average == "none":
        return [[record] for record in targets]
    people: dict[str, list[Record]] = {}
    for record in targets:
        people.setdefault(record.photo.identity, []).append(record)
    return list(people.values())


def _smile_pairs(owners: list[str], expressions: list[str]) -> np.ndarray:
    """(P, 2) rows of the neutral and the smiling target of people who have both."""
    neutral = {owner: row for row, owner in enumerate(owners) if expressions[row] == "neutral"}
    smiling = [row for row, expression in enumerate(expressions) if expression == "smiling"]
    pairs = [(neutral[owners[row]], row) for row in smiling if owners[row] in neutral]
    if len(pairs) < LEAST_PAIRS:
        raise DatasetError(
            f"remove_smiles learns from people with a neutral and a smiling photo, as the column expression of the "
            f"list says; {len(pairs)} such people passed, and it needs {LEAST_PAIRS}. "
            "Without it: --set remove_smiles=false."
        )
    return np.array(pairs)


def _scenes(targets: list[Record], config: PrepareConfig) -> list[FacePhotos]:
    """So many photos of people who are not held out, drawn by the hash of their names, in the order of the list."""
    fitting = [record for record in targets if not is_validation(record.photo.identity, config.validation)]
    drawn = sorted(fitting, key=lambda record: hashlib.sha256(record.photo.file.encode()).digest())
    chosen = {id(record) for record in drawn[: config.backgrounds]}
    return [_face([record]) for record in fitting if id(record) in chosen]


def _face(group: list[Record]) -> FacePhotos:
    return FacePhotos(tuple(record.file for record in group), group[0].photo.set, group[0].photo.path)


def _mean_features(features: np.ndarray, identity: np.ndarray, people: int) -> np.ndarray:
    """(people, W) float32: the mean of the features (M, W) of each person's photos."""
    total = np.zeros((people, features.shape[1]))
    np.add.at(total, identity, features)
    return (total / np.bincount(identity, minlength=people)[:, None]).astype(np.float32)


def _target_of_each(kept: list[Record], groups: list[list[Record]], expressions: list[str]) -> np.ndarray:
    """(M,) int32: a photo's own target, or -1; of someone who smiles the neutral one, where there is one."""
    own = {id(record): row for row, group in enumerate(groups) for record in group}
    neutral = {group[0].photo.identity: row for row, group in enumerate(groups) if expressions[row] == "neutral"}
    rows = []
    for record in kept:
        row = own.get(id(record), -1)
        if row >= 0 and expressions[row] == "smiling":
            row = neutral.get(record.photo.identity, row)
        rows.append(row)
    return np.array(rows, np.int32)
