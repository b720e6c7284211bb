"""Histograms: how many bars are on which side, and where the line is."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np

from fsynth_training.dataset.histogram import histogram


def bars(svg: str, kind: str) -> list[int]:
    """The counts that the bars of a class stand for."""
    found = ElementTree.fromstring(svg).iter("rect")
    titles = [bar.findtext("title") or "" for bar in found if bar.get("class") == kind]
    return [int(title.split()[0]) for title in titles]


def test_bars_count_every_value_on_its_side_of_the_threshold(rng: np.random.Generator) -> None:
    values = np.concatenate([rng.uniform(0, 9, 300), rng.uniform(11, 20, 50)])

    most = histogram(values, 10.0, mirrored=False, keeps="at most")
    least = histogram(values, 10.0, mirrored=False, keeps="at least")

    assert (sum(bars(most, "in")), sum(bars(most, "out"))) == (300, 50)
    assert (sum(bars(least, "in")), sum(bars(least, "out"))) == (50, 300)


def test_a_threshold_for_both_signs_has_two_lines(rng: np.random.Generator) -> None:
    values = np.concatenate([rng.uniform(-4, 4, 100), [-9.0] * 5, [8.0] * 7])

    svg = histogram(values, 6.0, mirrored=True, keeps="at most")

    assert svg.count('class="limit"') == 2
    assert (sum(bars(svg, "in")), sum(bars(svg, "out"))) == (100, 12)
    assert set(re.findall(r">(-?6)<", svg)) == {"-6", "6"}


def test_no_threshold_no_line() -> None:
    svg = histogram(np.arange(10.0), None, mirrored=False, keeps="at most")

    assert 'class="limit"' not in svg
    assert sum(bars(svg, "in")) == 10


def test_one_value_and_none() -> None:
    assert sum(bars(histogram(np.array([3.0]), None, mirrored=False, keeps="at most"), "in")) == 1
    assert histogram(np.zeros(0), 1.0, mirrored=False, keeps="at most") == ""
