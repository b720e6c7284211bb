from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.cli.balance.builders import MATRIX

from fsynth.balance import pp3, xmp
from fsynth.balance.gains import Gains
from fsynth.balance.raw_file import SRGB_TO_XYZ
from fsynth_cli.balance.photos import Found
from fsynth_cli.balance.plan import Plan, make_plans, refusal
from fsynth_cli.balance.settings import Settings

SHOOT = Path("shoot")


def plans(*names: str, settings: Settings | None = None, folder: Path = SHOOT) -> list[Plan]:
    return make_plans([Found(folder / name, Path(name)) for name in names], settings or Settings())


def outputs(*names: str, settings: Settings | None = None) -> list[list[str]]:
    return [[path.as_posix() for path in plan.outputs] for plan in plans(*names, settings=settings)]


def test_defaults_are_sidecars_of_raw_and_pictures_of_others_in_their_own_format() -> None:
    names = ["a.CR2", "b.jpg", "c.JPEG", "d.tif", "e.png", "f.heic", "g.avif", "h.webp", "sub/i.NEF", "sub/j.jpg"]
    assert outputs(*names) == [
        ["shoot/a.xmp"],
        ["shoot/balanced/b.jpg"],
        ["shoot/balanced/c.jpg"],
        ["shoot/balanced/d.tif"],
        ["shoot/balanced/e.png"],
        ["shoot/balanced/f.heic"],
        ["shoot/balanced/g.avif"],
        ["shoot/balanced/h.png"],
        ["shoot/sub/i.xmp"],
        ["shoot/sub/balanced/j.jpg"],
    ]


@pytest.mark.parametrize(
    ("settings", "raw", "jpeg"),
    [
        (Settings(form="tiff16"), ["shoot/balanced/a.tif"], ["shoot/balanced/b.tif"]),
        (Settings(sidecar="pp3"), ["shoot/a.CR2.pp3"], ["shoot/balanced/b.jpg"]),
        (Settings(sidecar="xmp", form="png"), ["shoot/a.xmp", "shoot/balanced/a.png"], ["shoot/balanced/b.png"]),
        (Settings(output_dir=Path("out")), ["out/a.xmp"], ["out/b.jpg"]),
    ],
)
def test_options(settings: Settings, raw: list[str], jpeg: list[str]) -> None:
    assert outputs("a.CR2", "b.jpg", settings=settings) == [raw, jpeg]


def test_subfolders_stay_in_the_output_folder() -> None:
    assert outputs("day 1/a.jpg", settings=Settings(output_dir=Path("out"))) == [["out/day 1/a.jpg"]]


def test_pictures_of_one_name_are_numbered_and_say_so() -> None:
    first, second, third = plans("a.CR2", "a.jpg", "A.png", settings=Settings(form="jpeg"))
    assert [plan.finished.name for plan in (first, second, third) if plan.finished] == ["a.jpg", "a-2.jpg", "A-3.jpg"]
    assert first.warnings == ()
    assert second.warnings[0].startswith("shoot/a.CR2 has the name")
    assert [plan.problem for plan in (first, second, third)] == [""] * 3


def test_raw_photos_that_would_share_a_sidecar_get_none() -> None:
    cr2, dng, jpeg = plans("a.CR2", "a.dng", "a.jpg")
    assert "shoot/a.CR2 and shoot/a.dng would share the sidecar shoot/a.xmp" in cr2.problem
    assert "shoot/a.dng and shoot/a.CR2 would share" in dng.problem
    assert jpeg.problem == ""
    assert [plan.problem for plan in plans("a.CR2", "a.dng", settings=Settings(sidecar="pp3"))] == ["", ""]


def test_a_photo_is_never_its_own_result(tmp_path: Path) -> None:
    (plan,) = plans("a.jpg", settings=Settings(output_dir=tmp_path), folder=tmp_path)
    assert "is one of the photos itself" in plan.problem
    assert refusal(plan, Settings(overwrite=True)) == plan.problem


def test_only_a_dng_is_warned_of_its_xmp() -> None:
    assert [len(plan.warnings) for plan in plans("a.dng", "b.NEF")] == [1, 0]
    assert [plan.warnings for plan in plans("a.dng", settings=Settings(sidecar="pp3"))] == [()]


def test_existing_pictures_are_refused_unless_overwritten(tmp_path: Path) -> None:
    (plan,) = plans("a.jpg", folder=tmp_path)
    assert refusal(plan, Settings()) == ""
    (tmp_path / "balanced").mkdir()
    (tmp_path / "balanced" / "a.jpg").touch()
    assert "a.jpg exists already. Add --overwrite" in refusal(plan, Settings())
    assert refusal(plan, Settings(overwrite=True)) == ""


LIGHTROOM = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:WhiteBalance="As Shot"
crs:Temperature="5200" crs:Exposure2012="0.00" crs:Contrast2012="+12"/></rdf:RDF></x:xmpmeta>"""


@pytest.mark.requires_extra("balance")
@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"", ""),
        (LIGHTROOM, ""),
        (LIGHTROOM.replace(b"As Shot", b"Custom"), "has a white balance or exposure already"),
        (LIGHTROOM.replace(b"0.00", b"+0.35"), "has a white balance or exposure already"),
        (LIGHTROOM.replace(b"</rdf:RDF>", b""), "is broken XML"),
        (xmp.merge(xmp.AdobeSettings(5000, 3, 0.1)), "has a white balance or exposure already"),
    ],
)
def test_a_sidecar_is_merged_into_as_long_as_nobody_has_set_a_balance(
    tmp_path: Path, content: bytes, refused: str
) -> None:
    (plan,) = plans("a.CR2", folder=tmp_path)
    (tmp_path / "a.xmp").write_bytes(content)
    problem = refusal(plan, Settings())
    assert refused in problem
    assert bool(problem) == bool(refused)
    assert refusal(plan, Settings(overwrite=True)) == ("" if "broken" not in problem else problem)


@pytest.mark.requires_extra("balance")
def test_what_a_sidecar_says_is_what_was_written() -> None:
    gains, to_camera = Gains(np.array([1.9, 1, 1.6]), 0.4), np.linalg.inv(SRGB_TO_XYZ @ MATRIX)
    for module, told in (
        (xmp, xmp.AdobeSettings.of_gains(gains, to_camera)),
        (pp3, pp3.RawTherapeeSettings.of_gains(gains, to_camera)),
    ):
        stored = module.read(module.merge(told))
        assert not stored.untouched
        found = stored.gains(Gains(np.ones(3)), to_camera)
        assert np.allclose(found.factors, told.gains(to_camera).factors)
    assert xmp.read(LIGHTROOM).untouched
    assert pp3.read(b"[White Balance]\nSetting=Camera\n").untouched
    as_shot = Gains(np.array([2.0, 1, 1.5]))
    brighter = xmp.read(LIGHTROOM.replace(b"0.00", b"+1.00")).gains(as_shot, to_camera)
    assert np.allclose(brighter.factors, 2 * as_shot.factors)
