"""The whole evaluation: photographs, weights and baselines in; figures, pictures and one page out."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fsynth.errors import ArgumentError
from fsynth.version import __version__
from fsynth_training.dataset.store import Dataset, write_file
from fsynth_training.evaluate import page, pictures
from fsynth_training.evaluate.baselines import MeanFace, NearestFace, digest
from fsynth_training.evaluate.figures import measure, measure_photos
from fsynth_training.evaluate.frontalize import Frontalization
from fsynth_training.evaluate.judges import Judge
from fsynth_training.evaluate.kept import kept, kept_arrays
from fsynth_training.evaluate.looks import Look, look_at, look_at_photos
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.read import evaluation_photos, read
from fsynth_training.evaluate.resemblance import distances, equal_error_distance
from fsynth_training.evaluate.ridge import Ridge, Tuning, tune
from fsynth_training.evaluate.robustness import DegradedPhotos
from fsynth_training.evaluate.synthesize import Maker, Weights
from fsynth_training.evaluate.targets_mix import TargetMix
from fsynth_training.evaluate.trial import Trial, trial


@dataclass(frozen=True)
class Request:
    """What to evaluate.

    Attributes:
        weights: weights files.
        photos: a folder or a CSV, see ``read.evaluation_photos``.
        output: the folder of the page; it gets index.html, evaluation.json and contact sheets.
        cache: the folder of what is kept for another run.
        dataset: a dataset folder to make the mean face, the nearest face and ridge regression of, or None.
        robustness: number of people whose photographs are degraded; 0 leaves that part out.
    """

    weights: tuple[Path, ...]
    photos: Path
    output: Path
    cache: Path
    dataset: Path | None = None
    robustness: int = 100


def evaluate(request: Request, progress: Callable[[str], None]) -> dict[str, Any]:
    """Measure, and write the page, ``evaluation.json`` and the contact sheets into the output folder.

    Returns:
        What ``evaluation.json`` holds.

    Raises:
        FsynthError: weights, photographs or dataset can't be read, or the output can't be written.
    """
    weights = [Weights(path, name) for path, name in zip(request.weights, distinct_names(request.weights), strict=True)]
    reading = read(
        evaluation_photos(request.photos), sorted({"faceres", *(w.encoder for w in weights)}), request.cache, progress
    )
    on = trial(reading.photos, partial(_seen, request.cache, progress))
    if len(np.unique(on.wild.identity)) < 2:
        raise ArgumentError(f"{request.photos} shows fewer than two people: likeness is measured against others.")
    makers: list[Maker] = [*baselines(request.dataset, on, request.cache, progress), *weights]
    degraded = DegradedPhotos(on, request.robustness, request.cache, progress) if request.robustness else None
    results = [_photos_result(on, degraded, request.cache)]
    results += [_result(maker, on, degraded, request.cache, progress) for maker in makers]
    evaluation = {
        "fsynth": __version__,
        "date": datetime.date.today().isoformat(),
        "photos": {
            "source": str(request.photos),
            "digest": reading.photos.digest(),
            "wild": len(on.wild),
            "people": len(np.unique(on.wild.identity)),
            "pairs": len(on.neutral),
            "degraded": len(degraded.source) if degraded else 0,
            "skipped": list(reading.skipped),
            "lfw": any(name.startswith("lfw/") for name in on.wild.identity),
        },
        "judges": {
            judge.name: _judge(on, judge.name, judge.same_person_distance, judge.threshold_source)
            for judge in on.judges
        },
        "makers": results,
    }
    progress("drawing the page")
    shown = pictures.collect(makers, on, degraded, evaluation)
    write_file(request.output / "index.html", page.render(evaluation, shown).encode("utf-8"))
    for name, sheet in pictures.contact_sheets(makers, on):
        write_file(request.output / f"{name}.png", sheet)
    text = json.dumps(evaluation, indent=1, allow_nan=False) + "\n"
    write_file(request.output / "evaluation.json", text.encode())
    return evaluation


def baselines(folder: Path | None, on: Trial, cache: Path, progress: Callable[[str], None]) -> list[Maker]:
    """Frontalization, and with a dataset the mean face, the nearest face and ridge regression."""
    makers: list[Maker] = []
    if folder is not None:
        progress("fitting ridge regression")
        mix = TargetMix(Dataset.open(folder))
        tuning = Tuning(**kept(cache, "ridge", [digest(mix.dataset)], lambda: asdict(tune(mix))))
        makers += [MeanFace(mix), NearestFace(mix), Ridge(mix, tuning)]
    return [*makers, Frontalization(on.mesh)]


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """The stems of ``paths``, with as many of their folders in front as tell them apart."""
    parts = [path.absolute().with_suffix("").parts for path in paths]
    for depth in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    raise ArgumentError("The same weights file is named twice.")


def _seen(cache: Path, progress: Callable[[str], None], photos: EvaluationPhotos, jury: list[Judge]) -> Look:
    """What the judges see in photographs, or saw in an earlier run."""

    def look() -> dict[str, np.ndarray]:
        progress("looking at the photographs")
        return look_at_photos(photos, jury).embeddings

    return Look(photos.mesh, kept_arrays(cache, "seen", [photos.digest(), *(judge.name for judge in jury)], look))


def _result(
    maker: Maker, on: Trial, degraded: DegradedPhotos | None, cache: Path, progress: Callable[[str], None]
) -> dict[str, Any]:
    progress(f"measuring {maker.name}")
    photos = (on.wild.digest(), on.neutral.digest(), on.smiling.digest())
    result: dict[str, Any] = {"name": maker.name, "kind": maker.kind, "key": maker.key}
    result |= kept(cache, "figures", [maker.key, *photos], partial(measure, maker, on))
    if degraded:
        progress(f"measuring {maker.name} on degraded photographs")
        look = partial(look_at, maker, judges=on.judges)
        depends = [maker.key, photos[0], degraded.clean.digest()]
        result["robustness"] = kept(cache, "robustness", depends, partial(degraded.measure, look))
    return result


def _photos_result(on: Trial, degraded: DegradedPhotos | None, cache: Path) -> dict[str, Any]:
    result = {"name": "the photos themselves", "kind": "photos", "key": ""} | measure_photos(on)
    if degraded:
        look = partial(look_at_photos, judges=on.judges)
        depends = [on.wild.digest(), degraded.clean.digest()]
        result["robustness"] = kept(cache, "robustness-photos", depends, partial(degraded.measure, look))
    return result


def _judge(on: Trial, name: str, threshold: float, source: str) -> dict[str, Any]:
    """A judge's distance for one person, and where equally many pairs of these photographs are wrong."""
    embeddings, identity = on.seen.embeddings[name], on.wild.identity
    pairs = np.triu_indices(len(identity), 1)
    distance, same = distances(embeddings, embeddings)[pairs], (identity[:, None] == identity)[pairs]
    found: dict[str, Any] = {"same_person_distance": threshold, "source": source, "pairs": int(same.sum())}
    if same.any():
        found["equal_error_distance"], found["equal_error_rate"] = equal_error_distance(distance[same], distance[~same])
        found["same_pairs_beyond"] = float((distance[same] >= threshold).mean())
        found["different_pairs_within"] = float((distance[~same] < threshold).mean())
    return found
