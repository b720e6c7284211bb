from __future__ import annotations

import base64
import io
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.usefixtures("quick")

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """What a browser would load, the text it would show, and whether elements are closed in order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "srcset", "data"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(run, make_photo, tmp_path: Path) -> Page:
    """The report of two faces in one photo, one in another, and a failure; with names that HTML must not believe."""
    make_photo("two.png", faces=2)
    make_photo("one & <b>only</b>.png".replace("/", "_"))
    make_photo("none.png", faces=0)
    assert run("normalize", ".", "-o", "out", "--report", "out/page.html").exit_code == 3
    return Page(tmp_path / "out" / "page.html")


def test_loads_nothing(page: Page) -> None:
    assert page.links
    assert all(link.startswith(("data:image/jpeg;base64,", "#")) for link in page.links)
    assert not re.search(r"(https?:)?//\w", re.sub(r"base64,[A-Za-z0-9+/=]+", "", page.source))
    assert "@import" not in page.source
    assert "url(" not in page.source


def test_is_closed_html(page: Page) -> None:
    assert page.open == []


def test_pictures_are_whole_and_references_lead_to_them(page: Page) -> None:
    pictures = [link.partition(",")[2] for link in page.links if link.startswith("data:")]
    assert len(pictures) == 2 + 2 * 3  # two photos; aligned and normalized of three faces
    sizes = [Image.open(io.BytesIO(base64.b64decode(picture))).size for picture in pictures]
    assert sorted(set(sizes)) == [(100, 80), (224, 224)]
    references = [link.removeprefix("#") for link in page.links if link.startswith("#")]
    assert sorted(references) == sorted(re.findall(r'<image id="(\w+)"', page.source))
    assert len(references) == 3
    assert page.source.count("<circle") == 3 * 65


def test_names_and_reasons_are_shown_as_text(page: Page) -> None:
    assert "one & <b>only<_b>.png" in page.text
    assert "none.png: No face was found. " in page.text
    assert "2 photos" in page.text
    assert "3 faces" in page.text
    assert "1 without a result" in page.text


def test_is_written_when_everything_failed(run, make_photo, tmp_path: Path) -> None:
    make_photo("none.png", faces=0)
    assert run("normalize", "none.png", "--report", "page.html").exit_code == 3
    assert "none.png: No face" in Page(tmp_path / "page.html").text


def test_a_report_that_cannot_be_written_is_an_error(run, make_photo, tmp_path: Path) -> None:
    make_photo("a.png")
    (tmp_path / "file").touch()
    result = run("normalize", "a.png", "--report", "file/page.html")
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: file.page\.html can't be written \(.+\)\.\n", result.stderr)
    assert sorted(os.listdir(tmp_path)) == ["a.normalized.png", "a.png", "file"]
