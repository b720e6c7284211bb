"""Thousands of damaged files and odd arrays: a typed error or a result, and nothing else."""

from __future__ import annotations

import importlib.util
import io
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, features

from fsynth.errors import ArgumentError, PhotoError
from fsynth.faces import find_faces, read_photo

FILES = 2000
ARRAYS = 500
SECONDS_PER_FILE = 10.0  # generous: a flipped size may ask for 200 megapixels on a busy machine


def _seeds() -> dict[str, bytes]:
    """Small files of every format, with the metadata that decoders stumble over."""
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)).resize((40, 32))
    grey16 = Image.fromarray(rng.integers(0, 65536, (32, 40)).astype(np.uint16))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    forms: list[tuple[str, Image.Image, dict[str, object]]] = [
        ("jpeg", smooth, {"exif": exif, "icc_profile": profile}),
        ("jpeg", smooth, {"progressive": True}),
        ("jpeg", smooth.convert("CMYK"), {}),
        ("png", smooth, {"exif": exif, "icc_profile": profile}),
        ("png", smooth.convert("RGBA"), {}),
        ("png", smooth.quantize(16), {"transparency": bytes(range(16))}),
        ("png", grey16, {}),
        ("png", smooth, {"save_all": True, "append_images": [smooth.rotate(90)]}),
        ("tiff", smooth, {"exif": exif}),
        ("tiff", smooth, {"compression": "tiff_lzw"}),
        ("tiff", smooth, {"compression": "tiff_adobe_deflate"}),
        ("tiff", smooth, {"compression": "jpeg"}),
        ("tiff", grey16, {}),
        ("tiff", smooth.convert("CMYK"), {}),
        ("tiff", smooth.convert("1"), {"compression": "group4"}),
        ("webp", smooth, {"exif": exif}),
        ("webp", smooth.convert("RGBA"), {"lossless": True}),
        ("gif", smooth, {"save_all": True, "append_images": [smooth.rotate(90)]}),
        ("bmp", smooth, {}),
        ("bmp", smooth.quantize(16), {}),
    ]
    if features.check("avif"):
        forms.append(("avif", smooth, {}))
    seeds = {}
    for index, (form, image, options) in enumerate(forms):
        stream = io.BytesIO()
        image.save(stream, form, **options)
        seeds[f"{index}.{form}"] = stream.getvalue()
    if importlib.util.find_spec("pillow_heif"):
        pillow_heif = importlib.import_module("pillow_heif")
        stream = io.BytesIO()
        pillow_heif.from_pillow(smooth).save(stream)
        seeds["heic"] = stream.getvalue()
    return seeds


def _mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip bits, write extreme values, cut, drop, repeat or swap pieces, most often among the first 200 bytes."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        reach = min(200, len(data)) if rng.random() < 0.6 else len(data)
        at = int(rng.integers(0, max(reach, 1)))
        length = int(rng.integers(1, 9))
        kind = rng.integers(0, 7)
        if kind == 0:
            data[at : at + 1] = bytes([data[at] ^ (1 << int(rng.integers(0, 8)))]) if data else b""
        elif kind == 1:
            data[at : at + length] = rng.integers(0, 256, length).astype(np.uint8).tobytes()
        elif kind == 2:
            data[at : at + length] = bytes([int(rng.choice([0, 255, 127, 128]))]) * length
        elif kind == 3:
            del data[at + 1 + int(rng.integers(0, len(data) + 1)) :]
        elif kind == 4:
            del data[at : at + length]
        elif kind == 5:
            data[at:at] = data[at : at + length] * int(rng.integers(1, 20))
        else:
            other = int(rng.integers(0, max(len(data), 1)))
            data[at : at + length] = data[other : other + length]
    return bytes(data)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def test_damaged_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(20260101)
    seeds = list(_seeds().items())
    path = tmp_path / "photo"
    read, refused, slowest = 0, 0, 0.0
    before = 0
    for index in range(FILES):
        name, content = seeds[index % len(seeds)]
        path.write_bytes(_mutate(content, rng))
        start = time.perf_counter()
        try:
            photo = read_photo(path)
        except PhotoError as error:
            refused += 1
            assert str(path) in str(error), name  # noqa: PT017 (both outcomes are allowed)
        else:
            read += 1
            assert photo.dtype == np.uint8, name
            assert photo.shape[2:] == (3,), name
            if read % 20 == 0 and photo.size < 100_000:
                find_faces(photo)
        slowest = max(slowest, time.perf_counter() - start)
        if index == FILES // 4 and sys.platform == "linux":  # caches are warm by now
            before = _resident_bytes()
    assert min(read, refused) > FILES / 10  # the mutations are neither harmless nor hopeless
    assert slowest < SECONDS_PER_FILE
    if sys.platform == "linux":
        assert _resident_bytes() - before < 60e6


def _random_array(rng: np.random.Generator) -> np.ndarray:
    shape = tuple(rng.integers(0, 40, rng.integers(0, 5)))
    if rng.random() < 0.5:
        shape = (*rng.integers(0, 70, 2), int(rng.choice([1, 2, 3, 3, 3, 4])))
    array = rng.normal(100, 80, shape)
    kind = rng.integers(0, 8)
    if kind == 0:
        return array
    if kind == 1:
        return np.where(rng.random(shape) < 0.1, rng.choice([np.nan, np.inf, -np.inf]), array)
    if kind == 2:
        return array.astype(rng.choice(["f2", "f4", "c8", "O", "U", "M8[s]", "V4", "S3"]), casting="unsafe")
    if kind == 3:
        return np.clip(array, 0, 127).astype(rng.choice(["i1", "u2", "i4", "u8", "?"]))
    photo = np.clip(array, 0, 255).astype(np.uint8)
    return photo[::-1, ::-2] if kind == 4 and photo.ndim > 1 else photo


def test_odd_arrays() -> None:
    rng = np.random.default_rng(7)
    found = refused = 0
    for _ in range(ARRAYS):
        array = _random_array(rng)
        before = array.copy()
        try:
            faces = find_faces(array)
        except (ArgumentError, PhotoError) as error:
            refused += 1
            assert "`photo`" in str(error)  # noqa: PT017 (both outcomes are allowed)
        else:
            found += 1
            assert read_photo(array) is array
            assert all(np.isfinite(face.mesh).all() for face in faces)
        assert array.tobytes() == before.tobytes()
    assert min(found, refused) > ARRAYS / 20
