"""``fsynth balance`` as a user runs it: its own process, real networks, real files."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from tests.sdk.balance.synthetic import Shot, make_dng, true_gains

from fsynth.balance.srgb import from_linear, to_linear
from fsynth.balance.temperature import Temperature
from fsynth.balance.xmp import read
from fsynth_cli.balance.journal import NAME
from fsynth_cli.main import main

pytestmark = pytest.mark.requires_extra("balance")

FSYNTH = [sys.executable, "-m", "fsynth_cli.main", "balance"]
TUNGSTEN = Temperature(2856, 0.0)


def balance(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*FSYNTH, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def portrait(astronaut: Path) -> np.ndarray:
    """(256, 256, 3) uint8 sRGB."""
    with Image.open(astronaut) as image:
        return np.asarray(image.convert("RGB").resize((256, 256), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def shoot(portrait: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two negatives in tungsten light, an orange JPEG with EXIF, a wall, and a broken file, with difficult names."""
    folder = tmp_path_factory.mktemp("shoot")
    for number, exposure in enumerate((-1.0, 0.0)):
        make_dng(folder / f"-tungsten {number}.dng", portrait, Shot(TUNGSTEN, exposure), number)
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    orange = from_linear(to_linear(portrait) * np.float32([0.5, 0.3, 0.12]))
    Image.fromarray(orange).save(folder / "Béla \U0001f98a.jpg", quality=95, exif=exif)
    Image.new("RGB", (200, 100), (120, 110, 100)).save(folder / "wall.png")
    (folder / "broken.CR2").write_bytes(b"II*\0" + bytes(100))
    return folder


def fresh(shoot: Path, to: Path) -> Path:
    to.mkdir()
    for path in shoot.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def test_a_shoot(shoot: Path, tmp_path: Path) -> None:
    folder = fresh(shoot, tmp_path / "a shoot")
    before = hashes(folder)
    done = balance(folder, "--report", "r.json", "--contact-sheet", "s.html", folder=tmp_path)
    assert done.returncode == 3
    assert "broken.CR2" in done.stdout
    assert done.stderr == ""  # LibRaw's too is silent
    after = hashes(folder)
    made = {name for name in after if name not in before}
    assert made == {"-tungsten 0.xmp", "-tungsten 1.xmp", "balanced/Béla \U0001f98a.jpg"}
    assert {name: after[name] for name in before} == before

    report = {Path(photo["photo"]).name: photo for photo in json.loads((tmp_path / "r.json").read_text())["photos"]}
    statuses = {name: photo["status"] for name, photo in report.items()}
    assert statuses == {
        "-tungsten 0.dng": "balanced",
        "-tungsten 1.dng": "balanced",
        "Béla \U0001f98a.jpg": "balanced",
        "wall.png": "skipped",
        "broken.CR2": "failed",
    }
    dark, bright = (read((folder / f"-tungsten {number}.xmp").read_bytes()) for number in (0, 1))
    assert dark.light == bright.light  # one light, one white balance
    assert dark.light is not None
    assert 2500 < dark.light[0] < 3300
    truth = true_gains(Shot(TUNGSTEN, 0.0))
    assert dark.exposure - bright.exposure == pytest.approx(1.0, abs=0.05)
    told = report["-tungsten 1.dng"]["after"]
    assert np.allclose(np.log(told["multipliers"]), np.log(truth.multipliers), atol=0.2)
    people = {name: photo["faces"][0]["person"] for name, photo in report.items() if photo["faces"]}
    assert set(people.values()) == {1}
    skins = np.array([photo["faces"][0]["skin_after"] for photo in report.values() if photo["faces"]])
    assert np.ptp(skins, axis=0).max() < 0.03  # one person, one skin

    with (
        Image.open(folder / "balanced" / "Béla \U0001f98a.jpg") as finished,
        Image.open(folder / "Béla \U0001f98a.jpg") as original,
    ):
        assert finished.getexif()[0x010F] == "A maker"
        assert finished.size == original.size
        x0, y0, x1, y1 = (round(side) for side in report["Béla \U0001f98a.jpg"]["faces"][0]["box"])
        cast = [np.asarray(image)[y0:y1, x0:x1].mean(axis=(0, 1)) for image in (original, finished)]
    assert cast[0][0] / cast[0][2] > 1.5 * cast[1][0] / cast[1][2]  # the orange is gone
    page = (tmp_path / "s.html").read_text()
    assert page.count("data:image/jpeg;base64,") >= 3 * 4  # before, after, aligned, normalized

    again = balance(folder, "-q", folder=tmp_path)
    assert again.returncode == 3
    assert again.stdout == ""
    lines = again.stderr.splitlines()
    assert sum("has a white balance or exposure already. Add --overwrite" in line for line in lines) == 2
    assert sum("exists already. Add --overwrite" in line for line in lines) == 1
    assert hashes(folder) == after


def test_dry_run_writes_nothing_at_all(shoot: Path, tmp_path: Path) -> None:
    folder = fresh(shoot, tmp_path / "shoot")
    before = hashes(tmp_path), folder.stat().st_mtime_ns
    done = balance(folder, "--dry-run", "--format", "jpeg", "-o", tmp_path / "out", folder=tmp_path)
    assert done.returncode == 3
    assert (hashes(tmp_path), folder.stat().st_mtime_ns) == before
    assert "-tungsten 0.dng" in done.stdout


@pytest.mark.parametrize("method", ["gains", "eq4"])
def test_finished_pictures_of_raw_and_others(shoot: Path, tmp_path: Path, method: str) -> None:
    folder = fresh(shoot, tmp_path / "shoot")
    done = balance("--format", "tiff16", "-o", "out", "--method", method, "--no-face", "fail", folder, folder=tmp_path)
    assert done.returncode == 3
    assert "wall.png" in done.stdout.partition("Failed")[2]
    names = {"-tungsten 0.tif", "-tungsten 1.tif", "Béla \U0001f98a.tif"}
    assert set(hashes(tmp_path / "out")) == names
    assert set(hashes(folder)) == set(hashes(shoot))
    for name in names:
        import tifffile

        pixels = tifffile.imread(tmp_path / "out" / name)
        assert pixels.dtype == np.uint16
        assert pixels.std() > 2000


def test_ctrl_c_leaves_whole_files_and_resume_does_the_rest(portrait: np.ndarray, tmp_path: Path) -> None:
    folder = tmp_path / "shoot"
    folder.mkdir()
    for number in range(10):
        Image.fromarray(portrait).resize((1500, 1500)).save(folder / f"{number}.jpg")
    out = tmp_path / "out"
    command = [*FSYNTH, str(folder), "-o", str(out), "--format", "png", "--jobs", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 200
    while not list(out.glob("*.png")) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors == ""
    assert "Stopped" in output or "interrupted" in output.lower()
    done = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.glob("*.png")}
    assert 1 <= len(done) < 10
    assert set(os.listdir(out)) == {NAME, *done}  # nothing half-written
    for name in done:
        with Image.open(out / name) as image:
            image.load()
    assert balance(*command[len(FSYNTH) :], "--strength", "0.5", "--resume", folder=tmp_path).returncode == 2
    assert balance(*command[len(FSYNTH) :], "--resume", folder=tmp_path).returncode == 0
    assert sorted(os.listdir(out)) == [f"{number}.png" for number in range(10)]
    for name, state in done.items():
        status = (out / name).stat()
        assert (status.st_ino, status.st_mtime_ns) == state  # not written twice


def invoke(arguments: Sequence[object], folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, ["balance", *(str(a) for a in arguments)], catch_exceptions=False)
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["missing.jpg"], "does not exist"),
        (["empty"], "There is no photo in the folder"),
        (["a.dng", "--exposure-only", "--white-balance-only"], "would leave nothing to do"),
        (["a.dng", "--method", "eq4"], "--method eq4 needs --format"),
        (["a.dng", "--method", "eq4", "--sidecar", "xmp"], "No sidecar can hold Eq. 4's shift"),
        (["a.dng", "--method", "eq4", "--format", "png", "--daylight-prior"], "is for --method gains"),
        (["a.jpg", "--method", "eq4", "--reference", "a.dng"], "needs a finished picture"),
        (["a.dng", "--dry-run", "--report", "r.json"], "--dry-run writes nothing"),
        (["a.dng", "--report", "r.txt"], "must end in .json"),
        (["a.dng", "--contact-sheet", "r.pdf"], "must end in .html"),
        (["a.dng", "--report", "there.json"], "exists already. Add --overwrite"),
        ([".", "-o", "."], "The results would lie among the photos"),
        (["a.dng", "--strength", "2"], "is not in the range"),
        (["a.dng", "--max-ev", "-1"], "is not in the range"),
        (["a.dng", "--jobs", "0"], "is not in the range"),
    ],
)
def test_usage(arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("a.dng", "a.jpg", "there.json"):
        (tmp_path / name).touch()
    before = hashes(tmp_path)
    code, output = invoke(arguments, tmp_path, monkeypatch)
    assert code == 2
    assert message in output
    assert hashes(tmp_path) == before


def test_a_reference_that_shows_nobody_is_a_usage_error(shoot: Path, tmp_path: Path) -> None:
    done = balance(shoot / "-tungsten 0.dng", "--reference", shoot / "wall.png", "-o", "out", folder=tmp_path)
    assert done.returncode == 2
    assert "shows no face whose skin could be a reference" in " ".join(done.stderr.split())
    assert list((tmp_path / "out").iterdir()) == []


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    (tmp_path / "a.jpg").touch()
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "rawpy" else find(name, *rest))
    code, output = invoke(["a.jpg"], tmp_path, monkeypatch)
    assert code == 1
    assert 'pip install "fsynth[balance]"' in output


def test_help_is_quick_and_light() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from fsynth_cli.main import main\n"
        "print(CliRunner().invoke(main, ['balance', '--help']).output)\n"
        "print(sorted({'numpy', 'PIL', 'onnxruntime', 'colour', 'rawpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--contact-sheet" in done.stdout
    assert done.stdout.strip().endswith("[]")
