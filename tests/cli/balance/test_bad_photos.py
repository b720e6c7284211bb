"""``fsynth balance`` as a user runs it, on all that can go wrong with photos and names."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.cli.balance.running import Done
from tests.sdk.balance.synthetic import Shot, make_dng

pytestmark = [
    pytest.mark.requires_extra("balance"),
    pytest.mark.skipif(os.name != "posix", reason="links, signals and such names are POSIX's"),
]


def cut(source: Path, path: Path, size: int) -> None:
    path.write_bytes(source.read_bytes()[:size])


def without_pixels(source: Path) -> bytes:
    """A DNG that has all of its tags, and whose picture was stripped."""
    data = source.read_bytes()
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    tags = {struct.unpack_from("<H", data, directory + 2 + 12 * i)[0]: directory + 2 + 12 * i for i in range(count)}
    (strip,) = struct.unpack_from("<I", data, tags[273] + 8)
    assert strip > directory
    return data[:strip]


def test_each_bad_photo_has_its_line_and_the_good_ones_their_sidecars(
    negative: Path, shoot: Path, balance: Callable[..., Done]
) -> None:
    good = ["good.dng", "two words 🎉 & [x].dng", "-rf.dng", "Ärger.DNG"]
    for name in good:
        shutil.copyfile(negative, shoot / name)
    size = negative.stat().st_size
    Image.new("RGB", (64, 64), (200, 40, 40)).save(shoot / "faceless.png")
    (shoot / "empty.dng").touch()
    (shoot / "empty.jpg").touch()
    cut(negative, shoot / "truncated.dng", size // 2)
    cut(negative, shoot / "beginning.nef", 20)
    (shoot / "stripped.dng").write_bytes(without_pixels(negative))
    Image.new("RGB", (64, 64)).save(shoot / "renamed.cr2", "JPEG")
    shutil.copyfile(negative, shoot / "renamed.jpg")
    (shoot / "text.arw").write_text("This is no photo. " * 100)
    make_dng(shoot / "black.dng", np.zeros((64, 64, 3), np.uint8), Shot(noise=False))
    (shoot / "loop.dng").symlink_to("loop.dng")
    (shoot / "nowhere.dng").symlink_to("missing.dng")
    shutil.copyfile(negative, shoot / "broken.dng")
    (shoot / "broken.xmp").write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>')
    for suffix in (".dng", ".nef"):
        shutil.copyfile(negative, (shoot / "pair").with_suffix(suffix))

    done = balance("shoot", "--report", "report.json", "--contact-sheet", "sheet.html")

    assert done.code == 3, done.output
    reasons = {
        "empty.dng": "is empty (0 bytes)",
        "empty.jpg": "is empty (0 bytes)",
        "truncated.dng": "damaged",
        "beginning.nef": "damaged",
        "stripped.dng": "",
        "renamed.cr2": "is no RAW file that LibRaw",
        "renamed.jpg": "",
        "text.arw": "is no RAW file that LibRaw",
        "black.dng": "black",
        "loop.dng": "",
        "nowhere.dng": "No such file",
        "broken.dng": "is broken XML",
        "pair.dng": "would share the sidecar",
        "pair.nef": "would share the sidecar",
    }
    statuses = done.statuses()
    assert {name for name, status in statuses.items() if status == "failed"} == set(reasons)
    assert {name for name, status in statuses.items() if status == "balanced"} == set(good)
    assert statuses["faceless.png"] == "skipped"
    for name, reason in reasons.items():
        line = done.line(name)
        assert reason in line
        assert line.endswith((".", ")"))
    assert "No face was found." in done.line("faceless.png")
    sidecars = {os.path.splitext(name)[0] + ".xmp" for name in good} | {"broken.xmp"}
    assert {path.name for path in shoot.iterdir() if path.suffix == ".xmp"} == sidecars
    assert (shoot / "broken.xmp").read_text().endswith("<rdf:RDF>")
    assert not (shoot / "balanced").exists()


def test_links_that_lead_in_a_circle(negative: Path, shoot: Path, balance: Callable[..., Done]) -> None:
    (shoot / "day 1").mkdir()
    shutil.copyfile(negative, shoot / "day 1" / "good.dng")
    (shoot / "day 1" / "again").symlink_to("..")
    (shoot / "day 1" / "same.dng").symlink_to("good.dng")
    done = balance("-r", "shoot", "--report", "report.json")
    assert done.code == 0, done.output
    assert len(done.report["photos"]) == 1
    assert "again is a folder that was read already" in done.output


def test_a_leading_dash_as_argument(negative: Path, shoot: Path, balance: Callable[..., Done]) -> None:
    shutil.copyfile(negative, shoot / "-n.dng")
    done = balance("--output-dir", "out", "--", "shoot/-n.dng")
    assert done.code == 0, done.output
    assert os.listdir(shoot.parent / "out") == ["-n.xmp"]


def test_two_pictures_that_map_to_one_output(astronaut: Path, shoot: Path, balance: Callable[..., Done]) -> None:
    picture = Image.open(astronaut).resize((288, 288))
    picture.save(shoot / "a.png")
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(shoot / "a.jpg")
    done = balance("shoot", "--format", "png", "--report", "report.json")
    assert done.code == 0, done.output
    assert sorted(os.listdir(shoot / "balanced")) == ["a-2.png", "a.png"]
    assert "has the name that this photo's picture would have" in done.output
    outputs = [path for photo in done.report["photos"] for path in photo["outputs"]]
    assert sorted(outputs) == ["shoot/balanced/a-2.png", "shoot/balanced/a.png"]


def test_nothing_is_overwritten_unless_asked(negative: Path, shoot: Path, balance: Callable[..., Done]) -> None:
    shutil.copyfile(negative, shoot / "good.dng")
    assert balance("shoot").code == 0
    before = (shoot / "good.xmp").read_bytes()
    refused = balance("shoot", "--strength", "0.5")
    assert refused.code == 3
    assert "--overwrite" in refused.line("good.dng")
    assert (shoot / "good.xmp").read_bytes() == before
    assert balance("shoot", "--strength", "0.5", "--overwrite").code == 0
    assert (shoot / "good.xmp").read_bytes() != before


def test_a_dry_run_writes_nothing(negative: Path, shoot: Path, balance: Callable[..., Done]) -> None:
    shutil.copyfile(negative, shoot / "good.dng")
    everything = sorted(shoot.parent.rglob("*"))
    times = [path.stat().st_mtime_ns for path in (shoot, shoot.parent)]
    done = balance("shoot", "--dry-run")
    assert done.code == 0, done.output
    assert "Nothing was written" in done.output
    assert sorted(shoot.parent.rglob("*")) == everything
    assert [path.stat().st_mtime_ns for path in (shoot, shoot.parent)] == times


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing"], "does not exist"),
        (["shoot"], "There is no photo in the folder given"),
        (["shoot", "--strength", "2"], "--strength"),
        (["shoot", "--exposure-only", "--white-balance-only"], "nothing to do"),
        (["shoot", "--method", "eq4", "--sidecar", "xmp"], "No sidecar can hold Eq. 4"),
        (["shoot", "--report", "report.html"], "must end in .json"),
    ],
)
def test_usage(balance: Callable[..., Done], arguments: list[str], words: str) -> None:
    done = balance(*arguments)
    assert done.code == 2
    assert words in done.output
