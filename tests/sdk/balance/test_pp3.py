from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.sdk.balance.synthetic import CAMERA, Shot, make_dng, true_gains

from fsynth.balance.colour_science import colour
from fsynth.balance.gains import Gains
from fsynth.balance.pp3 import RawTherapeeSettings, merge, sidecar_path
from fsynth.balance.temperature import Temperature, light_multipliers
from fsynth.errors import PhotoError

pytestmark = pytest.mark.requires_extra("balance")

SETTINGS = RawTherapeeSettings(3150, 0.9312, -0.45)

PROFILE = b"""[Version]
AppVersion=5.9
Version=349

[Exposure]
# a remark
Auto=true
Compensation=0.25
Curve=1;0;0;0.5;0.6;1;1;
HistogramMatching=true

[White Balance]
Enabled=true
Setting=Camera
Temperature=5500

[Caf\xc3\xa9]
Compensation=7"""


def test_a_new_profile_is_short() -> None:
    assert merge(SETTINGS) == (
        b"[Exposure]\nAuto=false\nCompensation=-0.45\n\n[White Balance]\nEnabled=true\nSetting=Custom\n"
        b"Temperature=3150\nGreen=0.9312\nEqual=1\nTemperatureBias=0\n"
    )


def test_merging_changes_the_settings_and_not_one_byte_more() -> None:
    expected = (
        PROFILE.replace(b"Auto=true", b"Auto=false")
        .replace(b"0.25", b"-0.45")
        .replace(b"HistogramMatching=true", b"HistogramMatching=false")
        .replace(b"Camera\n", b"Custom\n")
        .replace(b"5500\n", b"3150\nGreen=0.9312\nEqual=1\nTemperatureBias=0\n")
    )
    assert merge(SETTINGS, PROFILE) == expected + b"\n"


def test_merging_twice_is_merging_once() -> None:
    for existing in (b"", PROFILE, PROFILE.replace(b"\n", b"\r\n")):
        once = merge(SETTINGS, existing)
        assert merge(SETTINGS, once) == once


def test_line_ends_stay() -> None:
    merged = merge(SETTINGS, b"[Exposure]\r\nAuto=true\r\n")
    assert merged.count(b"\r\n") == merged.count(b"\n") == 11


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"<xml/>", "line 1 "), (b"[A]\nb\n", "line 2 "), (b"a=1\n", "line 1 "), (b"[A]\n\xff", "UTF-8"), (b"\0", "zero")],
)
def test_what_is_no_profile_gets_a_sentence(content: bytes, reason: str) -> None:
    with pytest.raises(PhotoError, match=rf"a\.cr2\.pp3 is no RawTherapee profile .*{reason}.*left as it is"):
        merge(SETTINGS, content, "a.cr2.pp3")


@pytest.mark.parametrize("kelvin", [2600, 2856, 4000, 6504, 18000])
@pytest.mark.parametrize("duv", [-0.015, 0.0, 0.01])
@pytest.mark.parametrize("exposure", [-2.0, 1.25])
def test_settings_stand_for_the_gains(kelvin: int, duv: float, exposure: float) -> None:
    multipliers = light_multipliers(Temperature(kelvin, duv).to_xy(), CAMERA)
    gains = Gains.of_factors(multipliers / multipliers.min() * 2.0**exposure)
    settings = RawTherapeeSettings.of_gains(gains, CAMERA)
    assert settings.compensation == exposure
    np.testing.assert_allclose(settings.gains(CAMERA).factors, gains.factors, rtol=2e-3)


@pytest.mark.parametrize("multipliers", [[20.0, 1.0, 1.0], [1.0, 1.0, 20.0], [1.0, 9.0, 1.0]])
def test_a_light_that_has_no_setting_gets_a_sentence(multipliers: list[float]) -> None:
    with pytest.raises(PhotoError, match="XMP sidecar instead"):
        RawTherapeeSettings.of_gains(Gains(np.array(multipliers)), CAMERA)


def test_the_profile_lies_beside_the_photo() -> None:
    assert sidecar_path(Path("a b/x.y.CR2")) == Path("a b/x.y.CR2.pp3")


@pytest.mark.requires_command("rawtherapee-cli")
@pytest.mark.parametrize(
    ("light", "exposure"),
    [
        (Temperature(2856.0, 0.0), 0.0),
        (Temperature(4300.0, -0.01), -1.5),
        (Temperature(5000.0, 0.015), -0.5),
        (Temperature(9000.0, 0.003), 0.0),
    ],
)
def test_rawtherapee_develops_grey_as_predicted(tmp_path: Path, light: Temperature, exposure: float) -> None:
    import tifffile

    greys = np.array([30, 60, 118, 190, 220], np.uint8)
    picture = np.repeat(greys[None, :, None], 3, axis=2).repeat(80, axis=1).repeat(200, axis=0)
    shot = Shot(light, exposure, noise=False)
    photo = make_dng(tmp_path / "grey.dng", picture, shot)
    profile = sidecar_path(photo)
    profile.write_bytes(merge(RawTherapeeSettings.of_gains(true_gains(shot), CAMERA)))
    # -s: the profile beside the photo, where a user's RawTherapee would find it.
    command = ["rawtherapee-cli", "-s", "-o", str(tmp_path / "grey.tif"), "-t", "-b16", "-Y", "-c", str(photo)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": str(tmp_path)})
    developed = tifffile.imread(tmp_path / "grey.tif") / 65535
    middles = (np.arange(len(greys)) * 160 + 80) * developed.shape[1] // picture.shape[1] // 2
    patches = np.stack([developed[150:250, middle - 30 : middle + 30].mean(axis=(0, 1)) for middle in middles])
    science = colour()
    lab = [science.XYZ_to_Lab(science.sRGB_to_XYZ(rgb)) for rgb in (patches, greys[:, None].repeat(3, axis=1) / 255)]
    assert science.delta_E(*lab, method="CIE 2000").max() < 0.5
