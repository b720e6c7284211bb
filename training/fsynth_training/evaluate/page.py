"""The page of an evaluation: one HTML file that holds its pictures and loads nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

from fsynth_training.evaluate import charts, tables
from fsynth_training.evaluate.pictures import Strip

_LFW = (
    '<p class="note">Some of these photographs are from Labeled Faces in the Wild, which gives no right to publish '
    "them: keep this page, and the contact sheets beside it, to yourself. The numbers may be published.</p>"
)


def render(evaluation: Mapping[str, Any], strips: Mapping[str, Strip]) -> str:
    """The page of ``evaluation`` (what evaluation.json holds) with its pictures."""
    makers, judges = evaluation["makers"], list(evaluation["judges"])
    photos = evaluation["photos"]
    sections = [
        _likeness(makers, judges),
        _people(strips["wild"], judges[-1]),
        _same_person(makers, evaluation["judges"]),
        _section("What leaks", "leaks", tables.by_maker(makers, tables.LEAKS, "leaks")),
        _pairs(makers, strips.get("pairs"), photos["pairs"]),
        _section("Light", "light", tables.light(makers)),
        _pose(makers, judges),
        _robustness(makers, judges[0], strips.get("degraded"), photos["degraded"]),
    ]
    values = {
        "counts": _counts(evaluation),
        "note": _LFW if photos["lfw"] else "",
        "sections": "\n".join(section for section in sections if section),
        "skipped": _skipped(photos["skipped"]),
        "version": escape(evaluation["fsynth"]),
        "date": escape(evaluation["date"]),
    }
    return Template(_text("page.html")).substitute(values)


def _likeness(makers: Sequence[dict[str, Any]], judges: Sequence[str]) -> str:
    parts = []
    for index, judge in enumerate(judges):
        role = "took no part in training" if index == 0 else "the encoder that decoders are trained with"
        parts.append(f"<h3>{escape(judge)}: {role}</h3>" + tables.by_maker(makers, tables.LIKENESS, "likeness", judge))
    return _section("Likeness", "likeness", *parts)


def _people(strip: Strip, judge: str) -> str:
    return _section(
        "The faces", "people", f"<p>Below each its distance to the photo, by {escape(judge)}.</p>", _strip(strip)
    )


def _same_person(makers: Sequence[dict[str, Any]], judges: Mapping[str, Any]) -> str:
    made = makers[1:]
    figures = []
    for name, judge in judges.items():
        series = _series(made, [maker["each"][name]["distance"] for maker in made])
        drawn = charts.histogram(series, judge["same_person_distance"], f"distance between photo and face, {name}")
        figures.append(f"<figure>{drawn}<figcaption>{_threshold(name, judge)}</figcaption></figure>")
    legend = charts.legend(_series(made, [[]] * len(made)))
    return _section(
        "The same person?",
        "same",
        legend,
        f'<div class="two">{"".join(figures)}</div>',
        tables.beyond(made, list(judges)),
    )


def _threshold(name: str, judge: Mapping[str, Any]) -> str:
    text = f"{escape(name)}: one person below {judge['same_person_distance']:g} ({escape(judge['source'])})."
    if judge.get("equal_error_distance") is not None:
        text += (
            f" Of these photos {judge['same_pairs_beyond']:.1%} of the pairs of one person are beyond it and"
            f" {judge['different_pairs_within']:.1%} of the pairs of two within; equally many are wrong at"
            f" {judge['equal_error_distance']:.3f} ({judge['equal_error_rate']:.1%})."
        )
    return text


def _pairs(makers: Sequence[dict[str, Any]], strip: Strip | None, number: int) -> str:
    if strip is None:
        return ""
    return _section(
        f"From a smiling photo to the neutral one, {number} people",
        "pairs",
        tables.by_maker(makers, tables.ACCURACY, "accuracy"),
        "<h3>Skin by skin tone, CIEDE2000 (number of people)</h3>",
        tables.skin(makers),
        _strip(strip),
    )


def _pose(makers: Sequence[dict[str, Any]], judges: Sequence[str]) -> str:
    drawn = []
    for judge in judges:
        places = [f"{b['low']}-{b['high']}" for b in makers[0]["pose"][judge]]
        series = _series(makers, [[b["rank1"] for b in maker["pose"][judge]] for maker in makers])
        drawn.append(f"<figure>{charts.lines(series, places, f'rank-1 by degrees of yaw, {judge}')}</figure>")
    legend = charts.legend(_series(makers, [[]] * len(makers)))
    return _section(
        "Pose", "pose", legend, f'<div class="many large">{"".join(drawn)}</div>', tables.pose(makers, judges[0])
    )


def _robustness(makers: Sequence[dict[str, Any]], judge: str, strip: Strip | None, number: int) -> str:
    if strip is None:
        return ""
    measured = [maker["robustness"][judge] for maker in makers]
    drawn = []
    clean = [maker["clean"]["as it is"]["rank1"] for maker in measured]
    for kind, levels in measured[0].items():
        if kind != "clean":
            values = [[c, *(m[kind][level]["rank1"] for level in levels)] for c, m in zip(clean, measured, strict=True)]
            short = ["clean", *map(_short, levels)]
            drawn.append(f"<figure>{charts.lines(_series(makers, values), short, kind)}</figure>")
    return _section(
        f"Robustness, {number} people",
        "robustness",
        charts.legend(_series(makers, [[]] * len(makers))),
        f'<div class="many">{"".join(drawn)}</div>',
        _strip(strip),
        _folded(f"Rank-1, {judge}", tables.robustness(makers, judge, "rank1", 2)),
        _folded(f"Not the same person as in the clean photo, {judge}", tables.robustness(makers, judge, "beyond", -1)),
        _folded(
            f"Distance to the face made from the clean photo, {judge}", tables.robustness(makers, judge, "moved", 2)
        ),
        _folded("Share of the photos in which the face was found", tables.robustness(makers[:1], judge, "found", -1)),
    )


def _short(level: str) -> str:
    """What of the name of a level fits below a chart: from the first digit on, or the last word."""
    if len(level) < 9:
        return level
    digit = re.search(r"\d", level)
    return level[digit.start() :] if digit else level.split()[-1]


def _series(makers: Sequence[dict[str, Any]], values: Sequence[Sequence[float | None]]) -> list[charts.Series]:
    """The makers' values in the makers' colours; the photographs themselves are grey."""
    series, used = [], 0
    for maker, own in zip(makers, values, strict=True):
        if maker["kind"] == "photos":
            series.append(charts.Series(maker["name"], charts.PHOTO_COLOUR, own))
        else:
            series.append(charts.Series(maker["name"], charts.COLOURS[used % len(charts.COLOURS)], own))
            used += 1
    return series


def _strip(strip: Strip) -> str:
    """Rows of pictures under column captions."""
    head = "".join(f"<th>{column}</th>" for column in strip.columns)
    rows = []
    for name, pictures, captions in strip.rows:
        cells = "".join(
            f"<td>{_picture(picture, name)}{f'<small>{escape(caption)}</small>' if caption else ''}</td>"
            for picture, caption in zip(pictures, captions, strict=True)
        )
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    heading = f"<thead><tr><th></th>{head}</tr></thead>" if head else ""
    kind = "strip small" if len(strip.columns) > 10 else "strip"
    return f'<div class="wide"><table class="{kind}">{heading}<tbody>{"".join(rows)}</tbody></table></div>'


def _picture(uri: str, name: str) -> str:
    return (
        f'<img src="{uri}" alt="{escape(name)}" width="128" height="128">'
        if uri
        else '<span class="none">no face</span>'
    )


def _section(title: str, text: str, *parts: str) -> str:
    """A section with the explanation ``text`` of texts.html."""
    return f"<section><h2>{escape(title)}</h2>{_explanations()[text]}{''.join(parts)}</section>"


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def _explanations() -> dict[str, str]:
    """What stands under each heading, by section."""
    parts = _text("texts.html").split("<!-- ")[1:]
    return {name: text for name, text in (part.split(" -->", 1) for part in parts)}


def _counts(evaluation: Mapping[str, Any]) -> str:
    photos = evaluation["photos"]
    weights = sum(maker["kind"] == "weights" for maker in evaluation["makers"])
    items = [(weights, "weights file"), (photos["wild"], "photo"), (photos["people"], "person")]
    plural = {"person": "people"}
    return "".join(f"<li><b>{n}</b> {word if n == 1 else plural.get(word, word + 's')}</li>" for n, word in items)


def _skipped(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    rows = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<section><h2>Photographs left out</h2><ul>{rows}</ul></section>"


def _text(name: str) -> str:
    return (resources.files("fsynth_training.evaluate") / name).read_text(encoding="utf-8")
