"""``report.json``: all that is known of a run, for programs. ``docs/balance-report.md`` describes each entry."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from fsynth.version import __version__
from fsynth_cli.balance.record import Light, PhotoRecord, RunRecord

VERSION = 1
"""Of the format: greater where an entry has changed its meaning or gone. Entries may be added without that."""

_DIGITS = 6  # after the point; more than anything was measured to


def to_json(run: RunRecord) -> bytes:
    """The report of ``run``: JSON in UTF-8, in which unknown numbers are null."""
    document = {
        "version": VERSION,
        "fsynth": __version__,
        "started": run.started.isoformat(timespec="seconds"),
        "seconds": run.seconds,
        "dry_run": run.dry_run,
        "interrupted": run.interrupted,
        "resumed": run.resumed,
        "settings": dict(run.settings),
        "totals": totals(run),
        "photos": [_photo(photo) for photo in run.photos],
    }
    text = json.dumps(_plain(document), indent=1, ensure_ascii=False, allow_nan=False)
    # A file name's bytes that are no UTF-8 become JSON's own escapes (\udcff), which os.fsencode turns back.
    return (text + "\n").encode("utf-8", "backslashreplace")


def totals(run: RunRecord) -> dict[str, int | None]:
    """How many there are of everything."""
    statuses = Counter(photo.status for photo in run.photos)
    return {
        "photos": len(run.photos),
        "balanced": statuses["balanced"],
        "carried_over": statuses["carried over"],
        "skipped": statuses["skipped"],
        "failed": statuses["failed"],
        "faces": sum(len(photo.faces) for photo in run.photos),
        "people": run.people,
        "lights": len({photo.light_group for photo in run.photos} - {None}),
        "with_warnings": sum(bool(photo.warnings) for photo in run.photos),
    }


def _photo(photo: PhotoRecord) -> dict[str, Any]:
    return {field.name: getattr(photo, field.name) for field in dataclasses.fields(photo) if field.name != "pictures"}


def _plain(value: Any) -> Any:
    """``value`` in JSON's types."""
    if dataclasses.is_dataclass(value):
        plain = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        if isinstance(value, Light):
            plain["mired"] = _plain(1e6 / value.cct)
        return plain
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    return value
