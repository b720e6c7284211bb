from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from fsynth.errors import PhotoError
from fsynth.faces import read_photo

# CIE XYZ (D50) of linear sRGB, as in the ICC's sRGB profile (IEC 61966-2-1, Bradford adaptation).
SRGB_TO_XYZ = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
ADOBE_TO_XYZ = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
ADOBE_GAMMA = 563 / 256
D50 = np.array([0.9642, 1.0, 0.8249])


def _encode(xyz: np.ndarray) -> np.ndarray:
    """CIE XYZ (D50) -> sRGB in 0..255, by the formulas of IEC 61966-2-1."""
    linear = np.clip(xyz @ np.linalg.inv(SRGB_TO_XYZ).T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile, version 2.4 (ICC.1:2001-04)."""
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4s4s4s4s4s", 132 + 12 * len(tags) + len(data), b"\0" * 4, b"\x02\x40\0\0", kind, space, connection
    )
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(*D50)
    return header.ljust(128, b"\0") + table + data


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _adobe_rgb() -> bytes:
    tags = {b"wtpt": _xyz(D50)}
    for name, column in zip("rgb", ADOBE_TO_XYZ.T, strict=True):
        tags[f"{name}XYZ".encode()] = _xyz(column)
        tags[f"{name}TRC".encode()] = _curve(ADOBE_GAMMA)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def _grey(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(D50), b"kTRC": _curve(gamma)})


# Lab of the sixteen overprints of a made-up press: index bits are C, M, Y, K.
INKS = np.array(
    [
        [
            100 * (1 - 0.45 * c) * (1 - 0.4 * m) * (1 - 0.1 * y) * (1 - k),
            (-35 * c + 60 * m - 5 * y) * (1 - k),
            (-40 * c - 5 * m + 70 * y) * (1 - k),
        ]
        for c, m, y, k in np.ndindex(2, 2, 2, 2)
    ]
)


def _press() -> bytes:
    ramp = bytes(range(256))
    lab = np.round(INKS * [255 / 100, 1, 1] + [0, 128, 128]).astype(np.uint8).tobytes()
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + ramp * 4 + lab + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(D50), b"A2B0": table, b"A2B1": table})


def _lab_to_xyz(lab: np.ndarray) -> np.ndarray:
    f = (lab[:, :1] + 16) / 116 + lab[:, 1:2] / 500 * [1, 0, 0] - lab[:, 2:] / 200 * [0, 0, 1]
    return D50 * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))


def _distance(photo: np.ndarray, expected: np.ndarray) -> float:
    assert photo.shape == expected.shape
    return float(np.abs(photo.astype(float) - expected).max())


# --- ICC profiles --------------------------------------------------------------------------------------------------


def test_adobe_rgb_becomes_srgb(tmp_path: Path) -> None:
    stored = np.random.default_rng(0).integers(60, 200, (20, 30, 3)).astype(np.uint8)
    expected = _encode((stored / 255.0) ** ADOBE_GAMMA @ ADOBE_TO_XYZ.T)
    in_gamut = ((stored / 255.0) ** ADOBE_GAMMA @ ADOBE_TO_XYZ.T @ np.linalg.inv(SRGB_TO_XYZ).T > 0.01).all(axis=-1)
    assert in_gamut.mean() > 0.5
    assert np.abs(expected - stored)[in_gamut].max() > 20  # the profile matters
    for suffix in ("png", "tif"):
        Image.fromarray(stored).save(tmp_path / f"a.{suffix}", icc_profile=_adobe_rgb())
        photo = read_photo(tmp_path / f"a.{suffix}")
        assert np.abs(photo - expected)[in_gamut].max() <= 1.5


def test_profile_of_a_pillow_image(tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 4), (90, 140, 110))
    image.info["icc_profile"] = _adobe_rgb()
    expected = _encode((np.array([90, 140, 110]) / 255) ** ADOBE_GAMMA @ ADOBE_TO_XYZ.T)
    assert _distance(read_photo(image)[0, 0], expected) <= 1.5


@pytest.mark.parametrize("version", [2, 4])
def test_srgb_profile_changes_nothing(picture: np.ndarray, tmp_path: Path, version: int) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if version == 2:
        profile = profile[:8] + b"\x02\x40\0\0" + profile[12:]
    Image.fromarray(picture).save(tmp_path / "a.png", icc_profile=profile)
    assert np.array_equal(read_photo(tmp_path / "a.png"), picture)


def test_grey_profile(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "a.png", icc_profile=_grey(1.8))
    gamma = round(1.8 * 256) / 256
    expected = _encode((ramp[..., None] / 255.0) ** gamma * D50)
    assert _distance(read_photo(tmp_path / "a.png"), expected) <= 2


def test_cmyk_with_a_profile(tmp_path: Path) -> None:
    inks = (np.array(list(np.ndindex(2, 2, 2, 2)), np.uint8) * 255)[None]
    image = Image.frombytes("CMYK", (16, 1), inks.tobytes())
    image.save(tmp_path / "a.tif", icc_profile=_press())
    photo = read_photo(tmp_path / "a.tif")
    linear = _lab_to_xyz(INKS) @ np.linalg.inv(SRGB_TO_XYZ).T
    in_gamut = (linear > -1e-3).all(axis=1) & (linear < 1.001).all(axis=1)
    assert in_gamut.sum() >= 8
    assert np.abs(photo[0] - _encode(_lab_to_xyz(INKS)))[in_gamut].max() <= 3  # the profile's Lab has 8 bits


def test_cmyk_without_a_profile(tmp_path: Path) -> None:
    inks = np.random.default_rng(0).integers(0, 256, (8, 8, 4)).astype(np.uint8)
    Image.frombytes("CMYK", (8, 8), inks.tobytes()).save(tmp_path / "a.tif")
    ink = inks / 255.0
    expected = 255 * (1 - ink[..., :3]) * (1 - ink[..., 3:])
    assert _distance(read_photo(tmp_path / "a.tif"), expected) <= 1.5


def test_cmyk_jpeg_is_not_inverted(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "red.jpg", quality=95)
    assert _distance(read_photo(tmp_path / "red.jpg")[8, 8], np.array([255, 0, 0])) <= 6


@pytest.mark.parametrize("profile", [b"", b"nonsense", bytes(200), _adobe_rgb()[:150], _press(), _grey(1.8)])
def test_damaged_and_foreign_profiles_are_passed_over(picture: np.ndarray, tmp_path: Path, profile: bytes) -> None:
    Image.fromarray(picture).save(tmp_path / "a.tif", icc_profile=profile)
    assert np.array_equal(read_photo(tmp_path / "a.tif"), picture)


def test_colour_profile_on_a_grey_photo(tmp_path: Path) -> None:
    Image.new("L", (4, 4), 120).save(tmp_path / "a.png", icc_profile=_adobe_rgb())
    expected = _encode((np.full(3, 120 / 255)) ** ADOBE_GAMMA @ ADOBE_TO_XYZ.T)
    assert _distance(read_photo(tmp_path / "a.png")[0, 0], expected) <= 1.5


# --- modes ---------------------------------------------------------------------------------------------------------


def test_grey_and_bilevel(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "grey.png")
    assert np.array_equal(read_photo(tmp_path / "grey.png"), np.repeat(ramp[..., None], 3, axis=2))
    Image.fromarray(ramp > 100).save(tmp_path / "bilevel.png")
    assert np.array_equal(read_photo(tmp_path / "bilevel.png")[..., 0], np.where(ramp > 100, 255, 0))


def test_palette(picture: np.ndarray, tmp_path: Path) -> None:
    image = Image.fromarray(picture).quantize(64)
    image.save(tmp_path / "a.png")
    assert np.array_equal(read_photo(tmp_path / "a.png"), np.asarray(image.convert("RGB")))


def test_lab(tmp_path: Path) -> None:
    lab = np.array([[50, 20, 30], [80, -10, 10], [30, 5, -20], [65, 15, 18]], float)
    # Pillow's LAB has a and b as signed bytes and L stretched to 255.
    stored = np.concatenate([lab[:, :1] * 255 / 100, lab[:, 1:] % 256], axis=1).round().astype(np.uint8)[None]
    Image.frombytes("LAB", (4, 1), stored.tobytes()).save(tmp_path / "a.tif")
    assert _distance(read_photo(tmp_path / "a.tif")[0], _encode(_lab_to_xyz(lab))) <= 3


def _on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return colour * (alpha / 255.0) + 255 * (1 - alpha / 255.0)


def test_transparency_shows_white(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 4)).astype(np.uint8)
    expected = _on_white(pixels[..., :3], pixels[..., 3:])
    for name, options in (("a.png", {}), ("a.tif", {}), ("a.webp", {"lossless": True, "exact": True})):
        Image.fromarray(pixels).save(tmp_path / name, **options)
        assert _distance(read_photo(tmp_path / name), expected) <= 1


def test_transparency_of_grey_and_palette(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (9, 9, 2)).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "la.png")
    expected = np.repeat(_on_white(grey[..., :1], grey[..., 1:]), 3, axis=2)
    assert _distance(read_photo(tmp_path / "la.png"), expected) <= 1

    palette = Image.new("P", (3, 1))
    palette.putpalette([250, 0, 0, 0, 250, 0, 0, 0, 250])
    palette.putdata([0, 1, 2])
    palette.save(tmp_path / "bytes.png", transparency=bytes([255, 128, 0]))
    expected = _on_white(np.array([[250, 0, 0], [0, 250, 0], [0, 0, 250]]), np.array([[255], [128], [0]]))
    assert _distance(read_photo(tmp_path / "bytes.png")[0], expected) <= 1
    palette.save(tmp_path / "index.gif", transparency=1)
    assert read_photo(tmp_path / "index.gif")[0].tolist() == [[250, 0, 0], [255, 255, 255], [0, 0, 250]]


def test_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((1, 0), (9, 9, 9))
    image.save(tmp_path / "a.png", transparency=(1, 2, 3))
    assert read_photo(tmp_path / "a.png")[0].tolist() == [[255, 255, 255], [9, 9, 9]]


def test_profile_and_transparency_together(tmp_path: Path) -> None:
    Image.new("RGBA", (2, 2), (90, 140, 110, 128)).save(tmp_path / "a.png", icc_profile=_adobe_rgb())
    colour = _encode((np.array([90, 140, 110]) / 255) ** ADOBE_GAMMA @ ADOBE_TO_XYZ.T)
    assert _distance(read_photo(tmp_path / "a.png")[0, 0], _on_white(colour, np.array([128]))) <= 1.5


# --- 16 bits and more ----------------------------------------------------------------------------------------------


def _png16(pixels: np.ndarray) -> bytes:
    """A PNG with 16 bits per channel, written by hand: Pillow does not write them in colour."""
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _tiff16(pixels: np.ndarray, order: str) -> bytes:
    """An uncompressed TIFF with 16 bits per channel, one strip."""
    height, width, channels = pixels.shape
    data = pixels.astype(f"{order}u2").tobytes()
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, 0), (259, 3, 1, 1)]
    tags += [(262, 3, 1, 1 if channels == 1 else 2), (273, 4, 1, 0), (277, 3, 1, channels), (278, 4, 1, height)]
    tags += [(279, 4, 1, len(data))]
    bits_at = 8 + 2 + 12 * len(tags) + 4
    data_at = bits_at + 2 * channels
    file = struct.pack(f"{order}2sHIH", b"II" if order == "<" else b"MM", 42, 8, len(tags))
    for tag, kind, count, value in tags:
        value = {258: bits_at if channels > 2 else 16, 273: data_at}.get(tag, value)
        field = struct.pack(f"{order}HH", value, 0) if kind == 3 and count <= 2 else struct.pack(f"{order}I", value)
        file += struct.pack(f"{order}HHI", tag, kind, count) + field
    return file + bytes(4) + struct.pack(f"{order}{channels}H", *[16] * channels) + data


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("form", ["png", "little.tif", "big.tif"])
def test_sixteen_bits(tmp_path: Path, form: str, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (10, 12, channels)).astype(np.uint16)
    pixels[0, 0], pixels[0, 1] = 0, 65535
    content = _png16(pixels) if form == "png" else _tiff16(pixels, "<" if form == "little.tif" else ">")
    (tmp_path / f"a.{form}").write_bytes(content)
    photo = read_photo(tmp_path / f"a.{form}")
    expected = np.broadcast_to(pixels / 257.0, (10, 12, 3))
    assert _distance(photo, expected) <= 1
    assert photo[0, 0].tolist() == [0, 0, 0]
    assert photo[0, 1].tolist() == [255, 255, 255]


def test_sixteen_bits_with_alpha(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (10, 12, 4)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(_png16(pixels))
    assert _distance(read_photo(tmp_path / "a.png"), _on_white(pixels[..., :3] / 257.0, pixels[..., 3:] / 257.0)) <= 2


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bits_have_no_agreed_range(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (4, 4), 1).save(tmp_path / "a.tif")
    with pytest.raises(PhotoError, match=r"a\.tif has 32-bit samples"):
        read_photo(tmp_path / "a.tif")
