"""The contact sheet of ``fsynth balance``: one HTML file that holds its pictures and loads nothing."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import BinaryIO

from fsynth.version import __version__
from fsynth_cli.balance.names import printable, shown_names, without_name
from fsynth_cli.balance.people_strips import people_section
from fsynth_cli.balance.photo_card import photo_card, remark_list
from fsynth_cli.balance.preview import preview_side
from fsynth_cli.balance.record import PhotoRecord, RunRecord
from fsynth_cli.balance.remarks import common_remarks, is_to_look_at
from fsynth_cli.balance.report import totals
from fsynth_cli.balance.wording import counted, duration


def write_contact_sheet(run: RunRecord, stream: BinaryIO) -> None:
    """Write the page of ``run`` to ``stream``, photo by photo, so that memory holds the pictures of one."""
    template = (resources.files("fsynth_cli.balance") / "contact_sheet.html").read_text(encoding="utf-8")
    names = shown_names(photo.photo for photo in run.photos)
    lights = _lights(run)
    common = common_remarks([photo for _, photos in lights for photo in photos])
    anchors = {photo.photo: f"photo{number}" for number, photo in enumerate(run.photos, start=1)}
    people = people_section(run, names, anchors)
    values = {
        "title": escape(_title(run)),
        "about": f"{run.started.strftime('%d %B %Y, %H:%M').lstrip('0')} · fsynth {__version__} · {_how(run)}",
        "counts": _counts(run),
        "common": remark_list(common),
        "parts": _parts(run, lights, with_people=bool(people)),
        "look": str(sum(is_to_look_at(photo, common) for _, photos in lights for photo in photos)),
        "settings": escape("Settings: " + "; ".join(f"{key} {_value(value)}" for key, value in run.settings.items())),
    }
    before, after = (Template(part).substitute(values) for part in template.split("$body"))
    for part in (before, _failures(run, names), people, *_lit(run, lights, names, anchors, common), after):
        stream.write(part.encode("utf-8", "replace"))


def _lit(
    run: RunRecord,
    lights: list[tuple[str, list[PhotoRecord]]],
    names: dict[Path, str],
    anchors: dict[Path, str],
    common: list[str],
) -> Iterator[str]:
    """A section a light, photo by photo."""
    side = preview_side([photo.pictures for photo in run.photos])
    for number, (title, photos) in enumerate(lights, start=1):
        yield f'<section class="light" id="light{number}"><header><h2>{title}</h2>{_about(photos)}</header>\n'
        for photo in photos:
            yield photo_card(photo, names, anchors[photo.photo], common, side)
        yield "</section>\n"


def _lights(run: RunRecord) -> list[tuple[str, list[PhotoRecord]]]:
    """Titles and photos of the lights, in the order of the numbers, photos in that of time; not those that failed."""
    groups: dict[int | None, list[PhotoRecord]] = {}
    for photo in run.photos:
        if photo.status != "failed":
            groups.setdefault(photo.light_group, []).append(photo)
    ordered = sorted(groups, key=lambda number: (number is None, number))
    ungrouped = "Photos" if len(groups) == 1 else "Photos in no group"
    return [(ungrouped if number is None else f"Light {number}", _by_time(groups[number])) for number in ordered]


def _by_time(photos: list[PhotoRecord]) -> list[PhotoRecord]:
    """Those of unknown time last; time zones, which cameras don't tell, don't count."""
    return sorted(photos, key=lambda one: one.taken.replace(tzinfo=None) if one.taken else datetime.datetime.max)


def _about(photos: Sequence[PhotoRecord]) -> str:
    """How many photos, when, by which cameras."""
    parts = [counted(len(photos), "photo", "photos")]
    times = [photo.taken for photo in photos if photo.taken is not None]
    if times:
        days = {time.date() for time in times}
        form = "%H:%M" if len(days) == 1 else "%d %B %H:%M"
        span = list(dict.fromkeys(time.strftime(form) for time in (times[0], times[-1])))
        parts += [times[0].strftime("%d %B %Y").lstrip("0")] * (len(days) == 1) + [" to ".join(span)]
    parts += sorted({printable(photo.camera) for photo in photos} - {""})
    return f'<p class="quiet">{escape(" · ".join(parts))}</p>'


def _failures(run: RunRecord, names: dict[Path, str]) -> str:
    failed = [photo for photo in run.photos if photo.status == "failed"]
    if not failed:
        return ""
    rows = "".join(
        f"<dt>{escape(names[p.photo])}</dt><dd>{escape(without_name(p.reason, p.photo))}</dd>" for p in failed
    )
    return f'<section class="failures" id="failed"><h2>Failed</h2><dl>{rows}</dl></section>\n'


def _counts(run: RunRecord) -> str:
    count = totals(run)
    nouns = {"photos": "photo", "faces": "face", "people": "person", "lights": "light"}
    kinds = ("photos", "balanced", "carried_over", "skipped", "failed", "faces", "people", "lights")
    shown = [(count[kind], nouns.get(kind, kind) if count[kind] == 1 else kind) for kind in kinds if count[kind]]
    return "".join(f"<li><b>{number:,}</b>{words.replace('_', ' ')}</li>" for number, words in shown)


def _parts(run: RunRecord, lights: list[tuple[str, list[PhotoRecord]]], *, with_people: bool) -> str:
    links = [("failed", "Failed")] if any(photo.status == "failed" for photo in run.photos) else []
    links += [("people", "People")] if with_people else []
    links += [(f"light{number}", title) for number, (title, _) in enumerate(lights, start=1)]
    return "".join(f'<a href="#{anchor}">{title}</a>' for anchor, title in links)


def _title(run: RunRecord) -> str:
    """The folder of the photos, if all are in one."""
    folders = {photo.photo.absolute().parent.name for photo in run.photos}
    return printable(folders.pop()) if len(folders) == 1 else "Photos"


def _how(run: RunRecord) -> str:
    parts = [duration(run.seconds)]
    parts += ["dry run, nothing was written"] * run.dry_run + ["stopped early"] * run.interrupted
    return ", ".join(parts)


def _value(value: object) -> str:
    return "yes" if value is True else "no" if value in (None, False) else printable(str(value))
