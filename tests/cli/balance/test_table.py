from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.balance.runs import make_face, make_photo, make_run

from fsynth_cli.balance.columns import cells_wide, shortened
from fsynth_cli.balance.table import MOST_ROWS, make_table


def test_a_row_a_photo() -> None:
    carried = make_photo("shoot/b.dng", 2, 5, faces=(), status="carried over", source=Path("shoot/a.dng"))
    table = make_table(make_run([make_photo("shoot/a.dng"), carried]), width=100)
    assert table.splitlines() == [
        "Photo  Faces  Light  As shot     Duv  Balanced     Duv     EV",
        "a.dng      1      1  5,500 K  +0.003   2,860 K  -0.002  +0.71",
        "b.dng      0      2  5,500 K  +0.003   2,860 K  -0.002  +0.71  as a.dng",
        "",
        "2 photos: 1 balanced, 1 carried over; 1 face of 1 person, 2 lights. 1 min 23 s.",
    ]


def test_failures_come_with_their_reasons_and_warnings_once() -> None:
    warning = "The file doesn't say the camera's white balance: daylight stands for it."
    photos = [make_photo(f"{name}.kdc", warnings=(warning,)) for name in "abcde"]
    failed = make_photo(
        "f.gpr", None, status="failed", reason="f.gpr is no RAW file.", before=None, after=None, ev=None
    )
    skipped = make_photo("g.crw", None, status="skipped", reason="No face was found.", after=None, ev=None, faces=())
    table = make_table(make_run([*photos, failed, skipped]), width=110)
    assert f"  a.kdc, b.kdc, c.kdc and 2 more: {warning}\n" in table
    assert "  g.crw: No face was found.\n" in table
    assert "Failed:\n  f.gpr: is no RAW file.\n" in table
    assert "7 photos: 5 balanced, 1 skipped, 1 failed" in table
    assert not [line for line in table.splitlines() if line.startswith("f.gpr")]


@pytest.mark.parametrize("width", [200, 120, 80, 60, 40, 30])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    photos = [
        make_photo("x/a very long name of a photo, longer than most 0001.dng", warnings=("It is " + "long " * 40,)),
        make_photo("x/日本の写真 🎉.dng", 2),
        make_photo("x/y/broken.dng", None, status="failed", reason="x/y/broken.dng can't be decoded: it is damaged."),
    ]
    lines = make_table(make_run(photos), width=width).splitlines()
    assert max(cells_wide(line) for line in lines) <= width
    text = "\n".join(lines)
    assert "0001.dng" in text
    assert "2,860 K" in text
    assert ("As shot" in text) == (width >= 60)


def test_a_row_a_light_where_there_are_many_photos() -> None:
    photos = [make_photo(f"{number:04}.dng", 1 + number // 40, number, ev=number / 100) for number in range(80)]
    assert len(photos) > MOST_ROWS
    lines = make_table(make_run(photos), width=100).splitlines()
    assert lines[0].split() == ["Light", "Photos", "Faces", "As", "shot", "Balanced", "Duv", "EV", "from", "to"]
    assert lines[1].split() == ["1", "12:00-12:39", "40", "40", "5,500", "K", "2,860", "K", "-0.002", "+0.00", "+0.39"]
    assert lines[2].split() == ["2", "12:40-13:19", "40", "40", "5,500", "K", "2,860", "K", "-0.002", "+0.40", "+0.79"]
    assert len(lines) == 5


def test_without_a_terminal_each_sentence_is_one_line() -> None:
    failed = make_photo("a.dng", status="failed", reason="a.dng " + "is very broken, " * 50 + "alas.")
    lines = make_table(make_run([failed]), width=None).splitlines()
    assert len(lines) == 4
    assert lines[1].endswith("alas.")


def test_colour_only_where_asked() -> None:
    run = make_run([make_photo("a.dng", status="carried over"), make_photo("b.dng", status="failed", reason="Broken.")])
    assert "\x1b" not in make_table(run, width=80)
    coloured = make_table(run, width=80, colour=True)
    assert coloured.count("\x1b[33m") == 1
    assert coloured.count("\x1b[31m") == 1


def test_names_cannot_control_the_terminal() -> None:
    evil = make_photo("a\x1b[31m\nb.dng", status="failed", reason="a\x1b[31m\nb.dng is empty (0 bytes).")
    table = make_table(make_run([evil]), width=80)
    assert "\x1b" not in table
    assert "a\ufffd[31m\ufffdb.dng: is empty (0 bytes)." in table


def test_dry_run_and_interruption_are_said() -> None:
    run = make_run([make_photo("a.dng")])
    assert "Nothing was written" in make_table(replace(run, dry_run=True), width=100)
    assert "--resume" in make_table(replace(run, interrupted=True), width=100)
    assert make_table(make_run([], people=None, seconds=0.04), width=80) == "0 photos: none; 0 faces. 0.0 s."


def test_faces_are_counted_also_if_they_did_not_count() -> None:
    run = make_run([make_photo("a.dng", faces=(make_face(1), make_face(2, used=False)))], people=2)
    assert "2 faces of 2 people" in make_table(run, width=80)


def test_the_end_of_a_long_name_is_kept() -> None:
    assert shortened("IMG_0001.CR3", 12) == "IMG_0001.CR3"
    assert shortened("holiday_IMG_0001.CR3", 12) == "holi…001.CR3"
    assert cells_wide(shortened("日本の写真の一番目.dng", 12)) <= 12


def test_what_is_true_of_all_photos_is_said_once() -> None:
    photos = [make_photo(f"{name}.dng", warnings=("Beware of DNG.",)) for name in "abcd"]
    photos[1] = make_photo("b.dng", warnings=("Beware of DNG.", "b.dng is dark."))
    lines = make_table(make_run(photos), width=100).splitlines()
    assert [line[0] for line in lines if line.endswith("see below")] == ["b"]
    assert lines[6:9] == ["Remarks:", "  All: Beware of DNG.", "  b.dng: is dark."]
