from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from fsynth_training.evaluate.charts import Series, histogram, legend, lines, ticks_to

TWO = [Series("a & b", "#111111", [0.2, 0.3, 0.35, 0.9]), Series("<c>", "#222222", [0.5, 0.6, None])]


def tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def points(shape: ElementTree.Element) -> np.ndarray:
    return np.array([[float(v) for v in pair.split(",")] for pair in shape.attrib["points"].split()])


def test_histograms_have_the_area_of_their_shares() -> None:
    shapes = tree(histogram(TWO, 0.6, "distance")).findall("polygon")

    assert [shape.find("title").text for shape in shapes] == ["a & b", "<c>"]  # type: ignore[union-attr]
    areas = []
    for shape in shapes:
        x, y = points(shape).T
        areas.append(abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2)
    np.testing.assert_allclose(areas[0], areas[1], rtol=0.02)  # both are shares of their own values


def test_the_threshold_stands_where_values_of_that_size_are() -> None:
    svg = tree(histogram([Series("a", "#111111", [0.6] * 5)], 0.6, "distance", bins=40))

    (line,) = [line for line in svg.findall("line") if line.get("class") == "threshold"]
    x, y = points(svg.findall("polygon")[0]).T
    tallest = x[y == y.min()]
    assert tallest.min() - 0.1 <= float(line.attrib["x1"]) <= tallest.max() + 0.1


def test_lines_leave_out_what_was_not_measured() -> None:
    svg = tree(lines([Series("a", "#111111", [0.0, None, 1.0])], ["x", "y", "z"], "rank-1"))

    assert len(svg.findall(".//circle")) == 2
    (line,) = svg.findall(".//polyline")
    left, right = points(line)
    assert left[0] < right[0]
    assert left[1] > right[1]  # higher is better, and up


def test_names_are_text() -> None:
    for drawn in (legend(TWO), histogram(TWO, 0.6, "a < b"), lines(TWO, ["1", "2", "<3>"], "<title>")):
        assert "<c>" not in drawn
        assert "<3>" not in drawn
        assert re.search(r"a &amp; b", drawn)


@pytest.mark.parametrize("high", [0.37, 0.99, 1.0, 1.61, 2.4, 7, 19, 55])
def test_ticks_are_few_and_round(high: float) -> None:
    ticks = ticks_to(high)

    assert ticks[0] == 0
    assert 4 <= len(ticks) <= 10
    assert high - (ticks[1] - ticks[0]) <= ticks[-1] <= high + 1e-9
    assert all(len(f"{tick:g}") <= 4 for tick in ticks)
