"""Opens an image file in Pillow without trusting it: known formats, bounded size, no warnings, no global state."""

from __future__ import annotations

import importlib
import importlib.util
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile

from fsynth.errors import PhotoError
from fsynth.faces.silence import pillow_is_silent

MAX_PIXELS = 200_000_000
"""The largest photo that is decoded, in pixels: what the largest phone sensors write."""

FORMATS = "JPEG, PNG, TIFF, WebP, HEIC, AVIF, GIF or BMP"

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")

_NEW_SUBFILE_TYPE, _DNG_VERSION = 254, 50706  # TIFF tags

DECODING_ERRORS = (
    OSError,
    SyntaxError,  # Pillow's word for "not a file of this format"
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow and its plugins raise on damaged files."""


def open_image(stream: BinaryIO, path: Path) -> ImageFile.ImageFile:
    """Read the header of the image file ``stream``; pixels are decoded later, by ``decode``.

    ``PIL.Image.open`` is not used because its limit of 179 million pixels can only be moved for the whole process.

    Raises:
        PhotoError: not an image, damaged, larger than ``MAX_PIXELS``, or of a format that needs an extra.
    """
    prefix = stream.read(16)
    if not prefix:
        raise PhotoError(f"{path} is empty (0 bytes).")
    module, plugin = _plugin(prefix, path)
    stream.seek(0)
    try:
        with pillow_is_silent():
            image = getattr(importlib.import_module(module), plugin)(stream, str(path))
    except Image.DecompressionBombError as error:
        raise PhotoError(f"{path} is too large: {error}") from error
    except (ImportError, *DECODING_ERRORS) as error:
        raise PhotoError(
            f"{path} can't be read: it is damaged, incomplete, or of a kind that Pillow doesn't know ({error})."
        ) from error
    if _is_camera_raw(image, prefix):
        raise PhotoError(f"{path} is a camera RAW file, of which only a preview could be read. Develop it first.")
    check_size(image, path)
    return image


def _is_camera_raw(image: ImageFile.ImageFile, prefix: bytes) -> bool:
    """Whether a TIFF is a camera's RAW file: its first image is a reduced one, or it has the mark of DNG or CR2."""
    tags = getattr(image, "tag_v2", {})
    return bool(tags.get(_NEW_SUBFILE_TYPE) == 1 or _DNG_VERSION in tags or (tags and prefix[8:10] == b"CR"))


def check_size(image: Image.Image, name: object) -> None:
    """Refuse a photo whose header promises more than ``MAX_PIXELS``, before anything is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"{name} has {width} x {height} pixels; fsynth reads up to {MAX_PIXELS // 1_000_000} million. "
            "Make it smaller first."
        )
    if width < 1 or height < 1:
        raise PhotoError(f"{name} has no pixels ({width} x {height}).")


def _plugin(prefix: bytes, path: Path) -> tuple[str, str]:
    """Module and class of the reader for a file that begins with ``prefix`` (16 bytes)."""
    if prefix.startswith(b"\xff\xd8\xff"):
        return "PIL.JpegImagePlugin", "JpegImageFile"  # of a multi-picture file (MPO) it reads the first
    if prefix.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PIL.PngImagePlugin", "PngImageFile"
    if prefix.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "PIL.TiffImagePlugin", "TiffImageFile"
    if prefix.startswith(b"RIFF") and prefix[8:12] == b"WEBP":
        return "PIL.WebPImagePlugin", "WebPImageFile"
    if prefix.startswith((b"GIF87a", b"GIF89a")):
        return "PIL.GifImagePlugin", "GifImageFile"
    if prefix.startswith(b"BM"):
        return "PIL.BmpImagePlugin", "BmpImageFile"
    if prefix[4:8] == b"ftyp" and prefix[8:12] in (b"avif", b"avis"):
        return "PIL.AvifImagePlugin", "AvifImageFile"
    if prefix[4:8] == b"ftyp" and prefix[8:12] in _HEIF_BRANDS:
        if importlib.util.find_spec("pillow_heif") is None:
            raise PhotoError(f'{path} is a HEIC photo, which needs an extra: pip install "fsynth[heif]"')
        return "pillow_heif", "HeifImageFile"
    raise PhotoError(f"{path} is not an image that fsynth reads ({FORMATS}).")


def decode(image: Image.Image, name: object) -> None:
    """Decode the pixels of ``image``.

    Raises:
        PhotoError: the file is truncated or damaged.
    """
    try:
        with pillow_is_silent():
            image.load()
    except DECODING_ERRORS as error:
        raise PhotoError(f"{name} can't be decoded: it is damaged or incomplete ({error}).") from error
