from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from fsynth_morphable.errors import ModelFileError
from fsynth_morphable.formats import ict
from fsynth_morphable.model import SHAPES

NEUTRAL = """# a quad of skin, a triangle of teeth
v -1 0 10
v 1 0 10
v 1 2 10
v -1 2 10
v 0 1 9
vt 0.5 0.5
vt 1.0 0.5
vt 1.0 1.0
vt 0.5 1.0
vt 3.25 0.5
vt 3.5 0.5
vt 3.5 0.75
usemtl M_Face
f 1/1 2/2 3/3 4/4
usemtl M_Teeth
f 1/5 2/6 5/7
"""


def moved(by: float) -> str:
    return "\n".join(f"v {x} {y} {z + by}" for x, y, z in ((-1, 0, 10), (1, 0, 10), (1, 2, 10), (-1, 2, 10), (0, 1, 9)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "generic_neutral_mesh": NEUTRAL,
        "identity000": moved(1),
        "identity001": moved(0.5),
        "mouthSmile_L": moved(0.25),
        "jawOpen": moved(-1),
    }.items():
        (tmp_path / f"{name}.obj").write_text(text)
    return tmp_path


def test_reads_a_small_folder(folder: Path) -> None:
    model = ict.read(folder)
    np.testing.assert_allclose(model.mean[0], [-0.01, 0, 0.1])  # centimetres
    np.testing.assert_allclose(model.identity[:, 0], [[0, 0, 0.01], [0, 0, 0.005]], atol=1e-8)
    np.testing.assert_allclose(model.expression[:, 4, 2], [-0.01, 0.0025], atol=1e-8)
    assert model.expression_names == ("jawOpen", "mouthSmileLeft")
    assert model.expression_range == SHAPES
    np.testing.assert_array_equal(model.polygons, [[0, 1, 2, 3], [0, 1, 4, -1]])
    assert [model.part_names[row] for row in model.polygon_part] == ["skin", "teeth"]


def test_each_material_has_its_own_cell_of_the_texture(folder: Path) -> None:
    model = ict.read(folder)
    assert model.uvs is not None
    assert model.uv_polygons is not None
    np.testing.assert_allclose(model.uvs[model.uv_polygons[0]], [[0.375, 0.625], [0.75, 0.625], [0.75, 1], [0.375, 1]])
    np.testing.assert_allclose(model.uvs[model.uv_polygons[1, :3]], [[0.8125, 0.375], [0.875, 0.375], [0.875, 0.4375]])
    assert model.uv_polygons[1, 3] == -1


def test_finds_the_folder_within(folder: Path) -> None:
    (folder / "inner" / "FaceXModel").mkdir(parents=True)
    for file in folder.glob("*.obj"):
        shutil.copy(file, folder / "inner" / "FaceXModel")
    np.testing.assert_array_equal(ict.read(folder / "inner").mean, ict.read(folder).mean)


def test_no_modes(folder: Path) -> None:
    for file in folder.glob("identity*.obj"):
        file.unlink()
    with pytest.raises(ModelFileError, match="has no identity modes"):
        ict.read(folder)


def test_another_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"it has no generic_neutral_mesh\.obj"):
        ict.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("generic_neutral_mesh", NEUTRAL.replace("M_Teeth", "M_Tail"), "it has the material `M_Tail`"),
        ("generic_neutral_mesh", NEUTRAL.replace("v 0 1 9", "v 0 1"), "is truncated: a line `v...` has only 2 numbers"),
        ("generic_neutral_mesh", NEUTRAL.replace("v 0 1 9", ""), "is truncated: a polygon names row 5 of 4"),
        ("generic_neutral_mesh", NEUTRAL.replace("v 0 1 9", "v 0 one 9"), "something else than numbers"),
        ("generic_neutral_mesh", NEUTRAL.replace("f 1/5 2/6 5/7", "f 1 2 5"), "without texture coordinates"),
        ("generic_neutral_mesh", NEUTRAL.replace("f 1/5 2/6 5/7", "f 1/5 2/6 x/7"), "`f 1/5 2/6 x/7` can't be read"),
        ("generic_neutral_mesh", NEUTRAL.replace("4/4", "4/4 5/1"), "polygons of 5 corners"),
        ("generic_neutral_mesh", "", "is no OBJ mesh: it has no vertices"),
        ("identity001", moved(1)[:30], "is truncated|vertices, generic_neutral_mesh"),
        ("jawOpen", "v 0 0 nan\n" * 5, "must be finite"),
    ],
)
def test_damaged(folder: Path, name: str, text: str, message: str) -> None:
    from fsynth_morphable.models import read

    (folder / f"{name}.obj").write_text(text)
    with pytest.raises(ModelFileError, match=message):
        read(folder)


@pytest.mark.requires_shared
def test_the_real_model(shared: Path) -> None:
    model = ict.read(shared / "data" / "morphable" / "ict_facekit")
    assert model.mean.shape == (26719, 3)
    assert model.polygons.shape == (26384, 4)
    assert model.identity.shape == (3, 26719, 3)
    assert model.expression_names == ("jawOpen", "mouthSmileLeft", "mouthSmileRight")
    assert model.uvs is not None
    assert len(model.uvs) >= 28911
    assert 0 <= model.uvs.min() < model.uvs.max() <= 1
    # A head is some 25 cm high with its neck; outwards means a positive volume; the jaw opens downwards.
    skin = model.polygons[model.in_parts("skin")]
    assert 0.3 < np.ptp(model.mean[skin], axis=(0, 1))[1] < 0.4
    a, b, c = model.mean[skin[:, :3].T]
    assert np.einsum("ij,ij->", np.cross(b - a, c - a), a - model.mean.mean(axis=0)) > 0
    assert model.expression[0][:, 1].min() < -0.01
    # The left eye is at +X.
    left = model.mean[model.polygons[model.in_parts("eye_left")][:, :3]]
    assert left[..., 0].min() > 0


@pytest.mark.requires_shared
def test_the_real_modes_are_those_of_the_light_archive(shared: Path) -> None:
    folder = shared / "data" / "morphable" / "ict_facekit"
    model = ict.read(folder)
    with np.load(folder / "ict_light_float16.npz") as light:
        np.testing.assert_allclose(model.identity, light["I"][:3].astype(np.float32) / 100, atol=1e-5)
