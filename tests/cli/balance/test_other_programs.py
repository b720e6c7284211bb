"""Sidecars as the command writes them, read or rendered by programs that are not ours; and real RAW files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.sdk.balance.synthetic import CAMERA, Shot, camera_to_srgb, expose, make_dng, true_gains

from fsynth.balance.colour_science import colour
from fsynth.balance.gains import Gains
from fsynth.balance.srgb import encode
from fsynth.balance.temperature import Temperature
from fsynth.balance.xmp import AdobeSettings

FSYNTH = [sys.executable, "-W", "error", "-m", "fsynth_cli.main", "balance", "--jobs", "1"]
LIGHTS = {
    "tungsten": Temperature(2900, 0.001),
    "fluorescent": Temperature(4100, 0.012),
    "shade": Temperature(8000, 0.003),
}
GREYS = (40, 118, 190)
SIDE = 320
PATCH = SIDE // len(GREYS)

pytestmark = pytest.mark.requires_extra("balance")


@pytest.fixture(scope="module")
def shoot(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One portrait above three patches of grey, as digital negatives in three lights, without noise."""
    folder = tmp_path_factory.mktemp("shoot")
    portrait = Image.open(astronaut).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    patches = np.repeat(np.array(GREYS, np.uint8), PATCH)[None, :, None].repeat(3, axis=2).repeat(80, axis=0)
    picture = np.full((SIDE + 80, SIDE, 3), GREYS[-1], np.uint8)
    picture[:SIDE], picture[SIDE:, : patches.shape[1]] = np.asarray(portrait), patches
    for name, light in LIGHTS.items():
        make_dng(folder / f"{name}.dng", picture, Shot(light, -0.6, noise=False))
    return folder


def balance(shoot: Path, folder: Path, *options: str) -> dict[str, Any]:
    """Balance ``shoot`` into ``folder``; what the report says of each photo, by its name without a suffix."""
    command = [*FSYNTH, str(shoot), "--output-dir", str(folder), "--report", str(folder / "report.json"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {Path(photo["photo"]).stem: photo for photo in report["photos"]}


def predicted(name: str, record: Any) -> np.ndarray:
    """(3, 3) sRGB 0..1 of the patches with the gains that the report states, from the light that was put in."""
    picture = np.array(GREYS, np.uint8)[None, :, None].repeat(3, axis=2)
    mosaic = expose(picture, Shot(LIGHTS[name], -0.6, noise=False), np.random.default_rng(0)).astype(np.float64)
    camera = np.stack([mosaic[0, 0::2], (mosaic[0, 1::2] + mosaic[1, 0::2]) / 2, mosaic[1, 1::2]], axis=1)
    camera = (camera - 512) / (16383 - 512)
    gains = Gains(np.array(record["after"]["multipliers"]), record["after"]["exposure"])
    return encode(gains.apply(camera) @ camera_to_srgb().T)


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    science = colour()
    lab = [science.XYZ_to_Lab(science.sRGB_to_XYZ(rgb)) for rgb in (first, second)]
    return np.asarray(science.delta_E(*lab, method="CIE 2000"))


def patches_of(picture: np.ndarray) -> np.ndarray:
    """(3, 3) mean sRGB 0..1 of the patches in a developed photo (H, W, 3), 0..1."""
    scale = picture.shape[1] / SIDE
    rows = slice(round((SIDE + 25) * scale), round((SIDE + 55) * scale))
    middles = [round((i + 0.5) * PATCH * scale) for i in range(len(GREYS))]
    reach = round(PATCH / 4 * scale)
    return np.stack([picture[rows, m - reach : m + reach].mean(axis=(0, 1)) for m in middles])


@pytest.mark.requires_command("exiftool")
def test_exiftool_reads_the_reported_light_and_exposure(shoot: Path, tmp_path: Path) -> None:
    records = balance(shoot, tmp_path)
    assert set(records) == set(LIGHTS)
    for name, record in records.items():
        path = tmp_path / f"{name}.xmp"
        command = ["exiftool", "-json", "-n", "-XMP-crs:all", "-validate", "-warning", str(path)]
        read = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
        assert "Warning" not in read
        assert read["WhiteBalance"] == "Custom"
        light = record["after"]["light"]
        assert read["ColorTemperature"] == pytest.approx(light["cct"], abs=1)
        assert read["Tint"] == pytest.approx(-3000 * light["duv"], abs=0.6)
        # The three numbers, turned back into gains, give the greys that fsynth predicts.
        told = AdobeSettings(int(read["ColorTemperature"]), int(read["Tint"]), float(read["Exposure2012"]))
        gains = told.gains(CAMERA)
        after = {"multipliers": list(gains.multipliers), "exposure": gains.exposure}
        assert difference(predicted(name, {"after": after}), predicted(name, record)).max() < 1


@pytest.mark.requires_command("rawtherapee-cli")
def test_rawtherapee_renders_the_greys_that_fsynth_predicts(shoot: Path, tmp_path: Path) -> None:
    import tifffile

    records = balance(shoot, tmp_path, "--sidecar", "pp3")
    for name, record in records.items():
        rendered = tmp_path / f"{name}.tif"
        profile = tmp_path / f"{name}.dng.pp3"
        command = ["rawtherapee-cli", "-p", str(profile), "-o", str(rendered), "-t", "-b16", "-Y", "-c"]
        environment = {**os.environ, "HOME": str(tmp_path)}
        subprocess.run([*command, str(shoot / f"{name}.dng")], check=True, capture_output=True, env=environment)
        patches = patches_of(tifffile.imread(rendered) / 65535)
        assert difference(patches, predicted(name, record)).max() < 2


def test_finished_pictures_have_the_greys_that_fsynth_predicts(shoot: Path, tmp_path: Path) -> None:
    import tifffile

    records = balance(shoot, tmp_path, "--format", "tiff16")
    for name, record in records.items():
        patches = patches_of(tifffile.imread(tmp_path / f"{name}.tif") / 65535)
        assert difference(patches, predicted(name, record)).max() < 0.5


@pytest.mark.requires_shared
def test_real_raw_files_go_through_and_the_unsupported_one_fails_alone(
    shoot: Path, shared: Path, tmp_path: Path
) -> None:
    cameras = sorted((shared / "data" / "raw").iterdir())
    raws = [path for path in cameras if path.suffix.lower() in {".crw", ".kdc", ".gpr"}]
    assert len(raws) == 7
    command = [*FSYNTH, *map(str, raws), str(shoot), "--no-face", "nearest", "--output-dir", str(tmp_path / "out")]
    command += ["--report", str(tmp_path / "report.json"), "--contact-sheet", str(tmp_path / "sheet.html")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 3, done.stdout + done.stderr
    photos = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["photos"]
    found = {Path(photo["photo"]).name: photo for photo in photos}
    for raw in raws:
        record = found[raw.name]
        if raw.suffix.lower() == ".gpr":
            assert record["status"] == "failed"
            assert "LibRaw" in record["reason"]
        else:
            assert record["status"] == "skipped"
            assert record["reason"].startswith("No face was found.")
            assert record["before"]["light"]["cct"] > 1000
            assert min(record["size"]) >= 480
    assert all(found[f"{name}.dng"]["status"] == "balanced" for name in LIGHTS)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{name}.xmp" for name in LIGHTS)


def test_the_prediction_itself_is_right() -> None:
    for name, light in LIGHTS.items():
        gains = true_gains(Shot(light, -0.6))
        record = {"after": {"multipliers": list(gains.multipliers), "exposure": gains.exposure}}
        wanted = np.array(GREYS)[:, None].repeat(3, axis=1) / 255
        assert difference(predicted(name, record), wanted).max() < 0.2  # of 14 bits
