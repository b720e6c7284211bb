"""The table that ``fsynth balance`` prints at its end, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click

from fsynth_cli.balance.columns import Column, lay_out, shortened
from fsynth_cli.balance.names import shown_names, without_name
from fsynth_cli.balance.record import Light, PhotoRecord, RunRecord
from fsynth_cli.balance.remarks import common_remarks, remarks_of
from fsynth_cli.balance.report import totals
from fsynth_cli.balance.wording import counted, duration, duv, ev, kelvin, number

MOST_ROWS = 60
"""Photos that get a row each; of more, each light gets one."""

_UNLIMITED = 1_000_000
_MOST_NAMES = 3  # of photos that a sentence is about
_COLOURS = {"carried over": "yellow", "skipped": "yellow", "failed": "red"}


def make_table(run: RunRecord, *, width: int | None, colour: bool = False) -> str:
    """The run as text: a row a photo, or a light; all that failed; the counts.

    Args:
        run: what is to be said.
        width: columns of the terminal; None for no limit, so that each sentence is one line.
        colour: mark photos that were not balanced, for a terminal.
    """
    width = _UNLIMITED if width is None else width
    parts = []
    tried = [photo for photo in run.photos if photo.status != "failed"]
    if tried:
        few = len(tried) <= MOST_ROWS
        parts.append(_photo_table(run, tried, width, colour) if few else _light_table(tried, width))
    parts += [_remarks(tried, width), _failures(run, width, colour), _summary(run, width)]
    return "\n\n".join(part for part in parts if part)


def _photo_table(run: RunRecord, photos: Sequence[PhotoRecord], width: int, colour: bool) -> str:
    names = shown_names(photo.photo for photo in run.photos)
    common = common_remarks(photos)
    columns = [
        Column("Faces", [str(len(photo.faces)) if photo.size else "" for photo in photos], 3, right=True),
        Column("Light", [number(photo.light_group) for photo in photos], 4, right=True),
        *_change_columns(photos),
        Column("", [_remark(photo, names, common) for photo in photos], 1),
    ]
    colours = [_COLOURS.get(photo.status, "") if colour else "" for photo in photos]
    return lay_out("Photo", [names[photo.photo] for photo in photos], columns, width, colours)


def _change_columns(photos: Sequence[PhotoRecord]) -> list[Column]:
    before = [photo.before.light if photo.before else None for photo in photos]
    after = [photo.after.light if photo.after else None for photo in photos]
    return [
        Column("As shot", [kelvin(light) for light in before], 2, right=True),
        Column("Duv", [duv(light) for light in before], 5, right=True),
        Column("Balanced", [kelvin(light) for light in after], 0, right=True),
        Column("Duv", [duv(light) for light in after], 5, right=True),
        Column("EV", [ev(photo.ev) for photo in photos], 0, right=True),
    ]


def _light_table(photos: Sequence[PhotoRecord], width: int) -> str:
    """A row for each light: what is usual in it."""
    groups: dict[int | None, list[PhotoRecord]] = {}
    for photo in photos:
        groups.setdefault(photo.light_group, []).append(photo)
    rows = [groups[number] for number in sorted(groups, key=lambda number: (number is None, number))]
    names = [_span(photos) if photos[0].light_group is not None else "in no light" for photos in rows]

    def usual(photos: list[PhotoRecord], which: str) -> Light | None:
        balances = [getattr(photo, which) for photo in photos]
        lights = [balance.light for balance in balances if balance is not None and balance.light is not None]
        if not lights:
            return None
        return Light(1e6 / median(1e6 / light.cct for light in lights), median(light.duv for light in lights))

    evs = [[photo.ev for photo in photos if photo.ev is not None] for photos in rows]
    columns = [
        Column("Photos", [str(len(photos)) for photos in rows], 0, right=True),
        Column("Faces", [str(sum(len(photo.faces) for photo in photos)) for photos in rows], 3, right=True),
        Column("As shot", [kelvin(usual(photos, "before")) for photos in rows], 2, right=True),
        Column("Balanced", [kelvin(usual(photos, "after")) for photos in rows], 0, right=True),
        Column("Duv", [duv(usual(photos, "after")) for photos in rows], 5, right=True),
        Column("EV from", [ev(min(values)) if values else "" for values in evs], 1, right=True),
        Column("to", [ev(max(values)) if values else "" for values in evs], 1, right=True),
    ]
    return lay_out("Light", names, columns, width, [""] * len(rows))


def _span(photos: list[PhotoRecord]) -> str:
    """``3  14:02-14:31``: the light's number and the time of its photos."""
    times = sorted(photo.taken for photo in photos if photo.taken is not None)
    light = number(photos[0].light_group)
    if not times:
        return light
    first, last = times[0].strftime("%H:%M"), times[-1].strftime("%H:%M")
    return f"{light}  {first}" if first == last else f"{light}  {first}-{last}"


def _remark(photo: PhotoRecord, names: dict[Path, str], common: Sequence[str]) -> str:
    if photo.status == "skipped":
        return "skipped"
    remarks = []
    if photo.status == "carried over" and photo.source is not None:
        remarks.append(f"as {shortened(names.get(photo.source, photo.source.name), 24)}")
    if any(sentence not in common for sentence in remarks_of(photo)):
        remarks.append("see below")
    return ", ".join(remarks)


def _remarks(photos: Sequence[PhotoRecord], width: int) -> str:
    """Each sentence once, with the photos that it is about."""
    about: dict[str, list[str]] = {}
    names = shown_names(photo.photo for photo in photos)
    for photo in photos:
        for sentence in remarks_of(photo):
            about.setdefault(sentence, []).append(names[photo.photo])
    if not about:
        return ""
    lines = []
    for sentence, named in about.items():
        shown = ", ".join(named[:_MOST_NAMES])
        more = f" and {len(named) - _MOST_NAMES} more" if len(named) > _MOST_NAMES else ""
        which = "All" if len(named) == len(photos) > _MOST_NAMES else f"{shown}{more}"
        lines.append(_wrapped(f"{which}: {sentence}", width))
    return "Remarks:\n" + "\n".join(lines)


def _failures(run: RunRecord, width: int, colour: bool) -> str:
    failed = [photo for photo in run.photos if photo.status == "failed"]
    if not failed:
        return ""
    names = shown_names(photo.photo for photo in run.photos)
    title = "Failed:"
    lines = [_wrapped(f"{names[photo.photo]}: {without_name(photo.reason, photo.photo)}", width) for photo in failed]
    return "\n".join([click.style(title, fg="red") if colour else title, *lines])


def _wrapped(text: str, width: int) -> str:
    return click.wrap_text(text, max(width, 20), initial_indent="  ", subsequent_indent="    ")


def _summary(run: RunRecord, width: int) -> str:
    count = totals(run)
    kinds = [("balanced", "balanced"), ("carried_over", "carried over"), ("skipped", "skipped"), ("failed", "failed")]
    parts = ", ".join(f"{count[key]} {words}" for key, words in kinds if count[key])
    text = f"{counted(count['photos'], 'photo', 'photos')}: {parts or 'none'}; "
    text += counted(count["faces"], "face", "faces")
    if run.people:
        text += f" of {counted(run.people, 'person', 'people')}"
    if count["lights"]:
        text += f", {counted(count['lights'], 'light', 'lights')}"
    text += f". {duration(run.seconds)}."
    if run.dry_run:
        text += " Nothing was written (dry run)."
    if run.interrupted:
        text += " Stopped; go on with --resume."
    return click.wrap_text(text, max(width, 20))
