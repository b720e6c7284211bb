"""``fsynth balance`` as a user runs it, in a process of its own, on all that can go wrong with files and folders."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.sdk.balance.synthetic import Shot, make_dng

from fsynth.balance.temperature import Temperature

FSYNTH = [sys.executable, "-W", "error", "-m", "fsynth_cli.main"]
SIDE = 288

pytestmark = [
    pytest.mark.requires_extra("balance"),
    pytest.mark.skipif(os.name != "posix", reason="links, signals and such names are POSIX's"),
]


@pytest.fixture(scope="module")
def negative(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small digital negative with a face, taken by tungsten light."""
    picture = Image.open(astronaut).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    path = tmp_path_factory.mktemp("negative") / "good.dng"
    return make_dng(path, np.asarray(picture), Shot(Temperature(2900, 0.0), -0.5))


@pytest.fixture
def shoot(tmp_path: Path) -> Path:
    """An empty folder for photos."""
    (tmp_path / "shoot").mkdir()
    return tmp_path / "shoot"


@pytest.fixture
def balance(tmp_path: Path, shoot: Path) -> Iterator[Callable[..., Done]]:
    """Runs ``fsynth balance`` beside ``shoot``; in the end no original may have changed, and no temporary be left."""
    hashes: dict[str, str] = {}

    def run(*arguments: object, **options: Any) -> Done:
        for path in shoot.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.suffix not in {".xmp", ".pp3"}:
                hashes.setdefault(str(path), hashlib.sha256(path.read_bytes()).hexdigest())
        return Done(tmp_path, [str(argument) for argument in arguments], **options)

    yield run
    assert {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in hashes} == hashes
    assert [str(path) for path in tmp_path.rglob(".*")] == []


class Done:
    """A run of the command: its exit code, what it printed, its report."""

    def __init__(self, folder: Path, arguments: list[str], *, before: Sequence[str] = ()) -> None:
        command = [*before, *FSYNTH, "balance", "--jobs", "2", *arguments]
        environment = os.environ | {"COLUMNS": "400"}
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600, env=environment)
        self.code = done.returncode
        self.output = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert "Traceback" not in self.output, self.output
        report = folder / "report.json"
        self.report: Any = json.loads(report.read_text(encoding="utf-8")) if report.exists() else None

    def statuses(self) -> dict[str, str]:
        return {os.path.basename(photo["photo"]): photo["status"] for photo in self.report["photos"]}

    def line(self, start: str) -> str:
        """The one line that begins with ``start``, a photo and what is wrong with it."""
        (line,) = [line.strip() for line in self.output.splitlines() if line.strip().startswith(f"{start}: ")]
        return line


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
    picture = Image.open(astronaut).resize((SIDE, SIDE))
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


@pytest.fixture
def without_rights() -> list[str]:
    """The beginning of a command line that takes from root the right to pass over permissions."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("as root, needs the program setpriv")
    return ["setpriv", *(f"--{which}=-dac_override,-dac_read_search" for which in ("bounding-set", "inh-caps"))]


def test_folders_that_cannot_be_read_or_written(
    negative: Path, shoot: Path, balance: Callable[..., Done], without_rights: list[str]
) -> None:
    shutil.copyfile(negative, shoot / "good.dng")
    (shoot / "locked").mkdir()
    shutil.copyfile(negative, shoot / "locked" / "other.dng")
    shutil.copyfile(negative, shoot / "private.dng")
    (shoot / "private.dng").chmod(0)
    (shoot / "locked").chmod(0)
    shoot.chmod(0o555)
    try:
        done = balance("-r", "shoot", before=without_rights)
    finally:
        (shoot / "locked").chmod(0o755)
        shoot.chmod(0o755)
        (shoot / "private.dng").chmod(0o644)
    assert done.code == 3, done.output
    assert "can't be read: Permission denied" in done.line("locked")
    assert "can't be read: Permission denied" in done.line("private.dng")
    assert "good.xmp can't be written (Permission denied)" in done.line("good.dng")
    assert "--resume will not be possible" in done.output
    assert sorted(path.name for path in shoot.rglob("*")) == ["good.dng", "locked", "other.dng", "private.dng"]


def test_a_full_disk(negative: Path, shoot: Path, balance: Callable[..., Done], tmp_path: Path) -> None:
    """On a file system of 600 kB the first finished TIFF doesn't fit, and small ones do; the original is elsewhere."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    try:
        shutil.copyfile(negative, shoot / "good.dng")
        done = balance("shoot", "--format", "tiff16", "-o", "small", "--report", "report.json")
        assert done.code == 3, done.output
        assert "No space left on device" in done.line("good.dng")
        assert [name for name in os.listdir(small) if not name.startswith(".fsynth-balance")] == []
        done = balance("shoot", "--format", "jpeg", "-o", "small", "--report", "report.json", "--overwrite")
        assert done.code == 0, done.output
        with Image.open(small / "good.jpg") as picture:
            picture.load()
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_interruption_and_resumption(negative: Path, shoot: Path, tmp_path: Path, interruption: signal.Signals) -> None:
    for number in range(12):
        shutil.copyfile(negative, shoot / f"{number:02}.dng")
    hashes = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in shoot.iterdir()}
    command = [*FSYNTH, "balance", "shoot", "--jobs", "2", "--format", "png", "-o", "out"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        deadline = time.monotonic() + 300
        while not list((tmp_path / "out").glob("*.png")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(interruption)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert "--resume" in output
    assert "Traceback" not in output
    pictures = {path: path.stat().st_ino for path in (tmp_path / "out").glob("*.png")}
    assert 0 < len(pictures) < 12
    assert not list((tmp_path / "out").glob("*.tmp"))
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
    done = Done(tmp_path, ["shoot", "--format", "png", "-o", "out", "--resume"])
    assert done.code == 0, done.output
    assert len(list((tmp_path / "out").glob("*.png"))) == 12
    assert {path: path.stat().st_ino for path in pictures} == pictures
    assert list((tmp_path / "out").glob(".*")) == []
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in shoot.iterdir()} == hashes
