from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.sdk.balance.synthetic import Shot, expose, make_dng, write_dng

from fsynth.balance.raw_file import read_raw

pytestmark = pytest.mark.requires_extra("balance")


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """(30, 44, 3) uint8, every pixel another."""
    return np.random.default_rng(0).integers(0, 256, (30, 44, 3)).astype(np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_is_librawss_half_size_upright(tmp_path: Path, picture: np.ndarray, orientation: int) -> None:
    path = make_dng(tmp_path / "a.dng", picture, Shot(exposure=0.5, orientation=orientation))
    half, reduced = read_raw(path), read_raw(path, longest=44)
    assert reduced.camera.shape == half.camera.shape
    assert reduced.full_size == half.full_size
    assert np.abs(reduced.camera.astype(int) - half.camera).max() <= 1
    assert reduced.camera.max() == 65535  # overexposed: the test sees where it is clipped, too


def test_thinned_out_it_takes_every_nth_block(tmp_path: Path, picture: np.ndarray) -> None:
    path = make_dng(tmp_path / "a.dng", picture, Shot())
    half, reduced = read_raw(path), read_raw(path, longest=15)
    assert reduced.camera.shape == (10, 15, 3)
    assert reduced.full_size == half.full_size
    assert np.abs(reduced.camera.astype(int) - half.camera[::3, ::3]).max() <= 1


def test_odd_sides_lose_half_a_block(tmp_path: Path, picture: np.ndarray) -> None:
    mosaic = expose(picture, Shot(), np.random.default_rng(1))[:-1, :-1]
    write_dng(tmp_path / "a.dng", mosaic, Shot())
    reduced = read_raw(tmp_path / "a.dng", longest=44)
    assert reduced.camera.shape == (29, 43, 3)
    assert reduced.full_size == (87, 59)


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", ["s40_CRW_0104.CRW", "dc50_DC0008L.KDC", "dc120_P003908.KDC"])
def test_cameras_give_the_same_as_libraw(shared: Path, name: str) -> None:
    """Margins and black levels of a Canon; no colour matrix; a Kodak whose pixels are no squares, left to LibRaw."""
    path = shared / "data" / "raw" / name
    half = read_raw(path).camera
    step = max(1, round(max(half.shape) / 400))
    reduced = read_raw(path, longest=400).camera
    assert np.abs(reduced.astype(int) - half[::step, ::step]).max() <= 1
