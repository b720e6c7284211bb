"""Charts of the page as SVG: histograms, and lines over conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

COLOURS = ("#0b7a75", "#d1495b", "#3867b0", "#e09f1f", "#7a5195", "#4f9d5d", "#9a5b2f", "#c2559d", "#5b7083", "#a0a13a")
"""Of weights and baselines, in their order."""

PHOTO_COLOUR = "#8a8f98"


@dataclass(frozen=True)
class Series:
    """What one line or histogram shows: its name, its colour, its values; None where there is no value."""

    name: str
    colour: str
    values: Sequence[float | None]


def legend(series: Sequence[Series]) -> str:
    """The names of ``series`` with their colours."""
    items = "".join(f'<li><i style="background:{s.colour}"></i>{escape(s.name)}</li>' for s in series)
    return f'<ul class="legend">{items}</ul>'


def histogram(series: Sequence[Series], threshold: float, label: str, bins: int = 40) -> str:
    """Outlines of the densities of ``series``, with a line at ``threshold``."""
    width, height, left, bottom, top = 560, 240, 12, 34, 22
    values = [np.array([v for v in s.values if v is not None]) for s in series]
    high = max([threshold * 1.15, *(float(v.max()) for v in values if len(v))]) * 1.02
    edges = np.linspace(0, high, bins + 1)
    counts = [np.histogram(v, edges)[0] / max(len(v), 1) for v in values]
    tallest = max(float(c.max()) for c in counts) or 1.0

    def x(value: float) -> float:
        return left + value / high * (width - 2 * left)

    def y(share: float) -> float:
        return height - bottom - share / tallest * (height - bottom - top)

    shapes = []
    for one, count in zip(series, counts, strict=True):
        points = [f"{x(0):.1f},{y(0):.1f}"]
        for low, end, share in zip(edges[:-1], edges[1:], count, strict=True):
            points += [f"{x(low):.1f},{y(share):.1f}", f"{x(end):.1f},{y(share):.1f}"]
        points.append(f"{x(high):.1f},{y(0):.1f}")
        shapes.append(
            f'<polygon points="{" ".join(points)}" fill="{one.colour}" fill-opacity="0.16" stroke="{one.colour}"'
            f' stroke-width="1.6" stroke-linejoin="round"><title>{escape(one.name)}</title></polygon>'
        )
    ticks = "".join(
        f'<text x="{x(tick):.1f}" y="{height - bottom + 15}" text-anchor="middle">{tick:g}</text>'
        for tick in ticks_to(high)
    )
    at = x(threshold)
    side, shift = ("end", -5) if at > width * 0.7 else ("start", 5)
    marked = (
        f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top - 14}" y2="{height - bottom}" class="threshold"/>'
        f'<text x="{at + shift:.1f}" y="{top - 6}" text-anchor="{side}" class="strong">'
        f"one person below {threshold:g}</text>"
    )
    axis = f'<line x1="{left}" x2="{width - left}" y1="{height - bottom}" y2="{height - bottom}" class="axis"/>'
    name = f'<text x="{width / 2}" y="{height - 4}" text-anchor="middle">{escape(label)}</text>'
    return _svg(width, height, label, [*shapes, axis, ticks, marked, name])


def lines(series: Sequence[Series], places: Sequence[str], title: str, high: float = 1.0) -> str:
    """Lines over ``places`` (conditions, in order), from 0 to ``high``."""
    width, height, left, right, top, bottom = 250, 150, 30, 8, 22, 30

    def x(place: int) -> float:
        return left + place / max(len(places) - 1, 1) * (width - left - right)

    def y(value: float) -> float:
        return height - bottom - min(max(value / high, 0), 1) * (height - top - bottom)

    grid = "".join(
        f'<line x1="{left}" x2="{width - right}" y1="{y(share * high):.1f}" y2="{y(share * high):.1f}" class="grid"/>'
        f'<text x="{left - 4}" y="{y(share * high) + 3:.1f}" text-anchor="end">{share * high:.2g}</text>'
        for share in (0, 0.5, 1)
    )
    drawn = []
    for one in series:
        points = [(x(i), y(v)) for i, v in enumerate(one.values) if v is not None]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        dots = "".join(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2"/>' for px, py in points)
        drawn.append(
            f'<g fill="{one.colour}"><title>{escape(one.name)}</title><polyline points="{path}" fill="none"'
            f' stroke="{one.colour}" stroke-width="1.7"/>{dots}</g>'
        )
    below = height - bottom + 13
    names = "".join(
        f'<text x="{x(i):.1f}" y="{below}" text-anchor="{_anchor(i, len(places))}">{escape(place)}</text>'
        for i, place in enumerate(places)
    )
    heading = f'<text x="{left}" y="13" class="strong">{escape(title)}</text>'
    return _svg(width, height, title, [grid, *drawn, names, heading])


def ticks_to(high: float) -> list[float]:
    """Round numbers from 0 to ``high``, four to nine of them."""
    step = 10.0 ** np.floor(np.log10(high / 4))
    while high / step > 9:
        step *= 2 if round(step / 10 ** np.floor(np.log10(step))) != 2 else 2.5
    return [float(round(i * step, 6)) for i in range(int(high / step) + 1)]


def _svg(width: int, height: int, label: str, content: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">{"".join(content)}</svg>'


def _anchor(place: int, number: int) -> str:
    return "start" if place == 0 else "end" if place == number - 1 else "middle"
