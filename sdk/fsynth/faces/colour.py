"""Turns any Pillow image into upright 8-bit sRGB: bit depth, palette, CMYK, alpha, ICC profile, EXIF orientation."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

from fsynth.errors import PhotoError
from fsynth.faces.image_file import DECODING_ERRORS
from fsynth.faces.silence import pillow_is_silent

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_PROFILE_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, name: object) -> Image.Image:
    """Convert a decoded image to mode RGB, sRGB, upright. ``image`` stays as it is, and is returned if it is that.

    - Grey of 16 bits is scaled to 8. Samples of 32 bits have no agreed range and are refused.
    - An embedded ICC profile is applied (relative colorimetric with black point compensation). A profile that is
      damaged or belongs to another kind of image is passed over, as image viewers do.
    - CMYK without a profile becomes (1 - C)(1 - K), and so on.
    - What is transparent shows white.

    Raises:
        PhotoError: 32-bit samples, or a mode that Pillow cannot convert.
    """
    orientation = _orientation(image)
    profile = image.info.get("icc_profile")
    if image.mode in ("I", "F"):
        raise PhotoError(f"{name} has 32-bit samples, whose range is unknown. Save it with 8 or 16 bits per channel.")
    if image.mode.startswith("I;16"):
        image = _eight_bits(image)
    alpha = None
    try:
        if image.has_transparency_data:
            opaque = image.convert("RGBA")
            alpha = opaque.getchannel("A")
            image = image.getchannel("L") if image.mode == "LA" else opaque.convert("RGB")
        rgb = _managed(image, profile)
    except DECODING_ERRORS as error:
        raise PhotoError(
            f"{name} has pixels of mode {image.mode}, which can't be converted to RGB ({error})."
        ) from error
    if alpha is not None and alpha.getextrema()[0] != 255:
        rgb = Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)
    return rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 if there is none that can be read."""
    try:
        with pillow_is_silent():
            return int(image.getexif().get(_ORIENTATION, 1))
    except DECODING_ERRORS:  # damaged metadata is no reason to lose the photo
        return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit (or, in a TIFF, 12-bit) grey as mode L."""
    grey = np.asarray(image).astype(np.uint32)
    bits, white_is_zero = 16, False
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (16,))[0]
        white_is_zero = image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
    top = 2**bits - 1
    scaled = ((np.minimum(grey, top) * 255 + top // 2) // top).astype(np.uint8)
    return Image.fromarray(255 - scaled if white_is_zero else scaled)


def _managed(image: Image.Image, profile: bytes | None) -> Image.Image:
    """``image`` (no alpha) as mode RGB in sRGB."""
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _transform(image, lab)
    if image.mode not in _PROFILE_SPACES:
        image = image.convert("RGB")
    if not profile:
        return _rgb(image)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if space == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if space != _PROFILE_SPACES[image.mode] or (space == "RGB" and _is_srgb(source)):
            return _rgb(image)
        return _transform(image, source)
    except (ImageCms.PyCMSError, *DECODING_ERRORS):
        return _rgb(image)


def _rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy every pixel


def _transform(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    transform = ImageCms.buildTransform(
        source,
        target,
        image.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return transform.apply(image)


def _is_srgb(source: ImageCms.ImageCmsProfile) -> bool:
    """Whether the profile moves no colour of a 9 x 9 x 9 lattice by more than one step: then there's nothing to do."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    moved = np.asarray(_transform(Image.fromarray(lattice), source))
    return bool(np.abs(moved.astype(int) - lattice).max() <= 1)
