from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.sdk.balance.synthetic import Shot, make_dng
from tests.sdk.balance.test_icc import GAMMA, make_profile

from fsynth.balance.gains import Gains
from fsynth.balance.icc import RgbProfile
from fsynth.balance.metadata import Metadata, of_raw
from fsynth.balance.picture_file import SUFFIXES, Format, Picture, encode_picture, read_picture, write_picture
from fsynth.balance.raw_file import read_raw
from fsynth.balance.srgb import from_linear, to_linear
from fsynth.balance.writing import OutputError
from fsynth.errors import PhotoError
from fsynth.faces import read_photo

pytestmark = pytest.mark.requires_extra("balance", "heif")

FORMATS: list[Format] = ["tiff16", "jpeg", "png", "avif", "heic"]
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" xmlns:xmp='
    b'"http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
)


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x010F], tags[0x0112] = "Maker", orientation
    tags.get_ifd(0x8769).update({0x9003: "2026:01:02 03:04:05", 0xA002: 56, 0xA003: 40, 0x927C: b"a maker's note"})
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 1.0, 2.0)})
    return tags


def patches(seed: int = 0) -> np.ndarray:
    """(40, 56, 3) uint8, patches of 8 x 8."""
    return np.random.default_rng(seed).integers(20, 230, (5, 7, 3)).repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".avif", ".heic"])
def test_orientation_is_applied_once(tmp_path: Path, orientation: int, suffix: str) -> None:
    import pillow_heif

    path = tmp_path / f"a{suffix}"
    image = Image.fromarray(patches())
    if suffix == ".heic":
        pillow_heif.from_pillow(image).save(path, exif=exif(orientation).tobytes())
    else:
        image.save(path, exif=exif(orientation))
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, read_photo(path))
    assert picture.pixels.shape[:2] == ((40, 56) if orientation < 5 else (56, 40))
    # Once more, from the file that is written of it.
    write_picture(tmp_path / "b.png", picture, "png")
    np.testing.assert_array_equal(read_photo(tmp_path / "b.png"), picture.pixels)


@pytest.mark.parametrize("form", FORMATS)
def test_metadata_and_profile_stay(tmp_path: Path, form: Format) -> None:
    icc = make_profile(GAMMA)
    Image.fromarray(patches()).save(tmp_path / "a.jpg", exif=exif(6), xmp=XMP, icc_profile=icc, quality=100)
    picture = read_picture(tmp_path / "a.jpg")
    path = tmp_path / f"b{SUFFIXES[form]}"
    write_picture(path, picture, form)
    again = read_picture(path)
    assert again.bits == (16 if form == "tiff16" else 8)
    scale = 257 if form == "tiff16" else 1
    assert np.abs(again.pixels.astype(int) - picture.pixels.astype(int) * scale).mean() < 3 * scale
    assert again.profile.icc == icc
    assert again.metadata.xmp == XMP.replace(b'Orientation="6"', b'Orientation="1"')
    with Image.open(path) if form != "heic" else Image.new("L", (1, 1)) as image:
        tags = image.getexif()
        if form == "heic":
            tags.load(again.metadata.exif)
        assert (tags[0x010F], tags[0x0112]) == ("Maker", 1)
        details = tags.get_ifd(0x8769)
        assert (details[0x9003], details[0xA002], details[0xA003]) == ("2026:01:02 03:04:05", 40, 56)
        assert details[0x927C] == b"a maker's note"
        assert tags.get_ifd(0x8825)[2] == (48.0, 1.0, 2.0)


@pytest.mark.requires_command("exiftool")
@pytest.mark.parametrize("form", FORMATS)
def test_another_program_reads_the_metadata(tmp_path: Path, form: Format) -> None:
    Image.fromarray(patches()).save(tmp_path / "a.jpg", exif=exif(6), xmp=XMP)
    path = tmp_path / f"b{SUFFIXES[form]}"
    write_picture(path, read_picture(tmp_path / "a.jpg"), form)
    command = [
        "exiftool",
        "-json",
        "-n",
        "-G0",
        "-a",
        "-EXIF:all",
        "-XMP:all",
        "-ICC_Profile:ColorSpaceData",
        str(path),
    ]
    read = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    assert read.get("EXIF:Orientation", 1) == 1  # AVIF has it elsewhere, and Pillow leaves it out
    assert (read["XMP:Orientation"], read["XMP:Rating"]) == (1, 4)
    assert (read["EXIF:Make"], read["EXIF:DateTimeOriginal"]) == ("Maker", "2026:01:02 03:04:05")
    assert read["ICC_Profile:ColorSpaceData"] == "RGB "
    assert read["EXIF:GPSLatitude"] == pytest.approx(48.0172, abs=1e-4)
    assert "EXIF:ThumbnailOffset" not in read


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"planarconfig": "separate"}])
def test_sixteen_bits_stay_sixteen(tmp_path: Path, options: dict[str, str]) -> None:
    import tifffile

    pixels = np.random.default_rng(1).integers(0, 65536, (30, 20, 3)).astype(np.uint16)
    stored = np.moveaxis(pixels, -1, 0) if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", **options)
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, pixels)
    write_picture(tmp_path / "b.tif", picture, "tiff16")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), pixels)


def test_gains_multiply_light() -> None:
    picture = Picture(patches() // 2, RgbProfile.srgb(), Metadata())
    gains = Gains(np.array([1.3, 1.0, 0.8]), 0.5)
    expected = from_linear(gains.apply(to_linear(picture.pixels)))
    assert np.abs(picture.balanced(gains).pixels.astype(int) - expected).max() <= 1
    assert picture.balanced(gains, bits=16).pixels.dtype == np.uint16
    np.testing.assert_array_equal(picture.balanced(Gains(np.ones(3))).pixels, picture.pixels)


def test_white_stays_white_and_red_stays_red() -> None:
    pixels = np.array([[[255, 255, 255], [255, 30, 20], [255, 240, 30]]], np.uint8)
    warm = Picture(pixels, RgbProfile.srgb(), Metadata()).balanced(Gains(np.array([1.4, 1.0, 0.6]))).pixels[0]
    np.testing.assert_array_equal(warm[0], [255, 255, 255])
    assert warm[1, 0] == 255
    assert warm[1, 1:].max() < 40
    assert warm[2, 2] < 40


def test_a_picture_in_another_space_becomes_srgb(tmp_path: Path) -> None:
    for mode in ("L", "CMYK", "RGBA"):
        path = tmp_path / f"{mode}.tif"
        Image.fromarray(patches()).convert(mode).save(path)
        picture = read_picture(path)
        np.testing.assert_array_equal(picture.pixels, read_photo(path))
        np.testing.assert_array_equal(picture.profile.to_srgb, np.eye(3))


def test_what_is_no_picture_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with pytest.raises(PhotoError, match=r"a\.jpg can't be opened"):
        read_picture(path)
    Image.fromarray(patches()).save(path)
    whole = path.read_bytes()
    for content in (b"", b"hello", whole[:200], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(PhotoError, match=r"a\.jpg "):
            read_picture(path)


def test_damaged_exif_is_left_out_and_the_picture_kept(tmp_path: Path) -> None:
    Image.fromarray(patches()).save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert read_picture(tmp_path / "a.jpg").metadata.exif == b""


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_picture_is_the_same_file(form: Format) -> None:
    picture = Picture(patches(), RgbProfile.srgb(), Metadata(exif(1).tobytes().removeprefix(b"Exif\0\0"), XMP))
    assert encode_picture(picture, form) == encode_picture(picture, form)


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"before")
    picture = Picture(patches(), RgbProfile.srgb(), Metadata())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match=r"a\.png can't be written \(No space left on device\)"):
            write_picture(path, picture, "png")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
    write_picture(path, picture, "png")
    np.testing.assert_array_equal(read_photo(path), picture.pixels)
    with pytest.raises(OutputError, match="can't be written"):
        write_picture(tmp_path / "missing" / "a.png", picture, "png")


def test_too_large_for_a_format_is_a_sentence() -> None:
    picture = Picture(np.zeros((1, 70000, 3), np.uint8), RgbProfile.srgb(), Metadata())
    with pytest.raises(OutputError, match="can't be stored as jpeg"):
        encode_picture(picture, "jpeg")


def test_metadata_of_a_raw_photo(tmp_path: Path) -> None:
    raw = read_raw(make_dng(tmp_path / "a.dng", patches(), Shot()))
    tags = Image.Exif()
    tags.load(of_raw(raw).exif)
    assert (tags[0x010F], tags[0x0110], tags[0x0132]) == ("fsynth", "synthetic", "2026:06:01 12:00:00")
    assert set(tags) <= {0x010F, 0x0110, 0x0131, 0x0132}


def test_metadata_of_a_raw_photo_that_is_no_tiff(tmp_path: Path) -> None:
    raw = read_raw(make_dng(tmp_path / "a.dng", patches(), Shot()))
    other = tmp_path / "a.crw"
    other.write_bytes(b"HEAPCCDR")
    told = dataclasses.replace(raw, path=other, camera_name="Maker S40", iso=400.0, exposure_time=0.008, aperture=2.8)
    tags = Image.Exif()
    tags.load(of_raw(told).exif)
    details = tags.get_ifd(0x8769)
    assert (tags[0x0110], details[0x9003], details[0x8827]) == ("Maker S40", "2026:06:01 12:00:00", 400)
    assert (details[0x829A], details[0x829D]) == (0.008, 2.8)
    assert 0x920A not in details
