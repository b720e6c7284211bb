"""The whole evaluation on four pictures of the example photo, and the page that comes of it."""

from __future__ import annotations

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from PIL import Image, ImageOps
from tests.training.evaluate.small_dataset import small_dataset

from fsynth.errors import ArgumentError, WeightsError
from fsynth_training.evaluate import page, robustness, run
from fsynth_training.evaluate.baselines import MeanFace
from fsynth_training.evaluate.degrade import CLEAN, degradations
from fsynth_training.evaluate.pictures import contact_sheet, spread
from fsynth_training.evaluate.run import Request, distinct_names, evaluate
from fsynth_training.evaluate.targets_mix import TargetMix

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """What a browser would load, the text it would show, and whether elements are closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "srcset", "data"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def people(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of two "people", one of them the other's mirror image, darker; each neutral, smiling and neither."""
    folder = tmp_path_factory.mktemp("people")
    with Image.open(astronaut) as image:
        for name, picture in (("a", image), ("b", ImageOps.mirror(image).point(lambda v: v * 0.7))):
            for number in range(4):
                picture.point(lambda v, n=number: v * (1 - 0.05 * n)).save(folder / f"{name}{number}.png")
    rows = [f"{p}{n}.png,{p}<i>,{e}" for p in "ab" for n, e in enumerate(("neutral", "smiling", "", ""))]
    (folder / "people.csv").write_text("\n".join(["file,identity,expression", *rows]) + "\n")
    return folder / "people.csv"


@pytest.fixture(scope="module")
def made(people: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], list[str]]:
    """The folder of an evaluation of the default weights, its results and what it said of its progress."""
    output = tmp_path_factory.mktemp("page")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(robustness, "degradations", lambda: [CLEAN, *degradations()[16:19]])  # sunglasses
        patch.setattr("fsynth_training.evaluate.pictures.degradations", lambda: [CLEAN, *degradations()[16:19]])
        request = Request((Path("default"),), people, output, output / "cache", robustness=2)
        return output, evaluate(request, said.append), said


def test_every_maker_has_every_figure(made: tuple[Path, dict[str, Any], list[str]]) -> None:
    _, evaluation, _ = made

    assert [maker["name"] for maker in evaluation["makers"]] == ["the photos themselves", "frontalization", "default"]
    default = evaluation["makers"][2]
    assert set(default) >= {"likeness", "leaks", "pose", "each", "accuracy", "light", "robustness"}
    for judge in ("dlib", "faceres"):
        assert len(default["each"][judge]["distance"]) == 4  # without a stated expression
        assert 0 < default["likeness"][judge]["distance"] < 1.2
        assert default["robustness"][judge]["clean"]["as it is"]["moved"] == 0
        assert default["robustness"][judge]["sunglasses"]["large"]["moved"] > 0
    assert evaluation["makers"][0]["likeness"]["dlib"]["distance"] == pytest.approx(0, abs=1e-5)
    # A photograph turned to the front is nearer to itself than a face made of its features.
    assert evaluation["makers"][1]["likeness"]["dlib"]["distance"] < default["likeness"]["dlib"]["distance"]
    assert evaluation["photos"]["pairs"] == evaluation["photos"]["people"] == 2


def test_the_results_are_json_without_infinities(made: tuple[Path, dict[str, Any], list[str]]) -> None:
    output, evaluation, _ = made

    text = (output / "evaluation.json").read_text()

    assert json.loads(text, parse_constant=lambda name: pytest.fail(name)) == evaluation


def test_the_page_is_closed_and_loads_nothing(made: tuple[Path, dict[str, Any], list[str]]) -> None:
    source = (made[0] / "index.html").read_text(encoding="utf-8")

    found = Page(source)

    assert found.open == []
    assert all(link.startswith("data:image/jpeg;base64,") for link in found.links)
    for link in found.links:
        assert Image.open(io.BytesIO(base64.b64decode(link.partition(",")[2]))).size == (128, 128)
    assert not re.search(r"(https?:)?//\w", re.sub(r"base64,[A-Za-z0-9+/=]+", "", source))
    assert "$" not in found.text


def test_the_page_shows_the_figures(made: tuple[Path, dict[str, Any], list[str]]) -> None:
    output, evaluation, _ = made

    text = Page((output / "index.html").read_text(encoding="utf-8")).text

    default = evaluation["makers"][2]
    for shown in (
        f"{default['likeness']['dlib']['rank1']:.3f}",
        f"{default['likeness']['faceres']['distance']:.3f}",
        f"{default['accuracy']['landmark_error']:.1f}",
        f"{default['robustness']['dlib']['sunglasses']['dark']['moved']:.2f}",
        "one person below 0.6",
        "2 people",
    ):
        assert shown in text
    assert "Labeled Faces in the Wild" not in text


def test_photographs_that_may_not_be_published_are_said_to_be(made: tuple[Path, dict[str, Any], list[str]]) -> None:
    _, evaluation, _ = made
    empty = page.Strip((), ())
    photos = evaluation["photos"] | {"lfw": True, "skipped": ["x<y>.jpg: no face was found"]}

    text = Page(page.render(evaluation | {"photos": photos}, {"wild": empty, "pairs": empty, "degraded": empty})).text

    assert "Labeled Faces in the Wild, which gives no right to publish" in text
    assert "x<y>.jpg: no face was found" in text


def test_contact_sheets_lie_beside_the_page(made: tuple[Path, dict[str, Any], list[str]]) -> None:
    with Image.open(made[0] / "sheet-default.png") as sheet:
        assert sheet.size == (8 * 224, 224)
    with Image.open(made[0] / "pairs-default.png") as sheet:
        assert sheet.size == (9 * 224, 224)


def test_a_second_run_measures_nothing(
    made: tuple[Path, dict[str, Any], list[str]], people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, evaluation, _ = made
    for name in ("measure", "look_at", "look_at_photos"):
        monkeypatch.setattr(run, name, lambda *a, **k: pytest.fail("measured again"))
    monkeypatch.setattr(robustness, "degradations", lambda: [CLEAN, *degradations()[16:19]])
    monkeypatch.setattr("fsynth_training.evaluate.pictures.degradations", lambda: [CLEAN, *degradations()[16:19]])

    again = evaluate(
        Request((Path("default"),), people, tmp_path / "again", output / "cache", robustness=2), lambda message: None
    )

    assert again == evaluation
    first, second = (path.read_text() for path in (output / "index.html", tmp_path / "again" / "index.html"))
    assert first == second


def test_weights_that_are_not_there_are_an_error(people: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights file"):
        evaluate(Request((tmp_path / "none.onnx",), people, tmp_path, tmp_path), lambda message: None)


def test_one_person_cannot_be_told_from_others(people: Path, tmp_path: Path) -> None:
    table = people.with_name("one.csv")
    table.write_text("file,identity\na0.png,a\na1.png,a\n")

    with pytest.raises(ArgumentError, match="fewer than two people"):
        evaluate(Request((Path("default"),), table, tmp_path, tmp_path), lambda message: None)


def test_a_dataset_adds_its_baselines(
    tmp_path: Path, photos: Any, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_dataset(photos.mesh[0].astype(np.float64), rng).write(tmp_path / "dataset")
    monkeypatch.setattr(run, "tune", lambda mix: run.Tuning(1.0, 1.5))

    found = run.baselines(tmp_path / "dataset", run.trial(photos), tmp_path / "cache", lambda message: None)

    names = ["mean face", "nearest training face", "ridge regression, gain 1.5", "frontalization"]
    assert [maker.name for maker in found] == names
    assert len({maker.key for maker in found}) == 4
    assert isinstance(found[0], MeanFace)
    assert found[0].key == MeanFace(TargetMix(run.Dataset.open(tmp_path / "dataset"))).key


def test_weights_of_one_name_are_told_apart_by_their_folders() -> None:
    assert distinct_names([Path("a/x.onnx"), Path("b/y.onnx")]) == ["x", "y"]
    assert distinct_names([Path("run/a/x.onnx"), Path("run/b/x.onnx")]) == ["a/x", "b/x"]
    with pytest.raises(ArgumentError, match="named twice"):
        distinct_names([Path("x.onnx"), Path("x.onnx")])


def test_contact_sheets_place_pictures_row_by_row() -> None:
    pictures = [np.full((4, 4, 3), value, np.uint8) for value in (10, 20, 30, 40, 50)]

    with Image.open(io.BytesIO(contact_sheet(pictures, 3))) as sheet:
        found = np.asarray(sheet)[..., 0]

    np.testing.assert_array_equal(found[::4, ::4], [[10, 20, 30], [40, 50, 255]])
    assert found.shape == (8, 12)


def test_shown_rows_go_from_the_first_to_the_last() -> None:
    assert spread(100, 3).tolist() == [0, 50, 99]
    assert spread(2, 10).tolist() == [0, 1]
