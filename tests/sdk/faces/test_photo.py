from __future__ import annotations

import io
import os
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, features

from fsynth.errors import ArgumentError, PhotoError
from fsynth.faces import image_file, read_photo

LOSSY = 12  # steps of 255 that a compressed picture may differ by


def _save(picture: np.ndarray, path: Path, **options: object) -> Path:
    Image.fromarray(picture).save(path, **options)
    return path


def _distance(photo: np.ndarray, expected: np.ndarray) -> int:
    assert photo.dtype == np.uint8
    assert photo.shape == expected.shape
    return int(np.abs(photo.astype(int) - expected).max())


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.TIFF", "a.wrong_suffix"])
def test_lossless_formats_are_read_exactly(picture: np.ndarray, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.fromarray(picture).save(path, format="PNG" if name.endswith("suffix") else None)
    assert np.array_equal(read_photo(path), picture)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jpg", {"quality": 97, "subsampling": 0}),
        ("a.jpg", {"quality": 95, "progressive": True}),
        ("a.webp", {"quality": 97}),
        ("lossless.webp", {"lossless": True}),
        ("lzw.tif", {"compression": "tiff_lzw"}),
        ("deflate.tif", {"compression": "tiff_adobe_deflate"}),
        ("jpeg.tif", {"compression": "jpeg", "quality": 97}),
        ("a.avif", {"quality": 97, "subsampling": "4:4:4"}),
    ],
)
def test_compressed_formats(picture: np.ndarray, tmp_path: Path, name: str, options: dict[str, object]) -> None:
    if name.endswith("avif") and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    assert _distance(read_photo(_save(picture, tmp_path / name, **options)), picture) <= LOSSY


def test_heic(picture: np.ndarray, tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason='needs pip install "fsynth[heif]"')
    path = tmp_path / "a.heic"
    pillow_heif.from_pillow(Image.fromarray(picture)).save(path, quality=97, chroma=444)
    before = set(Image.OPEN)
    assert _distance(read_photo(path), picture) <= LOSSY
    assert set(Image.OPEN) == before  # Pillow of the caller is as it was


def test_heic_without_the_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    monkeypatch.setattr(image_file.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PhotoError, match=r'a\.heic.*pip install "fsynth\[heif\]"'):
        read_photo(path)


def test_path_may_be_a_string_or_a_path(picture: np.ndarray, tmp_path: Path) -> None:
    path = _save(picture, tmp_path / "a.png")
    assert np.array_equal(read_photo(str(path)), read_photo(path))


def test_pillow_image_is_read_and_left_alone(picture: np.ndarray) -> None:
    image = Image.fromarray(picture).convert("RGBA")
    image.putpixel((0, 0), (10, 20, 30, 0))
    photo = read_photo(image)
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0)) == (10, 20, 30, 0)
    photo[:] = 0  # a copy of its own
    assert image.getpixel((5, 5)) == (*picture[5, 5], 255)


def test_array_is_returned_without_a_copy(picture: np.ndarray) -> None:
    assert read_photo(picture) is picture


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_first_frame_of_several(picture: np.ndarray, tmp_path: Path, suffix: str) -> None:
    first, second = Image.fromarray(picture), Image.fromarray(255 - picture)
    options = {"lossless": True} if suffix == "webp" else {}
    path = tmp_path / f"several.{suffix}"
    first.save(path, save_all=True, append_images=[second, first], **options)
    with Image.open(path) as image:
        assert image.n_frames > 1
    assert _distance(read_photo(path), picture) <= (LOSSY * 2 if suffix == "gif" else 0)


# How the stored picture must be laid out so that it shows `picture` when the orientation is applied (EXIF 2.3, 4.6.4A).
STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "avif", "heic"])
def test_orientation_is_applied_once(picture: np.ndarray, tmp_path: Path, suffix: str, orientation: int) -> None:
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](picture)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    if suffix == "heic":
        heif = pytest.importorskip("pillow_heif", reason='needs pip install "fsynth[heif]"')
        image = heif.from_bytes("RGB", stored.size, stored.tobytes())
        image.info["exif"] = exif.tobytes()
        image.save(path, quality=97, chroma=444)
    elif suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    else:
        stored.save(path, exif=exif, quality=97)
    assert _distance(read_photo(path), picture) <= LOSSY
    with path.open("rb") as stream, image_file.open_image(stream, path) as image:
        assert _distance(read_photo(image), picture) <= LOSSY


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_orientation_out_of_range_is_none(picture: np.ndarray, tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(read_photo(_save(picture, tmp_path / "a.png", exif=exif)), picture)


def test_damaged_exif_does_not_lose_the_photo(picture: np.ndarray, tmp_path: Path) -> None:
    for exif in (b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(40)):
        path = _save(picture, tmp_path / "a.jpg", exif=exif, quality=97, subsampling=0)
        assert _distance(read_photo(path), picture) <= LOSSY


# --- what cannot be read -------------------------------------------------------------------------------------------


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"nobody\.jpg does not exist"):
        read_photo(tmp_path / "nobody.jpg")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="is not a file but a folder"):
        read_photo(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes (POSIX)")
def test_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match=r"pipe\.jpg is not a file"):
        read_photo(tmp_path / "pipe.jpg")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(PhotoError, match=r"a\.jpg is empty \(0 bytes\)"):
        read_photo(tmp_path / "a.jpg")


@pytest.mark.parametrize("content", [b"\n", b"hello world, this is text", b"%PDF-1.7\n" + bytes(99), bytes(5000)])
def test_not_an_image(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PhotoError, match=r"a\.jpg is not an image that fsynth reads \(JPEG, "):
        read_photo(tmp_path / "a.jpg")


def test_path_with_a_null_byte() -> None:
    with pytest.raises(PhotoError, match="can't be opened"):
        read_photo("a\0b.jpg")


@pytest.mark.parametrize("tags", [{254: 1}, {50706: b"\1\4\0\0"}])
def test_camera_raw_is_not_mistaken_for_its_thumbnail(
    picture: np.ndarray, tmp_path: Path, tags: dict[int, object]
) -> None:
    path = _save(picture, tmp_path / "a.nef.tif", tiffinfo=tags)
    with pytest.raises(PhotoError, match="is a camera RAW file"):
        read_photo(path)


@pytest.mark.requires_shared
def test_files_of_real_cameras(shared: Path) -> None:
    raws = sorted((shared / "data" / "raw").glob("*.[CKG][RDP][WCR]"))
    assert len(raws) == 7
    for raw in raws:
        with pytest.raises(PhotoError, match=raw.name):
            read_photo(raw)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "gif", "bmp", "heic", "avif"])
def test_truncated_files_are_refused_and_named(tmp_path: Path, suffix: str) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (48, 64, 3)).astype(np.uint8)  # noise fills the file
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    path = tmp_path / f"whole.{suffix}"
    if suffix == "heic":
        heif = pytest.importorskip("pillow_heif", reason='needs pip install "fsynth[heif]"')
        heif.from_pillow(Image.fromarray(picture)).save(path)
    else:
        _save(picture, path)
    whole, expected = path.read_bytes(), read_photo(path)
    cut = tmp_path / f"cut.{suffix}"
    for length in np.unique(np.linspace(1, len(whole) - 1, 60).astype(int)):
        cut.write_bytes(whole[:length])
        try:
            photo = read_photo(cut)
        except PhotoError as error:
            assert "cut." in str(error)  # noqa: PT017 (both outcomes are allowed)
        else:  # only bytes that carry no pixels were lost
            assert length > 0.9 * len(whole)
            assert np.array_equal(photo, expected)


def _png(width: int, height: int, bits: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _bombs() -> dict[str, bytes]:
    bmp = io.BytesIO()
    Image.new("RGB", (1, 1)).save(bmp, "BMP")
    tags = ((256, 60000), (257, 60000), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 60000), (279, 9))
    tiff = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in tags)
    jpeg = io.BytesIO()
    Image.new("RGB", (8, 8)).save(jpeg, "JPEG")
    frame = jpeg.getvalue().index(b"\xff\xc0") + 5
    return {
        "bomb.png": _png(50000, 50000),
        "bomb.bmp": bmp.getvalue()[:18] + struct.pack("<ii", 40000, 40000) + bmp.getvalue()[26:],
        "bomb.gif": b"GIF89a" + struct.pack("<HH", 60000, 60000) + b"\x80\0\0" + bytes(6) + b"," + bytes(9) + b"\x02",
        "bomb.tif": tiff + bytes(8),
        "bomb.jpg": jpeg.getvalue()[:frame] + b"\xff\xff\xff\xff" + jpeg.getvalue()[frame + 4 :],
    }


@pytest.mark.parametrize("name", _bombs())
def test_decompression_bombs_are_refused_before_decoding(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(_bombs()[name])
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("a bomb must not be decoded"))
    with pytest.raises(PhotoError, match=r"bomb\.\w+ has \d+ x \d+ pixels; fsynth reads up to 200 million"):
        read_photo(tmp_path / name)


def test_limit_is_exact(picture: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _save(picture, tmp_path / "a.png")
    monkeypatch.setattr(image_file, "MAX_PIXELS", 40 * 56)
    assert read_photo(path).shape == (40, 56, 3)
    monkeypatch.setattr(image_file, "MAX_PIXELS", 40 * 56 - 1)
    with pytest.raises(PhotoError, match="56 x 40 pixels"):
        read_photo(path)
    with pytest.raises(PhotoError, match="56 x 40 pixels"):
        read_photo(Image.fromarray(picture))


def test_limit_of_pillow_does_not_come_first(tmp_path: Path) -> None:
    width = height = 14_000  # 196 million, more than the 179 million at which PIL.Image.open gives up
    stream = io.BytesIO(_png(width, height))
    assert image_file.open_image(stream, tmp_path / "large.png").size == (width, height)


@pytest.mark.parametrize("photo", [None, 7, 1.5, [[1, 2, 3]], b"bytes", {"a": 1}, object()])
def test_other_types(photo: object) -> None:
    with pytest.raises(ArgumentError, match="`photo` must be a path, a Pillow image or an array"):
        read_photo(photo)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3)),
        np.full((4, 4, 3), np.nan),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros((4, 4, 3), bool),
        np.array([["a"]]),
        np.array([None]),
    ],
)
def test_arrays_of_another_dtype(array: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match="`photo` must be uint8"):
        read_photo(array)


@pytest.mark.parametrize("shape", [(), (3,), (4, 4), (4, 4, 1), (4, 4, 4), (2, 4, 4, 3), (0, 4, 3), (4, 0, 3)])
def test_arrays_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError, match=r"`photo` must have shape \(H, W, 3\)"):
        read_photo(np.zeros(shape, np.uint8))


# --- nothing global changes ----------------------------------------------------------------------------------------


def test_odd_metadata_warns_nobody_and_leaves_no_trace(picture: np.ndarray, tmp_path: Path) -> None:
    palette = Image.fromarray(picture).quantize(16)
    palette.info["transparency"] = bytes(range(16))
    paths = [tmp_path / "palette.png", tmp_path / "exif.jpg", tmp_path / "tags.tif"]
    palette.save(paths[0])
    Image.fromarray(picture).save(paths[1], exif=b"Exif\0\0II*\0\x08\0\0\0\xff\0" + bytes(range(60)))
    Image.fromarray(picture).save(paths[2], tiffinfo={270: "description"})
    description = struct.pack("<HHI", 270, 2, 12)
    tiff = paths[2].read_bytes()
    assert tiff.count(description) == 1
    paths[2].write_bytes(tiff.replace(description, struct.pack("<HHI", 270, 2, 2**31)))  # longer than the file
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters), set(Image.OPEN))
    problems: list[BaseException] = []

    def read_often() -> None:
        try:
            for _ in range(20):
                for path in paths:
                    read_photo(path)
        except (Warning, PhotoError) as problem:
            problems.append(problem)

    threads = [threading.Thread(target=read_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert before[:3] == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    assert before[3] >= set(Image.OPEN) - {"TIFF", "WEBP", "AVIF"}
