"""The methods on a portrait with a known light and exposure, through a digital negative and LibRaw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.sdk.balance.synthetic import Shot, make_dng, true_gains

from fsynth.balance import eq4
from fsynth.balance.colour_science import colour
from fsynth.balance.develop import develop
from fsynth.balance.gains import solve
from fsynth.balance.raw_file import RawPhoto, read_raw
from fsynth.balance.skin import box_mask, mean_linear, skin_mask
from fsynth.balance.srgb import to_linear
from fsynth.balance.temperature import Temperature, light_xy
from fsynth.faces import LANDMARKS_65, Face, align, find_faces, read_photo

pytestmark = pytest.mark.requires_extra("balance")

LIGHTS = [Temperature(2500, 0), Temperature(4000, 0.02), Temperature(10000, 0.003)]


@pytest.fixture(scope="module")
def portrait(astronaut: Path) -> np.ndarray:
    """(256, 256, 3) uint8, in the range of what a camera can see and show."""
    return (read_photo(astronaut)[::2, ::2] * 0.8 + 20).astype(np.uint8)


@pytest.fixture(scope="module")
def face(portrait: np.ndarray) -> Face:
    return find_faces(portrait)[0]


def take(folder: Path, portrait: np.ndarray, shot: Shot) -> RawPhoto:
    return read_raw(make_dng(folder / "a.dng", portrait, shot))


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """CIEDE2000 between pictures, uint8 sRGB."""
    science = colour()
    labs = (science.XYZ_to_Lab(science.sRGB_to_XYZ(picture / 255)) for picture in (first, second))
    return science.delta_E(*labs, method="CIE 2000")


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("exposure", [-1.0, 0.0])
def test_with_the_perfect_face_gains_restore_the_portrait(
    tmp_path: Path, portrait: np.ndarray, face: Face, light: Temperature, exposure: float
) -> None:
    shot = Shot(light, exposure, noise=False)
    raw = take(tmp_path, portrait, shot)
    mask = skin_mask(face.mesh[LANDMARKS_65, :2], *portrait.shape[:2])
    gains = solve(mean_linear(raw.camera, mask), mean_linear(to_linear(portrait), mask), raw.camera_to_srgb)
    assert np.abs(np.log2(gains.factors / true_gains(shot).factors)).max() < 0.01
    assert difference(develop(raw.camera, gains, raw.camera_to_srgb), portrait).mean() < 0.1
    found = Temperature.of_xy(light_xy(gains.multipliers, raw.xyz_to_camera))
    assert found.mired == pytest.approx(light.mired, abs=2)
    assert found.duv == pytest.approx(light.duv, abs=1e-3)


@pytest.mark.parametrize("light", LIGHTS)
def test_with_the_perfect_face_eq4_brings_the_face_nearer(
    tmp_path: Path, portrait: np.ndarray, face: Face, light: Temperature
) -> None:
    raw = take(tmp_path, portrait, Shot(light, -1.0, noise=False))
    as_shot = develop(raw.camera, raw.as_shot, raw.camera_to_srgb)
    photo, normal = align(as_shot, face).image, align(portrait, face).image
    means = eq4.mean_colour(photo, box_mask()), eq4.mean_colour(normal, box_mask())
    skin = skin_mask(face.mesh[LANDMARKS_65, :2], *portrait.shape[:2])
    before, after = difference(as_shot, portrait)[skin], difference(eq4.shift(as_shot, *means), portrait)[skin]
    assert after.mean() < 0.7 * before.mean()


def test_noise_moves_the_light_by_little(tmp_path: Path, portrait: np.ndarray, face: Face) -> None:
    shot = Shot(Temperature(3200, 0), -2.0)
    raw = take(tmp_path, portrait, shot)
    mask = skin_mask(face.mesh[LANDMARKS_65, :2], *portrait.shape[:2])
    gains = solve(mean_linear(raw.camera, mask), mean_linear(to_linear(portrait), mask), raw.camera_to_srgb)
    assert np.abs(np.log2(gains.factors / true_gains(shot).factors)).max() < 0.05
