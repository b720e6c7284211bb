"""EXIF and XMP of a photo, made fit for its balanced copy: upright, without the old thumbnail, otherwise as it was."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image, TiffImagePlugin

from fsynth.balance.raw_file import RawPhoto
from fsynth.faces.image_file import DECODING_ERRORS
from fsynth.faces.silence import pillow_is_silent

_ORIENTATION, _EXIF_IFD, _WIDTH, _HEIGHT, _MAKER_NOTE = 0x0112, 0x8769, 0xA002, 0xA003, 0x927C

# What of a TIFF's first directory tells of the photo, not of how its pixels are stored: text, dates, maker, GPS.
_DESCRIPTIVE = (0x010D, 0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298, _EXIF_IFD, 0x8825, 0x4746)

_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>\s*))[2-8]""")


@dataclass(frozen=True)
class Metadata:
    """What goes with the pixels.

    Attributes:
        exif: a TIFF structure without the header ``Exif``; empty for none.
        xmp: an XMP packet; empty for none.
    """

    exif: bytes = b""
    xmp: bytes = b""

    def upright(self, *, turned: bool) -> Metadata:
        """For pixels that the orientation was applied to: Orientation 1, no thumbnail.

        ``turned``: width and height were exchanged, so EXIF's are, too. All other bytes keep their places, because
        makers' notes point at them.
        """
        return Metadata(_upright_exif(self.exif, turned), _XMP_ORIENTATION.sub(rb"\g<1>1", self.xmp))


def of_image(image: Image.Image) -> Metadata:
    """The metadata of an opened picture; what is damaged is left out."""
    exif = image.info.get("exif") or b""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        exif = _described(image.getexif())
    xmp = image.info.get("xmp") or b""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        xmp = image.tag_v2.get(700, b"")
    xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    return Metadata(exif.removeprefix(b"Exif\0\0"), xmp)


def of_raw(raw: RawPhoto) -> Metadata:
    """The metadata of a RAW photo: what its file has, if that begins like a TIFF, otherwise what LibRaw tells.

    The maker's note stays behind: it points at places in the RAW file, and may be too large for a JPEG.
    """
    exif = Image.Exif()
    try:
        with raw.path.open("rb") as stream, pillow_is_silent():
            if stream.read(2) in (b"II", b"MM"):
                stream.seek(0)
                exif.load_from_fp(stream)
                exif.get_ifd(_EXIF_IFD).pop(_MAKER_NOTE, None)
                return Metadata(_described(exif))
    except DECODING_ERRORS:
        pass
    return Metadata(_told(raw))


def _told(raw: RawPhoto) -> bytes:
    exif = Image.Exif()
    if raw.camera_name:
        exif[0x0110] = raw.camera_name
    details = exif.get_ifd(_EXIF_IFD)
    if raw.taken:
        exif[0x0132] = details[0x9003] = raw.taken.strftime("%Y:%m:%d %H:%M:%S")
    for tag, value in ((0x829A, raw.exposure_time), (0x829D, raw.aperture), (0x920A, raw.focal_length)):
        if value:
            details[tag] = TiffImagePlugin.IFDRational(Fraction(value).limit_denominator(1_000_000))
    if raw.iso:
        details[0x8827] = round(raw.iso)
    return exif.tobytes().removeprefix(b"Exif\0\0")


def _described(exif: Image.Exif) -> bytes:
    """The descriptive part of a TIFF's tags as EXIF."""
    kept = Image.Exif()
    try:
        with pillow_is_silent():
            for tag in _DESCRIPTIVE:
                if tag in (_EXIF_IFD, 0x8825):
                    if inner := dict(exif.get_ifd(tag)):
                        kept.get_ifd(tag).update(inner)
                        kept[tag] = inner
                elif tag in exif:
                    kept[tag] = exif[tag]
            return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) else b""
    except DECODING_ERRORS:
        return b""


def _upright_exif(exif: bytes, turned: bool) -> bytes:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return b""
    patched = bytearray(exif)
    try:
        entries, end = _directory(patched, order, struct.unpack_from(order + "I", patched, 4)[0])
        struct.pack_into(order + "I", patched, end, 0)  # the second directory is the thumbnail's
        if _ORIENTATION in entries:
            struct.pack_into(order + "HIHH", patched, entries[_ORIENTATION] + 2, 3, 1, 1, 0)
        if turned and _EXIF_IFD in entries:
            offset = struct.unpack_from(order + "I", patched, entries[_EXIF_IFD] + 8)[0]
            inner, _ = _directory(patched, order, offset)
            if _WIDTH in inner and _HEIGHT in inner:
                width, height = (slice(inner[tag] + 2, inner[tag] + 12) for tag in (_WIDTH, _HEIGHT))
                patched[width], patched[height] = patched[height], patched[width]
    except struct.error:  # damaged; readers would take the photo for one to be turned again
        return b""
    return bytes(patched)


def _directory(exif: bytearray, order: str, offset: int) -> tuple[dict[int, int], int]:
    """Tag -> offset of its entry of 12 bytes, and the offset behind the last."""
    (count,) = struct.unpack_from(order + "H", exif, offset)
    entries = {}
    for start in range(offset + 2, offset + 2 + 12 * count, 12):
        entries[struct.unpack_from(order + "H", exif, start)[0]] = start
    return entries, offset + 2 + 12 * count
