from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from fsynth.balance.icc import RgbProfile
from fsynth.balance.srgb import encode

ADOBE_RGB = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
"""Columns: the primaries of Adobe RGB (1998), CIE XYZ under D50."""


def make_profile(curve: bytes, columns: np.ndarray = ADOBE_RGB) -> bytes:
    """A display profile of three equal curves and a matrix."""
    numbers = [struct.pack(">4s4x3i", b"XYZ ", *np.round(column * 65536).astype(int)) for column in columns.T]
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), numbers, strict=True)) | {b"wtpt": white}
    tags |= {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(data), len(content))
        data += content + b"\0" * (-len(content) % 4)
    header = bytearray(128)
    struct.pack_into(
        ">I4sI4s4s4s", header, 0, 132 + 12 * len(tags) + len(data), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    struct.pack_into(">4s", header, 36, b"acsp")
    struct.pack_into(">3i", header, 68, 63190, 65536, 54061)
    return bytes(header) + table + data


GAMMA = struct.pack(">4s4xIH", b"curv", 1, 563)
TABLE = struct.pack(">4s4xI256H", b"curv", 256, *np.round(np.linspace(0, 1, 256) ** 1.8 * 65535).astype(int))
LINEAR = struct.pack(">4s4xI", b"curv", 0)
PARAMETRIC = struct.pack(
    ">4s4xH2x5i", b"para", 3, *(round(v * 65536) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)
POWER = struct.pack(">4s4xH2x1i", b"para", 0, round(2.2 * 65536))


@pytest.mark.parametrize("curve", [GAMMA, TABLE, LINEAR, PARAMETRIC, POWER])
def test_colours_are_those_of_littlecms(curve: bytes) -> None:
    icc = make_profile(curve)
    profile = RgbProfile.parse(icc)
    assert profile is not None
    # Muted colours, which both spaces have: what is outside sRGB is clipped in ways of its own.
    pixels = np.random.default_rng(0).integers(90, 170, (32, 32, 3)).astype(np.uint8)
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    expected = np.asarray(ImageCms.profileToProfile(Image.fromarray(pixels), source, target, renderingIntent=1))
    found = encode(profile.to_linear(pixels) @ profile.to_srgb.T) * 255
    assert np.abs(found - expected).max() < 1.2


def test_littlecms_srgb_is_srgb() -> None:
    srgb = RgbProfile.srgb()
    parsed = RgbProfile.parse(srgb.icc)
    assert parsed is not None
    np.testing.assert_allclose(parsed.to_srgb, np.eye(3), atol=5e-4)
    np.testing.assert_allclose(parsed.curves, srgb.curves, atol=5e-5)
    assert RgbProfile.srgb().icc == srgb.icc


@pytest.mark.parametrize("curve", [GAMMA, TABLE, LINEAR, PARAMETRIC])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_there_and_back_is_the_same(curve: bytes, dtype: type) -> None:
    profile = RgbProfile.parse(make_profile(curve))
    assert profile is not None
    top = np.iinfo(dtype).max
    pixels = np.linspace(0, top, 3 * 500).round().astype(dtype).reshape(20, 25, 3)
    back = profile.from_linear(profile.to_linear(pixels), bits=8 * pixels.itemsize)
    # The darkest 16-bit values of a steep curve are less than a float32's or a table's step apart.
    off = np.abs(back.astype(int) - pixels)
    assert off.max() <= (0 if dtype == np.uint8 else 40)
    assert off[pixels > top // 20].max() <= (0 if dtype == np.uint8 else 2)


def test_other_profiles_are_left_to_littlecms() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    good = make_profile(GAMMA)
    for icc in (b"", b"x" * 50, lab, good[:300], good.replace(b"RGB ", b"CMYK"), good.replace(b"rTRC", b"A2B0")):
        assert RgbProfile.parse(icc) is None
