from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsynth_blender import loaded
from fsynth_blender.work import Cancelled, Made, Request, SeveralFaces, WorkError, make


@pytest.fixture(scope="module")
def made(astronaut: Path) -> Made:
    return make(Request(astronaut, texture_size=512))


@pytest.fixture(autouse=True, scope="module")
def _free_memory() -> Iterator[None]:
    yield
    loaded.forget()  # other tests need the memory


def test_a_head_stands_upright_on_its_neck_in_metres(made: Made) -> None:
    skin = made.parts[0]
    assert skin.name == "skin"
    low, high = skin.vertices.min(axis=0), skin.vertices.max(axis=0)
    assert 0.14 < high[0] - low[0] < 0.30
    assert 0.2 < high[2] < 0.3  # neck to crown
    assert low[2] < 0
    nose = skin.vertices[np.argmin(skin.vertices[:, 1])]
    assert nose[1] < -0.05  # the face along -Y
    assert abs(nose[0]) < 0.01
    assert made.joints["eye_left"][0] > 0.02 > -0.02 > made.joints["eye_right"][0]
    np.testing.assert_array_equal(made.joints["neck"], 0)


def test_the_head_has_all_52_shapes_and_other_parts_those_that_move_them(made: Made) -> None:
    assert len(made.shapes) == 52
    by_name = {part.name: part for part in made.parts}
    assert tuple(by_name["skin"].shape_keys) == made.shapes
    for part, shape in (
        ("teeth_lower", "jawOpen"),
        ("tongue", "tongueOut"),
        ("eye_left", "eyeLookUpLeft"),
        ("cornea_right", "eyeLookInRight"),
        ("lashes", "eyeBlinkRight"),
        ("brows", "browInnerUp"),
    ):
        assert np.abs(by_name[part].shape_keys[shape]).max() > 0.001, (part, shape)
    assert "jawOpen" not in by_name["eye_left"].shape_keys
    jaw = by_name["teeth_lower"].shape_keys["jawOpen"]
    assert jaw[:, 2].mean() < -0.01  # down is -Z


def test_parts_are_whole(made: Made) -> None:
    for part in made.parts:
        assert part.corners.min() == 0
        assert part.corners.max() == len(part.vertices) - 1
        assert len(np.unique(part.corners)) == len(part.vertices)
        lengths = np.diff(np.append(part.starts, len(part.corners)))
        assert set(lengths.tolist()) <= {3, 4}
        assert part.uvs is not None
        assert part.uvs.shape == (len(part.corners), 2)
        assert part.uvs.min() >= 0
        assert part.uvs.max() <= 1


def test_textures_and_facts(made: Made, astronaut: Path) -> None:
    colour, hair = (Image.open(io.BytesIO(made.images[name])) for name in ("colour", "hair"))
    assert (colour.mode, colour.size) == ("RGB", (512, 512))
    assert (hair.mode, hair.size) == ("RGBA", (512, 512))
    assert hair.getextrema()[3][1] < 255  # type: ignore[index]
    assert made.sha256 == hashlib.sha256(astronaut.read_bytes()).hexdigest()
    assert made.faces == 1
    assert made.request.face == 0
    assert np.abs(made.identity).max() > 0.1
    red, _, blue = made.iris
    assert red > blue  # hers are brown


def test_hair_and_shapes_are_as_asked_for(astronaut: Path) -> None:
    made = make(Request(astronaut, texture_size=512, shape_keys=False, hair_tint=(0.8, 0.1, 0.1)))
    assert made.shapes == ()
    assert not any(part.shape_keys for part in made.parts)
    assert made.hair == pytest.approx((0.8, 0.1, 0.1))


def test_progress_rises_and_the_work_stops_when_cancelled(astronaut: Path) -> None:
    seen: list[float] = []
    stages: list[str] = []

    def progress(share: float, stage: str) -> None:
        seen.append(share)
        stages.append(stage)

    def stop() -> bool:
        return "Painting the texture" in stages

    with pytest.raises(Cancelled):
        make(
            Request(astronaut, texture_size=512), progress=progress, cancelled=lambda: "Painting the texture" in stages
        )
    assert seen == sorted(seen)
    assert stages[-1] == "Painting the texture"
    assert all(0 <= share <= 1 for share in seen)


def test_of_several_faces_one_must_be_chosen(astronaut: Path, tmp_path: Path) -> None:
    photo = Image.open(astronaut).convert("RGB")
    two = Image.new("RGB", (2 * photo.width, photo.height))
    two.paste(photo.resize((400, 400)), (60, 60))
    two.paste(photo, (photo.width, 0))
    path = tmp_path / "two.png"
    two.save(path)
    request = Request(path, texture_size=512)
    with pytest.raises(SeveralFaces) as raised:
        make(request)
    assert len(raised.value.crops) == 2
    assert [Image.open(io.BytesIO(crop)).size for crop in raised.value.crops] == [(96, 96)] * 2
    assert "2 people" in str(raised.value)
    assert make(replace(request, face=1)).faces == 2
    with pytest.raises(WorkError, match="no face number 3"):
        make(replace(request, face=2))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"no image at all", "is not an image"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "damaged"),
    ],
)
def test_unreadable_photos_are_named(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(WorkError, match=says) as raised:
        make(Request(path))
    assert "photo.jpg" in str(raised.value)


def test_heic_without_its_reader_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    path = tmp_path / "photo.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(WorkError, match="Save it as JPEG or PNG"):
        make(Request(path))


def test_what_else_is_wrong_is_said(astronaut: Path, tmp_path: Path) -> None:
    empty = tmp_path / "wall.png"
    Image.new("RGB", (300, 300), (90, 120, 150)).save(empty)
    damaged = tmp_path / "model.npz"
    damaged.write_bytes(b"not a model")
    for request, says in (
        (Request(empty), "No face was found in wall.png"),
        (Request(tmp_path / "gone.jpg"), "does not exist"),
        (Request(tmp_path), "not a file"),
        (Request(astronaut, model="nobody"), "There is no model `nobody`"),
        (Request(astronaut, model=str(damaged)), "model.npz"),
        (Request(astronaut, texture_size=1000), "The texture must be"),
        (Request(astronaut, weights=str(tmp_path / "w.onnx")), "w.onnx"),
        (Request(astronaut, device="cuda"), "Choose CPU"),
    ):
        with pytest.raises(WorkError, match=says) as raised:
            make(request)
        assert "pip install" not in str(raised.value)
        assert str(raised.value).endswith(".")


def test_a_model_without_texture_coordinates_gets_vertex_colours(
    astronaut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = replace(loaded.model("fsynth"), uvs=None, uv_polygons=None, texture=None)
    monkeypatch.setattr("fsynth_blender.loaded.model", lambda name: plain)
    made = make(Request(astronaut))
    assert made.images == {}
    for part in made.parts:
        assert part.uvs is None
        assert part.colours is not None
        assert part.colours.shape == part.vertices.shape


def test_a_model_that_nobody_prepared_is_refused(astronaut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = replace(loaded.model("fsynth"), landmarks=None, name="ict")
    monkeypatch.setattr("fsynth_blender.loaded.model", lambda name: raw)
    with pytest.raises(WorkError, match="The model ict has not been prepared yet"):
        make(Request(astronaut))
