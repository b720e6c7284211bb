"""The report: it shows every rule and photo it should, and loads nothing."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fsynth_training.dataset.build import Preparation, build
from fsynth_training.dataset.config import Filters, PrepareConfig
from fsynth_training.dataset.photo_list import list_photos
from fsynth_training.dataset.report import make_report
from fsynth_training.dataset.rules import RULES
from fsynth_training.dataset.selection import NothingLeftError

CONFIG = PrepareConfig(
    filters=Filters(pitch=20, lip_gap=0.5, mouth_width=1.5, forehead=60, photos_of_person=1), degraded_views=0
)


class Page(HTMLParser):
    """Collects tags and checks that they close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.attributes: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append(dict(attrs))
        if tag not in {"img", "meta"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    photos = [replace(photo, set="<home>") for photo in list_photos(portraits)]
    dataset, records = build(photos, Preparation(CONFIG, tmp_path_factory.mktemp("work")))
    first = make_report(records, CONFIG, "a & b", dataset)
    assert make_report(records, CONFIG, "a & b", dataset) == first
    return first.decode()


def test_the_page_is_whole_and_loads_nothing(page: str) -> None:
    attributes = Page(page).attributes

    sources = [value for one in attributes for key, value in one.items() if key in {"src", "href"}]
    assert sources
    assert all(source is not None and source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "http" not in page
    assert "<script" not in page


def test_every_rule_is_there_and_names_what_it_dropped(page: str) -> None:
    for rule in RULES:
        assert f"<code>{rule.name}</code>" in page
    assert page.count(": <b>1</b> dropped</p>") == 1
    assert "bert/2.png: roll " in page


def test_photos_without_a_face_are_listed(page: str) -> None:
    assert "meadow.png: No face was found.</li>" in page
    assert "notes.jpg is not an image" in page


def test_names_are_escaped(page: str) -> None:
    assert "&lt;home&gt;" in page
    assert "<home>" not in page
    assert "a &amp; b" in page


def test_a_page_without_a_dataset(portraits: Path, tmp_path: Path) -> None:
    strict = replace(CONFIG, filters=replace(CONFIG.filters, interocular=500.0))
    with pytest.raises(NothingLeftError) as caught:
        build(list_photos(portraits), Preparation(strict, tmp_path))

    text = make_report(caught.value.records, strict, "nothing", None).decode()

    Page(text)
    assert "<b>5</b> dropped by a rule" in text
    assert "at least 500 px: <b>5</b> dropped" in text
