from __future__ import annotations

import builtins
import datetime
import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.sdk.balance.synthetic import CAMERA, DAYLIGHT, Shot, camera_to_srgb, make_dng, true_gains, write_dng

from fsynth.balance.develop import develop, to_linear_srgb
from fsynth.balance.gains import Gains
from fsynth.balance.raw_file import RAW_SUFFIXES, is_raw, read_raw
from fsynth.balance.temperature import Temperature
from fsynth.errors import EngineError, PhotoError

pytestmark = pytest.mark.requires_extra("balance")


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """(120, 160, 3) uint8: 48 patches of 20 x 20 pixels, none of them black or white."""
    patches = np.random.default_rng(0).integers(40, 200, (6, 8, 3)).astype(np.uint8)
    return patches.repeat(20, axis=0).repeat(20, axis=1)


@pytest.mark.parametrize("light", [Temperature(2500, 0), Temperature(6504, 0.003), Temperature(4000, 0.02)])
@pytest.mark.parametrize("exposure", [-2.0, 0.0])
def test_true_gains_give_the_picture_back(
    tmp_path: Path, picture: np.ndarray, light: Temperature, exposure: float
) -> None:
    shot = Shot(light, exposure, noise=False)
    raw = read_raw(make_dng(tmp_path / "a.dng", picture, shot))
    developed = develop(raw.camera, true_gains(shot), raw.camera_to_srgb)
    # A camera's RGB can't be negative, which costs a few saturated colours something.
    off = np.abs(developed.astype(int) - picture)
    assert np.median(off) == 0
    assert np.percentile(off, 90) <= 1


def test_reads_what_the_file_says(tmp_path: Path, picture: np.ndarray) -> None:
    shot = Shot(taken=datetime.datetime(2026, 2, 3, 4, 5, 6))
    raw = read_raw(make_dng(tmp_path / "a.dng", picture, shot))
    assert raw.camera.shape == (120, 160, 3)
    assert raw.camera.dtype == np.uint16
    assert raw.full_size == (320, 240)
    assert raw.taken == shot.taken
    assert raw.camera_name == "fsynth synthetic"
    assert np.allclose(raw.camera_to_srgb, camera_to_srgb(), atol=1e-4)
    assert np.allclose(raw.xyz_to_camera, CAMERA, atol=1e-4)
    as_shot = true_gains(Shot(DAYLIGHT)).multipliers
    assert np.allclose(raw.as_shot.multipliers, as_shot, rtol=1e-3)
    assert raw.as_shot.exposure == 0
    assert raw.warnings == ()


def test_full_size_has_twice_the_pixels_and_the_same_colours(tmp_path: Path, picture: np.ndarray) -> None:
    path = make_dng(tmp_path / "a.dng", picture, Shot(noise=False))
    full, half = read_raw(path, half=False), read_raw(path)
    assert full.camera.shape == (240, 320, 3)
    assert full.full_size == half.full_size == (320, 240)
    middles = full.camera[20::40, 20::40].astype(float) / half.camera[10::20, 10::20].clip(1)
    assert np.abs(middles - 1).max() < 0.01


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_orientation_is_applied(tmp_path: Path, picture: np.ndarray, orientation: int, turns: int) -> None:
    upright = read_raw(make_dng(tmp_path / "a.dng", picture, Shot(noise=False)))
    turned = read_raw(make_dng(tmp_path / "b.dng", picture, Shot(noise=False, orientation=orientation)))
    assert np.array_equal(turned.camera, np.rot90(upright.camera, turns))
    assert turned.full_size == ((320, 240) if turns % 2 == 0 else (240, 320))


def test_saturation_is_the_top_and_the_range_is_never_stretched(tmp_path: Path) -> None:
    """A dark photo stays dark: LibRaw's automatic brightness and maximum are off."""
    dark, white = np.full((20, 20, 3), 0.01, np.float32), np.full((20, 20, 3), 4.0, np.float32)
    shot = Shot(noise=False)
    low = read_raw(make_dng(tmp_path / "low.dng", dark, shot)).camera
    high = read_raw(make_dng(tmp_path / "high.dng", white, shot)).camera
    assert (high == 65535).all()
    expected = true_gains(shot).inverse().apply(np.full(3, 0.01)) * 65535
    assert np.abs(low.mean(axis=(0, 1)) / expected - 1).max() < 0.01


def test_noise_leaves_means_alone(tmp_path: Path, picture: np.ndarray) -> None:
    shot = Shot(Temperature(3500, 0), -1)
    clean = read_raw(make_dng(tmp_path / "a.dng", picture, Shot(shot.light, -1, noise=False))).camera.astype(float)
    noisy = read_raw(make_dng(tmp_path / "b.dng", picture, shot)).camera.astype(float)
    assert 0.001 < (noisy - clean).std() / 65535 < 0.02
    assert abs((noisy - clean).mean() / clean.mean()) < 0.005


def test_reading_changes_no_file(tmp_path: Path, picture: np.ndarray) -> None:
    path = make_dng(tmp_path / "ä photo.dng", picture, Shot())
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    read_raw(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert list(tmp_path.iterdir()) == [path]


def broken(path: Path, kind: str, picture: np.ndarray) -> Path:
    good = make_dng(path.with_name("good.dng"), picture, Shot())
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        path.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    elif kind == "header only":
        path.write_bytes(good.read_bytes()[:400])
    elif kind == "text":
        path.write_text("no photo\n" * 500)
    elif kind == "JPEG":
        Image.fromarray(picture).save(path, "JPEG")
    elif kind == "TIFF":
        Image.fromarray(picture).save(path, "TIFF")
    elif kind == "black":
        write_dng(path, np.full((240, 320), 512, np.uint16), Shot())
    elif kind == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("empty", "is empty"),
        ("truncated", "damaged or incomplete"),
        ("header only", "damaged or incomplete"),
        ("text", "no RAW file that LibRaw .* reads"),
        ("JPEG", "no RAW file"),
        ("TIFF", "no RAW file"),
        ("black", "nothing but black"),
        ("folder", "directory"),
        ("missing", "No such file"),
    ],
)
def test_a_bad_file_is_a_sentence_with_its_name(tmp_path: Path, picture: np.ndarray, kind: str, message: str) -> None:
    path = broken(tmp_path / "bad.dng", kind, picture)
    with pytest.raises(PhotoError, match=message) as caught:
        read_raw(path)
    assert str(path) in str(caught.value)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def without_rawpy(name: str, *args: object, **kwargs: object) -> object:
        if name == "rawpy":
            raise ModuleNotFoundError("No module named 'rawpy'", name="rawpy")
        return load(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_rawpy)
    with pytest.raises(EngineError, match=r'pip install "fsynth\[balance\]"'):
        read_raw(tmp_path / "a.dng")


def test_suffixes_of_raw_files() -> None:
    assert is_raw(Path("IMG_1.CR2"))
    assert is_raw(Path("a.b/x.dng"))
    assert not is_raw(Path("x.jpg"))
    assert not is_raw(Path("dng"))
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in RAW_SUFFIXES)


class FakeRaw:
    """What LibRaw says of a file, where real files are hard to come by."""

    color_matrix = np.zeros((3, 4))
    rgb_xyz_matrix = np.zeros((4, 3))
    camera_whitebalance = (0.0, 0.0, 0.0, 0.0)
    daylight_whitebalance = (2.0, 1.0, 1.5, 0.0)


@pytest.mark.parametrize(
    "said", [(0, 1, 0, 0), (-1, -1, -1, -1), (float("nan"), 1, 1, 1), (0, 0, 0, 0), (900, 1, 1, 1)]
)
def test_a_white_balance_that_says_nothing_is_daylight(said: tuple[float, ...]) -> None:
    from fsynth.balance.raw_file import _as_shot

    raw, warnings = FakeRaw(), list[str]()
    raw.camera_whitebalance = said  # type: ignore[assignment]
    assert np.allclose(_as_shot(raw, np.eye(3), warnings).multipliers, [2, 1, 1.5])  # type: ignore[arg-type]
    assert "daylight" in warnings[0]


def test_a_white_balance_of_any_scale_counts() -> None:
    from fsynth.balance.raw_file import _as_shot

    raw, warnings = FakeRaw(), list[str]()
    raw.camera_whitebalance = (1712.0, 1043.0, 1602.0, 1043.0)
    assert np.allclose(_as_shot(raw, np.eye(3), warnings).multipliers, [1712 / 1043, 1, 1602 / 1043])  # type: ignore[arg-type]
    assert not warnings


def test_matrices_fall_back_one_after_the_other() -> None:
    from fsynth.balance.raw_file import _matrices

    raw, warnings = FakeRaw(), list[str]()
    to_srgb, from_xyz = _matrices(raw, warnings)  # type: ignore[arg-type]
    assert np.allclose(to_srgb, np.eye(3))
    assert "no colour matrix" in warnings[0]
    # Daylight is what LibRaw's multipliers make neutral.
    assert np.allclose(from_xyz @ [0.95047, 1, 1.08883], [0.5, 1, 1 / 1.5], atol=1e-3)

    raw.rgb_xyz_matrix = np.vstack([CAMERA, np.zeros(3)])
    to_srgb, from_xyz = _matrices(raw, [])  # type: ignore[arg-type]
    assert np.allclose(from_xyz, CAMERA)
    assert np.allclose(to_srgb, camera_to_srgb())

    own = np.array([[1.6, -0.5, -0.1], [-0.2, 1.5, -0.3], [0.0, -0.5, 1.5]])
    raw.color_matrix = np.hstack([2 * own, np.zeros((3, 1))])
    assert np.allclose(_matrices(raw, [])[0], own)  # type: ignore[arg-type]


@pytest.mark.requires_shared
@pytest.mark.parametrize(
    ("name", "size", "warned"),
    [
        ("dc120_P003908.KDC", (1302, 976), 2),
        ("dc120_P003916.KDC", (1302, 976), 2),
        ("dc50_DC0008L.KDC", (768, 512), 1),
        ("s40_CRW_0104.CRW", (2312, 1720), 0),
        ("s40_CRW_0113.CRW", (2312, 1720), 0),
        ("s40_CRW_0117.CRW", (2312, 1720), 0),
    ],
)
def test_real_raw_files_develop(shared: Path, name: str, size: tuple[int, int], warned: int) -> None:
    raw = read_raw(shared / "data" / "raw" / name)
    assert raw.full_size == size
    assert len(raw.warnings) == warned
    assert raw.taken is not None
    assert np.allclose(raw.camera_to_srgb.sum(axis=1), 1)
    picture = develop(raw.camera, raw.as_shot, raw.camera_to_srgb)
    assert 20 < picture.mean() < 200
    assert picture.std() > 10


@pytest.mark.requires_shared
def test_grey_patches_of_a_real_chart_come_out_grey(shared: Path) -> None:
    """The last row of a ColorChecker, photographed by a Canon S40 that balanced it itself."""
    raw = read_raw(shared / "data" / "raw" / "s40_CRW_0104.CRW")
    linear = to_linear_srgb(raw.camera, raw.as_shot, raw.camera_to_srgb)
    patches = np.array([linear[500:620, left : left + 100].mean(axis=(0, 1)) for left in (140, 340, 540, 740)])
    assert (np.diff(patches[:, 1]) < 0).all()
    grey = Gains(1 / patches.mean(axis=0))
    assert np.abs(np.log(grey.multipliers)).max() < 0.15


@pytest.mark.requires_shared
def test_the_file_that_libraw_cannot_read_fails_with_a_sentence(shared: Path) -> None:
    with pytest.raises(PhotoError, match=r"gopro_GOPR8508\.GPR is no RAW file that LibRaw"):
        read_raw(shared / "data" / "raw" / "gopro_GOPR8508.GPR")
