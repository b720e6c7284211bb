"""Reads a photograph from a file, a Pillow image or an array."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from fsynth.errors import ArgumentError, PhotoError
from fsynth.faces.colour import to_srgb
from fsynth.faces.image_file import check_size, decode, open_image

_STRIP = 1 << 16  # bytes

Photo = str | os.PathLike[str] | Image.Image | np.ndarray
"""What counts as a photo: a path, a Pillow image, or an array (H, W, 3) uint8 sRGB."""


def read_photo(photo: Photo) -> np.ndarray:
    """Read a photograph.

    Args:
        photo: the path of a JPEG, PNG, TIFF (8 or 16 bits), WebP, AVIF, GIF or BMP file, or, with the extra ``heif``,
            of a HEIC file; or a Pillow image; or an array (H, W, 3) uint8 sRGB.

    Returns:
        (H, W, 3) uint8, sRGB, upright: the EXIF orientation is applied, an embedded ICC profile is converted to sRGB,
        grey, palette and CMYK become RGB, what is transparent shows white, and of several frames or pages the first
        counts (of a Pillow image, the one it stands at). An array is returned as it is, without a copy.

    Raises:
        PhotoError: the file is missing, empty, not an image, damaged, truncated, larger than 200 million pixels
            (``image_file.MAX_PIXELS``, checked before decoding), has 32-bit samples, or needs an extra.
        ArgumentError: ``photo`` is of another type, or an array of another shape or dtype.
    """
    if isinstance(photo, np.ndarray):
        return check_array(photo)
    if isinstance(photo, Image.Image):
        name = getattr(photo, "filename", "") or "The Pillow image"
        check_size(photo, name)
        decode(photo, name)
        return _pixels(to_srgb(photo, name))
    if isinstance(photo, (str, os.PathLike)):
        return _read_file(Path(os.fsdecode(photo)))
    raise ArgumentError(
        f"`photo` must be a path, a Pillow image or an array (H, W, 3) uint8, not {type(photo).__name__}."
    )


def _read_file(path: Path) -> np.ndarray:
    try:
        if path.exists() and not path.is_file():
            raise PhotoError(f"{path} is not a file but a folder or a device.")
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise PhotoError(f"{path} does not exist.") from error
    except (OSError, ValueError) as error:
        raise PhotoError(f"{path} can't be opened ({error}).") from error
    with stream, open_image(stream, path) as image:
        decode(image, path)
        return _pixels(to_srgb(image, path))


def _pixels(image: Image.Image) -> np.ndarray:
    """``image`` (mode RGB) as an array of its own, in a third of the time of ``np.array(image)``."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    # Pillow writes a copy of what it gives away; a small one stays in the cache and in memory that is at hand.
    rows = max(1, _STRIP // (width * 3))
    for top in range(0, height, rows):
        pixels[top : top + rows] = np.asarray(image.crop((0, top, width, min(top + rows, height))))
    return pixels


def check_array(photo: np.ndarray) -> np.ndarray:
    """``photo`` as it is, if it is (H, W, 3) uint8; otherwise an ``ArgumentError`` that says what is wrong."""
    if photo.dtype != np.uint8:
        raise ArgumentError(
            f"`photo` must be uint8 sRGB in 0..255, not {photo.dtype}. "
            "For floats in 0..1: (photo.clip(0, 1) * 255).round().astype('uint8')."
        )
    if photo.ndim != 3 or photo.shape[2] != 3 or 0 in photo.shape:
        raise ArgumentError(f"`photo` must have shape (H, W, 3) with H, W >= 1, not {photo.shape}.")
    return photo
