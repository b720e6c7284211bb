"""A histogram with a threshold, as SVG."""

from __future__ import annotations

from typing import Literal

import numpy as np

BINS = 48
_WIDTH, _HEIGHT, _BASE = 640, 92, 72


def histogram(
    values: np.ndarray, threshold: float | None, *, mirrored: bool, keeps: Literal["at most", "at least"]
) -> str:
    """Draw how ``values`` (N,) lie to the threshold.

    Args:
        values: finite numbers; the highest and lowest half percent are drawn at the edges.
        threshold: None for no line.
        mirrored: whether the threshold counts for both signs.
        keeps: the side of the threshold that is kept.

    Returns:
        An <svg> element; empty if there are no values.
    """
    if not len(values):
        return ""
    low, high = (float(edge) for edge in np.quantile(values, [0.005, 0.995]))
    limits = [] if threshold is None else [-threshold, threshold] if mirrored else [threshold]
    low, high = min([low, *limits]), max([high, *limits])
    margin = (high - low) * 0.04 or 1.0
    low, high = low - margin, high + margin
    counts, edges = np.histogram(np.clip(values, low, high), bins=BINS, range=(low, high))

    def x(value: float) -> float:
        return (value - low) / (high - low) * _WIDTH

    bars = ""
    step = _WIDTH / BINS
    for count, start, end in zip(counts, edges, edges[1:], strict=False):
        if not count:
            continue
        # The root shows the few that lie far out beside the many that don't.
        tall = float(np.sqrt(count / counts.max()) * (_BASE - 8))
        middle = (start + end) / 2
        kept = threshold is None or (abs(middle) <= threshold if mirrored else _kept(middle, threshold, keeps))
        bars += (
            f'<rect class="{"in" if kept else "out"}" x="{x(start) + 0.5:.1f}" y="{_BASE - tall:.1f}" '
            f'width="{step - 1:.1f}" height="{tall:.1f}"><title>{count} from {start:.3g} to {end:.3g}</title></rect>'
        )
    marks = "".join(
        f'<line class="limit" x1="{x(limit):.1f}" x2="{x(limit):.1f}" y1="2" y2="{_BASE}"/>'
        f'<text x="{x(limit):.1f}" y="{_HEIGHT - 4}" text-anchor="middle">{limit:.3g}</text>'
        for limit in limits
    )
    ends = "".join(
        f'<text x="{place}" y="{_HEIGHT - 4}" text-anchor="{anchor}">{value:.3g}</text>'
        for place, anchor, value in ((0, "start", low), (_WIDTH, "end", high))
        if all(abs(x(limit) - place) > 60 for limit in limits)
    )
    axis = f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{_BASE}" y2="{_BASE}"/>'
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{bars}{axis}{marks}{ends}</svg>'


def _kept(value: float, threshold: float, keeps: Literal["at most", "at least"]) -> bool:
    return value <= threshold if keeps == "at most" else value >= threshold
