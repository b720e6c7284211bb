"""Finished pictures in and out: JPEG, TIFF of 8 and 16 bits, PNG, HEIC and AVIF, with their metadata and profile."""

from __future__ import annotations

import importlib
import io
import struct
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin

from fsynth.balance.gains import Gains
from fsynth.balance.icc import RgbProfile
from fsynth.balance.metadata import Metadata, of_image
from fsynth.balance.writing import OutputError, write_whole
from fsynth.errors import EngineError, PhotoError
from fsynth.faces.colour import to_srgb
from fsynth.faces.image_file import DECODING_ERRORS, decode, open_image
from fsynth.faces.silence import pillow_is_silent

Format = Literal["tiff16", "jpeg", "png", "avif", "heic"]
"""What ``write_picture`` writes: TIFF with 16 bits a channel, the others with 8."""

SUFFIXES: dict[Format, str] = {"tiff16": ".tif", "jpeg": ".jpg", "png": ".png", "avif": ".avif", "heic": ".heic"}
"""File name suffix of each format."""

_ORIENTATION = 0x0112
_WHITE = (0.90, 0.98)  # of the darkest channel: from where to where colours fade to white
_LARGEST_SEGMENT = 65533  # bytes that a JPEG's EXIF or XMP may have

# How the rows and columns of a picture with an EXIF orientation are to be turned: exchange axes, flip rows, columns.
_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A finished picture, upright.

    Attributes:
        pixels: (H, W, 3) uint8 or uint16, in the space of ``profile``.
        profile: the picture's own RGB space; sRGB if the file names none, or was converted.
        metadata: EXIF and XMP, made upright.
        warnings: sentences about what was lost in reading.
    """

    pixels: np.ndarray
    profile: RgbProfile
    metadata: Metadata
    warnings: tuple[str, ...] = ()

    @property
    def bits(self) -> int:
        """8 or 16."""
        return self.pixels.dtype.itemsize * 8

    def linear(self) -> np.ndarray:
        """(H, W, 3) float32, linear light 0..1 in the picture's own space.

        With ``profile.to_srgb`` for ``camera_to_srgb`` it is to ``gains.solve`` what camera RGB is.
        """
        return self.profile.to_linear(self.pixels)

    def balanced(self, gains: Gains, *, bits: int | None = None) -> Picture:
        """The picture times ``gains``, which are for ``linear()``. White stays white; nothing else loses its colour.

        ``bits``: 8 or 16; those of the picture by default.
        """
        bits = bits or self.bits
        every = np.arange(2**self.bits).astype(self.pixels.dtype)[:, None, None].repeat(3, axis=2)
        light = self.profile.to_linear(every)
        table = self.profile.from_linear(gains.apply(light), bits=bits)[:, 0]
        pixels = np.empty(self.pixels.shape, table.dtype)
        bright = np.ones(self.pixels.shape[:2], bool)
        for channel in range(3):
            pixels[..., channel] = table[:, channel][self.pixels[..., channel]]
            bright &= self.pixels[..., channel] >= np.searchsorted(light[:, 0, channel], _WHITE[0])
        if bright.any():
            part = self.profile.to_linear(self.pixels[bright][None])
            white = np.clip((part.min(axis=-1, keepdims=True) - _WHITE[0]) / (_WHITE[1] - _WHITE[0]), 0, 1)
            part = gains.apply(part)
            part += white * (part.max(axis=-1, keepdims=True) - part)
            pixels[bright] = self.profile.from_linear(part, bits=bits)[0]
        return Picture(pixels, self.profile, self.metadata, self.warnings)


def read_picture(path: Path | str) -> Picture:
    """Read the finished picture at ``path``, in its own colour space and depth.

    A profile of curves and a matrix, as cameras and editors embed for RGB, is kept with its pixels. Pictures in other
    spaces (CMYK, grey, Lab, profiles with tables) are converted to sRGB, and what is transparent shows white, as in
    ``fsynth.faces.read_photo``.

    Raises:
        PhotoError: the file is missing, empty, damaged, no picture, too large, or needs an extra.
    """
    path = Path(path)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise PhotoError(f"{path} can't be opened ({error.strerror or error}).") from error
    with stream, open_image(stream, path) as image:
        deep = _sixteen_bits(image)
        if not deep:
            decode(image, path)
        orientation = _orientation(image)
        metadata = of_image(image).upright(turned=orientation >= 5)
        icc = image.info.get("icc_profile") or b""
        warnings: tuple[str, ...] = ()
        pixels = None
        if deep:
            pixels = _read_tiff(path)
            if pixels is None:
                decode(image, path)
                warnings = (f"{path} is of 16 bits, of which 8 were read: its compression is unknown to tifffile.",)
        profile = RgbProfile.parse(icc) if icc else RgbProfile.srgb()
        if profile is not None and image.mode == "RGB" and not image.has_transparency_data:
            pixels = np.asarray(image) if pixels is None else pixels
            return Picture(_upright(pixels, orientation), profile, metadata, warnings)
        if icc and profile is None:
            warnings += (f"{path} has a colour profile that isn't curves and a matrix: it was converted to sRGB.",)
        return Picture(np.asarray(to_srgb(image, path)), RgbProfile.srgb(), metadata, warnings)


def encode_picture(picture: Picture, form: Format, *, quality: int = 95) -> bytes:
    """The file of ``picture``: upright, with its EXIF, XMP and ICC profile.

    Args:
        picture: of 8 or 16 bits; TIFF gets 16, the others 8.
        form: the format.
        quality: 1..100 of JPEG, AVIF and HEIC; colours are never stored in reduced size.

    Raises:
        OutputError: the picture can't be stored in that format, for example because of its size.
        EngineError: HEIC without the extra ``heif``.
    """
    exif, xmp, icc = picture.metadata.exif, picture.metadata.xmp, picture.profile.icc
    if form == "tiff16":
        return _tiff(_of_bits(picture.pixels, 16), exif, xmp, icc)
    image = Image.fromarray(_of_bits(picture.pixels, 8))
    extra: dict[str, object] = {"icc_profile": icc}
    if exif:
        extra["exif"] = b"Exif\0\0" + exif
    if form == "png":
        chunks = PngImagePlugin.PngInfo()
        if xmp:
            chunks.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
        extra |= {"pnginfo": chunks, "compress_level": 4}
    else:
        extra |= {"quality": quality, "subsampling": "4:4:4"}
        if xmp:
            extra["xmp"] = xmp
    if form == "jpeg":  # whose segments are short: what is too long stays behind
        for name in ("exif", "xmp"):
            if len(bytes(extra.get(name) or b"")) > _LARGEST_SEGMENT - 29:  # type: ignore[call-overload]
                del extra[name]
    buffer = io.BytesIO()
    try:
        if form == "heic":
            extra |= {"chroma": 444}
            _pillow_heif().from_pillow(image).save(buffer, **extra)
        else:
            with pillow_is_silent():
                image.save(buffer, form.upper(), **extra)
    except DECODING_ERRORS as error:
        raise OutputError(f"The picture can't be stored as {form} ({error}). Choose another --format.") from error
    return buffer.getvalue()


def write_picture(path: Path, picture: Picture, form: Format, *, quality: int = 95) -> None:
    """``encode_picture`` into the file ``path``, whole or not at all, in place of what was there.

    Raises:
        OutputError: as ``encode_picture``, or the file can't be written.
        EngineError: HEIC without the extra ``heif``.
    """
    write_whole(path, encode_picture(picture, form, quality=quality))


def _sixteen_bits(image: Image.Image) -> bool:
    """Whether this is a TIFF of RGB with 16 bits a channel, of which Pillow would give 8."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    bits = image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (1,))
    return image.mode == "RGB" and tuple(bits) == (16, 16, 16)


def _read_tiff(path: Path) -> np.ndarray | None:
    """(H, W, 3) uint16; None if its compression needs more than tifffile alone."""
    try:
        import tifffile
    except ModuleNotFoundError as error:
        raise EngineError(
            'Reading 16-bit TIFF needs tifffile, which is not installed: pip install "fsynth[balance]"'
        ) from error
    try:
        with tifffile.TiffFile(path) as file:
            pixels = file.pages[0].asarray()
            if file.pages[0].planarconfig == 2:
                pixels = np.moveaxis(pixels, 0, -1)
    except (tifffile.TiffFileError, *DECODING_ERRORS):
        return None  # Pillow then reads it, or says what is wrong
    return pixels if pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint16 else None


def _orientation(image: Image.Image) -> int:
    try:
        with pillow_is_silent():
            return int(image.getexif().get(_ORIENTATION, 1))
    except DECODING_ERRORS:
        return 1


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    exchange, rows, columns = _TURNS.get(orientation, (False, False, False))
    turned = pixels.transpose(1, 0, 2) if exchange else pixels
    return np.ascontiguousarray(turned[:: -1 if rows else 1, :: -1 if columns else 1])


def _of_bits(pixels: np.ndarray, bits: int) -> np.ndarray:
    if pixels.dtype.itemsize * 8 == bits:
        return pixels
    return pixels.astype(np.uint16) * 257 if bits == 16 else ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _tiff(pixels: np.ndarray, exif: bytes, xmp: bytes, icc: bytes) -> bytes:
    """A TIFF, little-endian, one strip, uncompressed; EXIF's tags stand in its first directory, as TIFF has it."""
    height, width = pixels.shape[:2]
    if pixels.nbytes > 2**32 - 2**20:
        raise OutputError("The picture is larger than the 4 GB of a TIFF. Choose another --format.")
    tags = Image.Exif()
    with pillow_is_silent():
        if exif:
            tags.load(b"Exif\0\0" + exif)
        directory = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\0\0\0\0")
        for tag, value in tags.items():
            directory[tag] = tags.get_ifd(tag) if tag in (0x8769, 0x8825) else value
        long, undefined, byte = 4, 7, 1
        structure = {254: 0, 256: width, 257: height, 259: 1, 262: 2, 277: 3, 278: height, 279: pixels.nbytes, 284: 1}
        for tag, number in structure.items():
            directory[tag] = number
        directory[258] = (16, 16, 16)
        if 282 not in directory:
            directory[282], directory[283], directory[296] = 72.0, 72.0, 2
        directory.tagtype[273] = directory.tagtype[279] = long
        directory[273] = 0  # behind the directory, Pillow adds
        directory.tagtype[34675], directory[34675] = undefined, icc
        if xmp:
            directory.tagtype[700], directory[700] = byte, xmp
        try:
            head = struct.pack("<2sHI", b"II", 42, 8) + directory.tobytes(8)
        except DECODING_ERRORS as error:
            raise OutputError(f"EXIF can't be stored as TIFF ({error}). Choose another --format.") from error
    return head + pixels.astype("<u2", copy=False).tobytes()


def _pillow_heif() -> ModuleType:
    try:
        return importlib.import_module("pillow_heif")
    except ModuleNotFoundError as error:
        raise EngineError(
            'Writing HEIC needs pillow-heif, which is not installed: pip install "fsynth[heif]"'
        ) from error
