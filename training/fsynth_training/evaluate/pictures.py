"""The pictures of the page and the contact sheets."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from fsynth_training.evaluate.degrade import degradations
from fsynth_training.evaluate.robustness import DegradedPhotos
from fsynth_training.evaluate.synthesize import Maker
from fsynth_training.evaluate.trial import Trial

_SHOWN = 10  # people in a strip
_SIZE = 128  # px of a picture on the page
_SHEET = 48  # photographs of a contact sheet


@dataclass(frozen=True)
class Strip:
    """Rows of pictures of the same people, or of one person under many conditions.

    Attributes:
        columns: a caption for each column, or none.
        rows: (name, pictures as data URIs, captions below them).
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


def collect(
    makers: Sequence[Maker], on: Trial, degraded: DegradedPhotos | None, evaluation: dict[str, Any]
) -> dict[str, Strip]:
    """The strips of the page: "wild", and where there are such photographs "pairs" and "degraded"."""
    strips = {"wild": _wild(makers, on, evaluation)}
    if len(on.neutral):
        strips["pairs"] = _pairs(makers, on)
    if degraded:
        strips["degraded"] = _degraded(makers, degraded)
    return strips


def _wild(makers: Sequence[Maker], on: Trial, evaluation: dict[str, Any]) -> Strip:
    """People at even steps through the photographs, not chosen; below each output its distance to the photo."""
    rows = spread(len(on.wild), _SHOWN)
    photos = on.wild.select(rows)
    judge = on.judges[-1].name
    shown = [("photo", _uris(photos.aligned), ("",) * len(rows))]
    for maker, result in zip(makers, evaluation["makers"][1:], strict=True):
        distance = result["each"][judge]["distance"]
        captions = tuple(f"{distance[row]:.2f}" for row in rows)
        shown.append((maker.name, _uris(maker.synthesize(photos).images), captions))
    return Strip((), tuple(shown))


def _pairs(makers: Sequence[Maker], on: Trial) -> Strip:
    rows = spread(len(on.neutral), _SHOWN)
    smiling, neutral = on.smiling.select(rows), on.neutral.select(rows)
    empty = ("",) * len(rows)
    shown = [("smiling photo", _uris(smiling.aligned), empty), ("neutral photo", _uris(neutral.aligned), empty)]
    shown += [(maker.name, _uris(maker.synthesize(smiling).images), empty) for maker in makers]
    return Strip((), tuple(shown))


def _degraded(makers: Sequence[Maker], degraded: DegradedPhotos) -> Strip:
    """The first person of the trial under the middle level of each kind."""
    kinds: dict[str, list[Any]] = {}
    for degradation in degradations():
        kinds.setdefault(degradation.kind, []).append(degradation)
    conditions = [levels[len(levels) // 2] for levels in kinds.values()]
    photos = []
    for condition in conditions:
        found = degraded.found(condition)
        here = np.flatnonzero(found.rows == 0)
        photos.append(found.photos(degraded.clean, condition).select(here) if len(here) else None)
    columns = tuple(f"{condition.kind}<br>{condition.level}" for condition in conditions)
    empty = ("",) * len(conditions)
    shown = [("photo", tuple(_uri(p.aligned[0]) if p else "" for p in photos), empty)]
    for maker in makers:
        shown.append((maker.name, tuple(_uri(maker.synthesize(p).images[0]) if p else "" for p in photos), empty))
    return Strip(columns, tuple(shown))


def contact_sheets(makers: Sequence[Maker], on: Trial) -> Iterator[tuple[str, bytes]]:
    """(name, PNG) of each maker: 48 photographs at even steps, each beside its output; and the pairs."""
    wild = on.wild.select(spread(len(on.wild), _SHEET))
    for maker in makers:
        if maker.kind != "weights":
            continue
        name = maker.name.replace("/", "-").replace("\\", "-")
        made = maker.synthesize(wild).images
        yield f"sheet-{name}", contact_sheet([p for pair in zip(wild.aligned, made, strict=True) for p in pair], 8)
        if len(on.neutral):
            rows = zip(on.smiling.aligned, on.neutral.aligned, maker.synthesize(on.smiling).images, strict=True)
            yield f"pairs-{name}", contact_sheet([picture for row in rows for picture in row], 9)


def contact_sheet(images: Sequence[np.ndarray], columns: int) -> bytes:
    """A PNG of ``images`` (each (S, S, 3) uint8), row by row; free places are white."""
    size = images[0].shape[0]
    sheet = np.full((-(-len(images) // columns) * size, columns * size, 3), 255, np.uint8)
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        sheet[row * size : (row + 1) * size, column * size : (column + 1) * size] = image
    stream = io.BytesIO()
    Image.fromarray(sheet).save(stream, "PNG")
    return stream.getvalue()


def spread(total: int, wanted: int) -> np.ndarray:
    """(n,) int: at most ``wanted`` of ``total`` rows, at even steps from the first to the last."""
    return np.unique(np.linspace(0, total - 1, min(total, wanted)).round().astype(int))


def _uris(images: np.ndarray) -> tuple[str, ...]:
    return tuple(_uri(image) for image in images)


def _uri(image: np.ndarray) -> str:
    stream = io.BytesIO()
    small = Image.fromarray(image).resize((_SIZE, _SIZE), Image.Resampling.LANCZOS)
    small.save(stream, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
