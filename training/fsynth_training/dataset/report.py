"""The report of a prepared dataset: one HTML file that shows what was kept, what was dropped, and why."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template

import numpy as np
from PIL import Image

from fsynth.version import __version__
from fsynth_training.dataset.config import PrepareConfig, to_record
from fsynth_training.dataset.histogram import histogram
from fsynth_training.dataset.photo_stage import load
from fsynth_training.dataset.rules import RULES, Rule
from fsynth_training.dataset.selection import Record
from fsynth_training.dataset.store import Dataset
from fsynth_training.dataset.target_stage import to_bytes
from fsynth_training.dataset.targets import BACKGROUND

SHOWN_PAIRS, SHOWN_DROPPED, SHOWN_FAILURES = 48, 24, 200

_THUMBNAIL = 112  # px

_OTHER_RULES = {
    "neutral": ("Smiling", "The list says that the person smiles."),
    "photos_of_person": ("Too few photos", "Fewer photos of the person pass than the configuration wants."),
}


def make_report(records: Sequence[Record], config: PrepareConfig, settings: str, dataset: Dataset | None) -> bytes:
    """The page.

    Args:
        records: every photo, as ``build.build`` returns them.
        config: the configuration.
        settings: in words, what else the photos were prepared with.
        dataset: the dataset, or None if no photo became a target.

    Returns:
        The HTML in UTF-8; the same arguments give the same bytes.
    """
    template = (resources.files("fsynth_training.dataset") / "report.html").read_text(encoding="utf-8")
    page = Template(template).substitute(
        title=f"What became of {_count(len(records), 'photo')}",
        version=__version__,
        settings=escape(settings),
        counts=_counts(records, dataset),
        failures=_failures(records),
        sets=_sets(records),
        targets=_targets(records, dataset) if dataset is not None else "",
        rules=_rules(records, config),
        config=escape(json.dumps(to_record(config), indent=1)),
    )
    return page.encode("utf-8", "replace")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _counts(records: Sequence[Record], dataset: Dataset | None) -> str:
    failed = sum(bool(record.failure) for record in records)
    dropped = sum(bool(record.broken) for record in records)
    others = sum(record.kept == "features" and not record.broken for record in records)
    items: list[tuple[int, str, str]] = []
    if dataset is not None:
        people = len(set(dataset.target_identity.tolist()))
        held_out = int(dataset.validation[np.unique(dataset.target_identity)].sum())
        items += [
            (len(dataset.textures), "targets, of", ""),
            (people, "person" if people == 1 else "people", ""),
            (held_out, "of them held out", ""),
        ]
    items += [(others, "features only", "")] if others else []
    items += [(dropped, "dropped by a rule", "bad"), (failed, "without a face", "bad")]
    return "\n".join(
        f'<li class="{kind if number else ""}"><b>{number:,}</b> {text}</li>' for number, text, kind in items
    )


def _failures(records: Sequence[Record]) -> str:
    failed = [record for record in records if record.failure]
    if not failed:
        return ""
    rows = "".join(f"<li>{escape(sentence(record))}</li>" for record in failed[:SHOWN_FAILURES])
    rest = f"<p>and {len(failed) - SHOWN_FAILURES:,} more</p>" if len(failed) > SHOWN_FAILURES else ""
    seen = [(record, load(record.file).thumbnail) for record in failed[:SHOWN_FAILURES]]
    pictures = "".join(
        _figure(_jpeg(thumbnail.tobytes()), escape(record.photo.path.name), record)
        for record, thumbnail in seen
        if len(thumbnail)
    )
    faces = f'<div class="faces">{pictures}</div>' if pictures else ""
    return f'<section class="failures"><h2>Without a result</h2><ul>{rows}</ul>{rest}{faces}</section>'


def sentence(record: Record) -> str:
    """The photo's name and why it gave nothing."""
    path = str(record.photo.path)
    return record.failure if record.failure.startswith(path) else f"{path}: {record.failure}"


def _sets(records: Sequence[Record]) -> str:
    names = sorted({record.photo.set for record in records})
    if names == [""]:
        return ""
    columns = ("photos", "people", "targets", "features only", "dropped", "without a face")
    rows = []
    for name in names:
        own = [record for record in records if record.photo.set == name]
        values = (
            len(own),
            len({record.photo.identity for record in own}),
            sum(record.kept == "target" for record in own),
            sum(record.kept == "features" and not record.broken for record in own),
            sum(bool(record.broken) for record in own),
            sum(bool(record.failure) for record in own),
        )
        cells = "".join(f"<td>{value:,}</td>" for value in values)
        rows.append(f"<tr><td>{escape(name) or '(none)'}</td>{cells}</tr>")
    heads = "".join(f"<th>{column}</th>" for column in ("set", *columns))
    return f'<section><h2>Sets</h2><div class="scroll"><table><tr>{heads}</tr>{"".join(rows)}</table></div></section>'


def _targets(records: Sequence[Record], dataset: Dataset) -> str:
    shown = np.unique(np.linspace(0, len(dataset.textures) - 1, SHOWN_PAIRS).round().astype(int))
    first: dict[int, Record] = {}
    kept = (record for record in records if record.kept != "no")
    for record, row in zip(kept, dataset.photo_target, strict=True):
        first.setdefault(int(row), record)
    pairs = []
    for row in shown:
        if int(row) not in first:  # the target of someone who smiles: the neutral one stands for it
            continue
        record = first[int(row)]
        pictures = f"{_picture(load(record.file).image)}{_picture(_on_grey(dataset, int(row)))}"
        pairs.append(
            f'<figure title="{escape(record.photo.file)}"><div>{pictures}</div>'
            f"<figcaption>{escape(record.photo.identity)}</figcaption></figure>"
        )
    return (
        '<section><h2>Targets</h2><p class="quiet">An aligned photo, and the target it belongs to: in the mean '
        f'geometry, over grey where it has no head.</p><div class="faces pairs">{"".join(pairs)}</div></section>'
    )


def _on_grey(dataset: Dataset, row: int) -> np.ndarray:
    alpha = dataset.mattes[row][..., None] / np.float32(255)
    return to_bytes(dataset.textures[row] / np.float32(255) * alpha + BACKGROUND * (1 - alpha))


def _rules(records: Sequence[Record], config: PrepareConfig) -> str:
    candidates = [record for record in records if record.may_be_target]
    parts = [_rule(rule, candidates, getattr(config.filters, rule.name)) for rule in RULES]
    for name, (title, meaning) in _OTHER_RULES.items():
        dropped = [record for record in candidates if name in record.broken]
        if dropped:
            parts.append(_section(name, title, meaning, "", "", dropped))
    exempt = f" Photos of the set {escape(config.reference)} are exempt." if config.reference else ""
    return (
        f'<section><h2>Rules</h2><p class="quiet">A photo that breaks any rule does not become a target.{exempt} A few '
        "of the photos each rule drops are shown, from the closest to the threshold to the farthest.</p>"
        f"{''.join(parts)}</section>"
    )


def _rule(rule: Rule, candidates: Sequence[Record], threshold: float) -> str:
    measured = [record for record in candidates if rule.name in record.values]
    dropped = [record for record in measured if rule.name in record.broken]
    dropped.sort(key=lambda record: abs(record.values[rule.name]), reverse=rule.keeps == "at least")
    off = np.isinf(threshold) or (rule.keeps == "at least" and threshold == 0)
    limit = "off" if off else f"{rule.keeps} {threshold:g}{rule.unit}"
    values = np.array([record.values[rule.name] for record in measured])
    chart = histogram(values, None if off else threshold, mirrored=rule.unit == "°", keeps=rule.keeps)
    return _section(rule.name, rule.title, rule.meaning, limit, chart, dropped)


def _section(name: str, title: str, meaning: str, limit: str, chart: str, dropped: Sequence[Record]) -> str:
    shown = np.unique(np.linspace(0, len(dropped) - 1, min(SHOWN_DROPPED, len(dropped))).round().astype(int))
    figures = ""
    for index in shown:
        record = dropped[index]
        value = f"<b>{record.values[name]:.4g}</b> " if name in record.values else ""
        picture = _jpeg(_compressed(load(record.file).image))
        figures += _figure(picture, f"{value}{escape(record.photo.path.name)}", record)
    faces = f'<div class="faces">{figures}</div>' if figures else ""
    number = f"<b>{len(dropped):,}</b> dropped" if dropped else "none dropped"
    told = f"{limit}: {number}" if limit and limit != "off" else limit or number
    return (
        f'<div class="rule"><div><h3>{title}</h3><p><code>{name}</code> {told}</p>'
        f'<p class="quiet">{meaning}</p></div><div>{chart}</div>{faces}</div>'
    )


def _figure(picture: str, caption: str, record: Record) -> str:
    reason = escape(f"{record.photo.file}: {record.failure or '; '.join(record.broken.values())}")
    return f'<figure title="{reason}">{picture}<figcaption>{caption}</figcaption></figure>'


def _picture(pixels: np.ndarray) -> str:
    return _jpeg(_compressed(pixels))


def _compressed(pixels: np.ndarray) -> bytes:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image = image.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return stream.getvalue()


def _jpeg(data: bytes) -> str:
    return f'<img alt="" loading="lazy" src="data:image/jpeg;base64,{base64.b64encode(data).decode("ascii")}">'
