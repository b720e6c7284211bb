from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from tests.cli.balance.runs import make_face, make_photo, make_run

from fsynth_cli.balance.record import Balance, Light, Shift
from fsynth_cli.balance.report import VERSION, to_json


def parse(data: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(data.decode("utf-8"), parse_constant=refuse)


def test_says_all_of_a_photo(tmp_path: Path) -> None:
    photo = make_photo(tmp_path / "a.dng", warnings=("Careful.",))
    report = parse(to_json(make_run([photo])))
    assert report["version"] == VERSION
    assert report["settings"] == {"method": "gains", "strength": 1.0, "max_ev": None, "recursive": False}
    assert report["totals"]["photos"] == report["totals"]["balanced"] == report["totals"]["with_warnings"] == 1
    (found,) = report["photos"]
    assert found["photo"] == str(tmp_path / "a.dng")
    assert found["outputs"] == [str(tmp_path / "a.xmp")]
    assert found["taken"] == "2026-06-01T12:00:00"
    assert found["before"]["light"] == {"cct": 5500.0, "duv": 0.003, "mired": pytest.approx(181.818, abs=1e-3)}
    assert found["after"] == {
        "multipliers": [1.2, 1.0, 2.4],
        "exposure": 0.71,
        "light": {"cct": 2856.0, "duv": -0.0021, "mired": pytest.approx(350.14, abs=1e-3)},
    }
    assert found["faces"][0]["skin_wanted"] == [0.79, 0.6, 0.52]
    assert found["warnings"] == ["Careful."]
    assert "pictures" not in found


def test_unknown_numbers_are_null() -> None:
    photo = make_photo("a.dng", before=Balance((math.nan, 1.0, math.inf), 0.0, None), clipping=None)
    (found,) = parse(to_json(make_run([photo])))["photos"]
    assert found["before"] == {"multipliers": [None, 1.0, None], "exposure": 0.0, "light": None}
    assert found["clipping"] is None


@pytest.mark.parametrize("name", ["-rf 🎉 “a”.dng", 'quote".dng', "line\nbreak.dng", os.fsdecode(b"byte\xff.dng")])
def test_names_come_back_as_they_are(name: str) -> None:
    (found,) = parse(to_json(make_run([make_photo(name)])))["photos"]
    assert os.fsencode(found["photo"]) == os.fsencode(name)


def test_each_entry_is_documented(root: Path) -> None:
    shift = Shift((0.5, 0.5, 0.5), (0.6, 0.5, 0.5))
    photo = make_photo("a.dng", faces=(make_face(),), shift=shift, before=Balance((1, 1, 1), 0, Light(5500, 0)))
    text = (root / "docs" / "balance-report.md").read_text(encoding="utf-8")
    report = parse(to_json(make_run([photo])))
    del report["settings"]

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*(keys(entry) for entry in value.values()))
        return set().union(*(keys(entry) for entry in value)) if isinstance(value, list) else set()

    missing = {key for key in keys(report) if f"`{key}`" not in text}
    assert not missing
    assert f"version {VERSION}" in text
