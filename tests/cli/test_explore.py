"""``fsynth explore`` from a photo to its page."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth_cli.explore import explore


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(explore, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_one_photo_gives_a_page_that_holds_its_pictures(astronaut: Path, tmp_path: Path) -> None:
    code, said = run(astronaut, "-o", tmp_path / "page.html")

    assert code == 0, said
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    # The aligned and the normalized face, and five faces along each of eight directions.
    assert text.count("<img") == 2 + 8 * 5
    assert text.count('src="data:image/jpeg') == text.count("<img")
    assert "1 of 1 photos" in said


def test_photos_that_are_said_to_be_of_one_person_are_compared(astronaut: Path, tmp_path: Path) -> None:
    code, _ = run(astronaut, astronaut, "--same", "-o", tmp_path / "page.html")
    assert code == 0
    assert "The same person" not in (tmp_path / "page.html").read_text(encoding="utf-8")  # one photo, named twice

    (tmp_path / "again.jpg").write_bytes(astronaut.read_bytes())
    code, _ = run(astronaut, tmp_path / "again.jpg", "--same", "-o", tmp_path / "page.html", "--overwrite")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert code == 0
    assert "The same person" in text
    assert "<td>1.00</td>" in text


def test_a_photo_without_a_face_is_named_and_the_others_are_shown(astronaut: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    code, said = run(tmp_path / "empty.jpg", astronaut, "-o", tmp_path / "page.html")

    assert code == 3
    assert "empty.jpg" in said
    assert "1 of 2 photos" in said


def test_without_any_face_there_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    code, _ = run(tmp_path / "empty.jpg", "-o", tmp_path / "page.html")

    assert code == 3
    assert not (tmp_path / "page.html").exists()


def test_a_page_that_exists_stays(astronaut: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("mine", encoding="utf-8")
    code, said = run(astronaut, "-o", tmp_path / "page.html")

    assert code == 1
    assert "exists already. Add --overwrite" in said
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "mine"


def test_a_page_must_be_named_as_one(astronaut: Path, tmp_path: Path) -> None:
    code, said = run(astronaut, "-o", tmp_path / "page.png")

    assert code == 2
    assert "must end in .html" in said
