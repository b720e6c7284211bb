from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsynth_training.evaluate.kept import kept, kept_arrays, plain


def fail() -> dict[str, Any]:
    raise AssertionError("measured again")


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    first = kept(tmp_path / "new", "figures", ["weights", 3], lambda: {"rank1": 0.5, "auc": math.nan})

    assert first == {"rank1": 0.5, "auc": None}
    assert kept(tmp_path / "new", "figures", ["weights", 3], fail) == first


def test_what_depends_on_something_else_is_measured(tmp_path: Path) -> None:
    for depends in (["weights"], ["other"], ["weights", 1], []):
        assert kept(tmp_path, "figures", depends, lambda wanted=depends: {"of": wanted}) == {"of": depends}
    assert kept(tmp_path, "other", [], lambda: {"name": "other"}) == {"name": "other"}


def test_arrays_come_back_as_they_were(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = {
        "mesh": rng.normal(size=(2, 3)).astype(np.float32),
        "name": np.array(["a", "ä"]),
        "rows": np.zeros(0, int),
    }

    for _ in range(2):
        found = kept_arrays(tmp_path, "photos", [1], lambda: arrays)
        assert set(found) == set(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
        arrays_then = kept_arrays(tmp_path, "photos", [1], fail)
        assert set(arrays_then) == set(arrays)


def test_a_measurement_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="measured again"):
        kept(tmp_path, "figures", [], fail)

    assert list(tmp_path.iterdir()) == []


def test_plain_values_have_no_infinities_at_any_depth() -> None:
    assert plain({"a": [1.0, math.inf, {"b": math.nan}], "c": ("x", 2)}) == {
        "a": [1.0, None, {"b": None}],
        "c": ["x", 2],
    }
