from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from tests.cli.balance.runs import make_face, make_photo, make_pictures, make_run

from fsynth_cli.balance import preview
from fsynth_cli.balance.contact_sheet import write_contact_sheet
from fsynth_cli.balance.light_scale import light_scale
from fsynth_cli.balance.record import Light, RunRecord
from fsynth_cli.balance.wording import duration, duv, ev, kelvin

pytestmark = pytest.mark.requires_extra("balance")

VOID = {"meta", "img", "input"}


class Page(HTMLParser):
    """What a browser would load, the text it would show, its anchors, and whether elements are closed in order."""

    def __init__(self, run: RunRecord) -> None:
        super().__init__()
        stream = io.BytesIO()
        write_contact_sheet(run, stream)
        self.size = len(stream.getvalue())
        self.source = stream.getvalue().decode("utf-8")
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(self.source)
        self.close()
        self.pictures = [
            Image.open(io.BytesIO(base64.b64decode(link.partition(",")[2])))
            for link in self.links
            if link.startswith("data:image/jpeg;base64,")
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data", "action"}]
        self.anchors += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.text += data


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    """Two lights, one photo that was carried over, one without a result, one that failed; hostile names."""
    shoot = tmp_path / "Anna & <b>Bo"
    files = [make_pictures(tmp_path / f"{faces}.npz", faces) for faces in (2, 1, 0)]
    one = shoot / "one.dng"
    photos = [
        make_photo(one, 1, 3, pictures=files[0], faces=(make_face(1), make_face(2))),
        make_photo(shoot / "two <script>.dng", 1, 1, pictures=files[1], warnings=("Look & see.",)),
        make_photo(shoot / "three.dng", 2, 9, pictures=files[2], faces=(), status="carried over", source=one),
        make_photo(shoot / "four.dng", None, status="skipped", reason="No face was found.", faces=(), after=None),
        make_photo(shoot / "five.dng", None, status="failed", reason=f"{shoot / 'five.dng'} is empty (0 bytes)."),
    ]
    return make_run(photos, people=2)


@pytest.fixture
def page(run: RunRecord) -> Page:
    return Page(run)


def test_loads_nothing(page: Page) -> None:
    assert page.links
    assert all(link.startswith(("data:image/jpeg;base64,", "#")) for link in page.links)
    source = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page.source)
    assert not re.search(r"(https?:)?//\w", source)
    assert "@import" not in source
    assert "url(" not in source
    assert "default-src 'none'" in source


def test_is_closed_html_with_links_that_lead_somewhere(page: Page) -> None:
    assert page.open == []
    assert len(page.anchors) == len(set(page.anchors))
    targets = [link[1:] for link in page.links if link.startswith("#")]
    assert {"failed", "people", "light1", "light2", "photo1", "photo2"} <= set(targets)
    assert set(targets) <= set(page.anchors)


def test_shows_each_picture(page: Page) -> None:
    sizes = sorted(picture.size for picture in page.pictures)
    portraits = [(112, 112)]  # of person 1; person 2 is in one photo only
    assert sizes == sorted(portraits + 3 * [(300, 200)] * 2 + 3 * [(224, 224)] * 2)


def test_photos_stand_in_their_light_in_the_order_of_time(page: Page) -> None:
    found = re.findall(r"<h2>(Light.*?|Photos.*?)</h2>|<h3[^>]*>(.*?)</h3>", page.source)
    assert [title or name for title, name in found] == [
        "Light 1",
        "two &lt;script&gt;.dng",
        "one.dng",
        "Light 2",
        "three.dng",
        "Photos in no group",
        "four.dng",
    ]


def test_says_what_was_done_as_text(page: Page) -> None:
    for words in (
        "Anna & <b>Bo",
        "five.dngis empty (0 bytes).",
        "balanced as one.dng",
        "No face was found.",
        "Look & see.",
        "5,500 K → 2,860 K",
        "+0.003 → \N{MINUS SIGN}0.002",
        "+0.71 EV",
        "1.200 1.000 2.400",
        "0.1% in the file, 0.0% more",
        "Person 1 2 photos · skin differs by ΔE 0.0 → 0.0",
        "only photos to look at (3)",
        "Settings: method gains; strength 1.0; max_ev no; recursive no",
    ):
        assert words in page.text
    assert page.source.count('class="look"') == 3
    assert "5photos" in page.text
    assert "2lights" in page.text
    assert "1failed" in page.text


def test_faces_that_did_not_count_say_why(tmp_path: Path) -> None:
    faces = (make_face(None, used=False), make_face(None, deviation=3.2))
    photo = make_photo("a.dng", None, faces=faces, pictures=make_pictures(tmp_path / "a.npz", 2))
    page = Page(make_run([photo], people=None))
    assert "Face 1, not counted: its skin is clipped" in page.text
    assert "Face 2, 3.2 \N{GREEK SMALL LETTER SIGMA} off, so it counts less" in page.text
    assert "people" not in page.anchors
    assert "#people" not in page.links


def test_a_large_shoot_gets_smaller_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [make_pictures(tmp_path / f"{i}.npz", size=(560, 374), noise=True) for i in range(6)]
    run = make_run([make_photo(f"{i}.dng", pictures=file) for i, file in enumerate(files)])
    whole = Page(run)
    assert max(max(picture.size) for picture in whole.pictures) == 560
    limit = whole.size * 3 // 4 // 2
    monkeypatch.setattr(preview, "MOST_BYTES", limit)
    small = Page(run)
    assert len(small.pictures) == len(whole.pictures)
    assert 200 <= max(max(picture.size) for picture in small.pictures) < 560
    assert small.size < 1.1 * whole.size / 2


def test_is_written_when_everything_failed() -> None:
    run = make_run([make_photo("none.dng", None, status="failed", reason="none.dng is empty (0 bytes).")], people=None)
    page = Page(run)
    assert "is empty (0 bytes)." in page.text
    assert page.pictures == []
    assert "stopped early" in Page(replace(run, interrupted=True)).text
    assert "dry run" in Page(replace(run, dry_run=True)).text


def test_light_scale_is_even_in_mired() -> None:
    def middle(light: Light) -> tuple[float, float]:
        found = re.search(r'class="done" cx="([\d.]+)" cy="([\d.]+)"', light_scale(None, light))
        assert found is not None
        return float(found[1]), float(found[2])

    warm, between, cool = (middle(Light(1e6 / mired, 0.0)) for mired in (400, 300, 200))
    assert warm[0] < between[0] < cool[0]
    assert between[0] - warm[0] == pytest.approx(cool[0] - between[0], abs=0.2)
    assert middle(Light(5000, 0.01))[1] < warm[1] < middle(Light(5000, -0.01))[1]
    assert middle(Light(100_000, 9.0)) == (300.0, 4.0)
    assert light_scale(None, None) == ""


def test_numbers_read_well() -> None:
    assert kelvin(Light(2856.4, 0.0)) == "2,860 K"
    assert duv(Light(2856.4, -0.0002)) == "+0.000"
    assert ev(-0.004) == "+0.00"
    assert [duration(s) for s in (0.84, 59.9, 60, 200, 3900)] == [
        "0.8 s",
        "59.9 s",
        "1 min 00 s",
        "3 min 20 s",
        "1 h 05 min",
    ]


def test_what_is_true_of_all_photos_is_said_once() -> None:
    page = Page(make_run([make_photo(f"{name}.dng", warnings=("Beware of DNG.",)) for name in "abc"]))
    assert page.text.count("Beware of DNG.") == 1
    assert "only photos to look at (0)" in page.text
