"""A photo on its way through the analysis, RAW or finished, in the same terms: scene-linear RGB and how to show it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsynth.balance.develop import develop
from fsynth.balance.gains import Gains
from fsynth.balance.lights import camera_exposure
from fsynth.balance.metadata import Metadata
from fsynth.balance.picture_file import Picture, read_picture
from fsynth.balance.raw_file import SRGB_TO_XYZ, is_raw, read_raw
from fsynth.balance.srgb import from_linear

LONGEST = 1600
"""Pixels of the longer side from which photos are reduced for the analysis."""

_MAKE, _MODEL, _DATE, _EXIF = 0x010F, 0x0110, 0x0132, 0x8769
_TAKEN, _SECONDS, _APERTURE, _ISO, _WHITE_BALANCE = 0x9003, 0x829A, 0x829D, 0x8827, 0xA403


@dataclass(frozen=True, eq=False)
class Source:
    """A photo, reduced.

    Attributes:
        path: the file.
        raw: whether it is a camera RAW file.
        linear: (H, W, 3) scene-linear RGB: camera RGB of a RAW photo (uint16, 65535 = saturation), otherwise light in
            the picture's own space (float32, 1 = white).
        srgb: (H, W, 3) uint8 sRGB, as shot.
        picture: the reduced pixels of a finished picture; None for a RAW photo.
        full_size: width and height in full, upright.
        as_shot: the camera's white balance; that of a finished picture is in its pixels already, and 1, 1, 1.
        camera_to_srgb, xyz_to_camera: as in ``fsynth.balance.RawPhoto``, of ``linear``.
        fixed_white_balance: whether ``as_shot`` tells photos in different light apart. In a finished picture that is
            so only where EXIF says that the white balance was set by hand.
        taken, camera, exposure: see ``fsynth.balance.lights.Shot``.
        warnings: sentences.
    """

    path: Path
    raw: bool
    linear: np.ndarray
    srgb: np.ndarray
    picture: Picture | None
    full_size: tuple[int, int]
    as_shot: Gains
    camera_to_srgb: np.ndarray
    xyz_to_camera: np.ndarray
    fixed_white_balance: bool
    taken: datetime.datetime | None
    camera: str
    exposure: float
    warnings: tuple[str, ...]

    @property
    def scale(self) -> float:
        """Pixels of the photo in full per pixel of ``linear``."""
        return self.full_size[0] / self.linear.shape[1]


def read_source(path: Path) -> Source:
    """Read ``path`` at about half its size or less.

    Raises:
        PhotoError, EngineError: as ``read_raw`` or ``read_picture``.
    """
    return _of_raw(path) if is_raw(path) else _of_picture(path)


def _of_raw(path: Path) -> Source:
    raw = read_raw(path, longest=LONGEST)
    return Source(
        path=path,
        raw=True,
        linear=raw.camera,
        srgb=develop(raw.camera, raw.as_shot, raw.camera_to_srgb),
        picture=None,
        full_size=raw.full_size,
        as_shot=raw.as_shot,
        camera_to_srgb=raw.camera_to_srgb,
        xyz_to_camera=raw.xyz_to_camera,
        fixed_white_balance=True,
        taken=raw.taken,
        camera=raw.camera_name,
        exposure=camera_exposure(raw.exposure_time, raw.iso, raw.aperture),
        warnings=raw.warnings,
    )


def _of_picture(path: Path) -> Source:
    whole = read_picture(path)
    picture = Picture(_reduced(whole.pixels), whole.profile, Metadata())
    linear, to_srgb = picture.linear(), whole.profile.to_srgb
    told = _told(whole.metadata)
    return Source(
        path=path,
        raw=False,
        linear=linear,
        srgb=from_linear(linear @ to_srgb.T.astype(np.float32)),
        picture=picture,
        full_size=(whole.pixels.shape[1], whole.pixels.shape[0]),
        as_shot=Gains(np.ones(3)),
        camera_to_srgb=to_srgb,
        xyz_to_camera=np.linalg.inv(SRGB_TO_XYZ @ to_srgb),
        fixed_white_balance=told.fixed_white_balance,
        taken=told.taken,
        camera=told.camera,
        exposure=told.exposure,
        warnings=whole.warnings,
    )


def _reduced(pixels: np.ndarray) -> np.ndarray:
    """Every n-th pixel both ways; means over skin and the search for faces need no more."""
    step = max(1, round(max(pixels.shape[:2]) / LONGEST))
    return np.ascontiguousarray(pixels[::step, ::step])


@dataclass(frozen=True)
class _Told:
    taken: datetime.datetime | None
    camera: str
    exposure: float
    fixed_white_balance: bool


def _told(metadata: Metadata) -> _Told:
    """What EXIF tells of the shot; what is missing or damaged is unknown."""
    from PIL import Image

    from fsynth.faces.image_file import DECODING_ERRORS
    from fsynth.faces.silence import pillow_is_silent

    tags: dict[int, object] = {}
    try:
        with pillow_is_silent():
            exif = Image.Exif()
            if metadata.exif:
                exif.load(b"Exif\0\0" + metadata.exif)
            tags = dict(exif) | dict(exif.get_ifd(_EXIF))
    except DECODING_ERRORS:
        pass
    camera = " ".join(filter(None, (_text(tags.get(_MAKE)), _text(tags.get(_MODEL)))))
    exposure = camera_exposure(_number(tags.get(_SECONDS)), _number(tags.get(_ISO)), _number(tags.get(_APERTURE)))
    return _Told(_time(tags.get(_TAKEN) or tags.get(_DATE)), camera, exposure, tags.get(_WHITE_BALANCE) == 1)


def _text(value: object) -> str:
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


def _number(value: object) -> float:
    """A positive number; 0 for none. ISO may be a tuple."""
    if isinstance(value, tuple) and value:
        value = value[0]
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ArithmeticError):
        return 0.0
    return number if np.isfinite(number) and number > 0 else 0.0


def _time(value: object) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(_text(value), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
