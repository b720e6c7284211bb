from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from fsynth_training.fit.errors import FitError
from fsynth_training.tables import Source, difference, from_table

SOURCE = Source("c.toml", FitError)


@dataclass(frozen=True)
class Inner:
    rate: float = 0.5
    span: tuple[float, float] = (0.0, 1.0)
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outer:
    steps: int = 3
    quiet: bool = False
    kind: Literal["cnn", "dense"] = "cnn"
    inner: Inner = field(default_factory=Inner)


def test_values_of_all_kinds_and_defaults() -> None:
    table = {"steps": 7, "kind": "dense", "inner": {"rate": 2, "span": [1, 2.5], "names": ["a", "b"]}}
    assert from_table(Outer, table, SOURCE) == Outer(7, False, "dense", Inner(2.0, (1.0, 2.5), ("a", "b")))
    assert isinstance(from_table(Outer, table, SOURCE).inner.rate, float)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"stpes": 7}, r"c\.toml has a key stpes that is not known; the nearest is steps\."),
        ({"inner": {"rat": 7}}, r"c\.toml has a key inner\.rat that is not known; the nearest is inner\.rate\."),
        ({"steps": 1.5}, r"steps = 1\.5, but it is a whole number"),
        ({"steps": True}, r"steps = True, but it is a whole number"),
        ({"quiet": 1}, r"quiet = 1, but it is true or false"),
        ({"kind": "rnn"}, r"kind = 'rnn', but it is one of cnn, dense"),
        ({"inner": 3}, r"inner = 3, but \[inner\] is a table"),
        ({"inner": {"span": [1]}}, r"inner\.span = \[1\], but it is a list of 2 values"),
        ({"inner": {"names": "a"}}, r"inner\.names = 'a', but it is a list"),
        ({"inner": {"names": ["a", 1]}}, r"inner\.names = 1, but it is a text in quotes"),
        ({"inner": {"rate": "fast"}}, r"inner\.rate = 'fast', but it is a number"),
    ],
)
def test_wrong_keys_and_values_are_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(FitError, match=message):
        from_table(Outer, table, SOURCE)


def test_the_first_difference_is_named_with_both_values() -> None:
    before = {"steps": 3, "inner": {"rate": 0.5, "span": [0, 1]}}
    assert difference(before, before) is None
    assert difference(before, {**before, "steps": 4}) == "steps was 3 and is now 4"
    changed = {**before, "inner": {"rate": 0.5, "span": [0, 2]}}
    assert difference(before, changed) == "inner.span was [0, 1] and is now [0, 2]"
    assert difference(before, {**before, "new": 1}) == "new was None and is now 1"
