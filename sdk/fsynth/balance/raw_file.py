"""Reads camera RAW files, through LibRaw, as scene-linear camera RGB with what is needed to develop them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from PIL import TiffImagePlugin

from fsynth.balance.gains import Gains
from fsynth.balance.sensor import read_reduced
from fsynth.errors import EngineError, PhotoError
from fsynth.faces.image_file import DECODING_ERRORS
from fsynth.faces.silence import pillow_is_silent

if TYPE_CHECKING:
    import rawpy

# fmt: off
RAW_SUFFIXES = frozenset([
    ".3fr", ".ari", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dcs", ".dng", ".erf", ".fff", ".gpr",
    ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".ptx", ".pxn", ".raf",
    ".raw", ".rw2", ".rwl", ".rwz", ".sr2", ".srf", ".srw", ".x3f",
])
# fmt: on
"""Lower-case suffixes of RAW files that LibRaw may read."""

SRGB_TO_XYZ: np.ndarray = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""(3, 3) linear sRGB -> CIE XYZ under D65, Y of white = 1."""

_MAKE, _MODEL = 271, 272  # TIFF tags
_LARGEST_RATIO = 20.0  # between white-balance multipliers; daylight and candles stay within 8


@dataclass(frozen=True, eq=False)
class RawPhoto:
    """A RAW photo, upright.

    Attributes:
        path: the file.
        camera: (H, W, 3) uint16, scene-linear camera RGB without white balance: 0 = black, 65535 = saturation.
        full_size: (width, height) of the photo in full, upright; one less than that of a file with odd sides, if half.
        camera_to_srgb: (3, 3) float64, balanced camera RGB -> linear sRGB; its rows sum to 1, so that grey stays grey.
        xyz_to_camera: (3, 3) float64, CIE XYZ -> camera RGB: what DNG calls ColorMatrix, for D65.
        as_shot: the camera's own white balance, exposure 0.
        taken: when, by the camera's clock; None if unknown.
        camera_name: make and model, "" if the file isn't TIFF-like or doesn't say.
        iso, exposure_time, aperture, focal_length: of the shot; seconds, f-number, mm; 0 if unknown.
        warnings: sentences about what had to be guessed.
    """

    path: Path
    camera: np.ndarray
    full_size: tuple[int, int]
    camera_to_srgb: np.ndarray
    xyz_to_camera: np.ndarray
    as_shot: Gains
    taken: datetime.datetime | None
    camera_name: str
    iso: float
    exposure_time: float
    aperture: float
    focal_length: float
    warnings: tuple[str, ...]


def is_raw(path: Path) -> bool:
    """Whether the suffix of ``path`` is that of a camera RAW file."""
    return path.suffix.lower() in RAW_SUFFIXES


def read_raw(path: Path | str, *, half: bool = True, longest: int | None = None) -> RawPhoto:
    """Read the RAW file at ``path``.

    Args:
        path: any file that LibRaw reads.
        half: each 2 x 2 block of the sensor becomes one pixel, five times as fast as the full size; for analysis.
        longest: of these only every n-th, both ways, so that the longer side comes near this; faster still. Only with
            ``half``.

    Raises:
        PhotoError: the file is empty, damaged, holds no picture (only metadata, or nothing but black), or is of a kind
            that LibRaw doesn't read.
        EngineError: rawpy isn't installed.
    """
    rawpy = _rawpy()
    path = Path(path)
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                raise PhotoError(f"{path} is empty (0 bytes).")
        with rawpy.imread(str(path)) as raw:
            turned = path.suffix.lower() == ".raf"  # some of Fuji's sensors stand on a corner
            reduced = read_reduced(raw, longest) if half and longest and not turned else None
            if reduced is not None:
                sides = (raw.sizes.width, raw.sizes.height)
                return _photo(path, raw, reduced, sides[::-1] if raw.sizes.flip & 4 else sides)
            decoded = raw.postprocess(
                output_color=rawpy.ColorSpace.raw,
                gamma=(1, 1),
                no_auto_bright=True,
                adjust_maximum_thr=0,  # LibRaw would stretch the range to the brightest pixel
                user_wb=[1, 1, 1, 1],
                output_bps=16,
                half_size=half,
            )
            height, width = decoded.shape[:2]
            if half and longest:
                step = max(1, round(max(height, width) / longest))
                decoded = np.ascontiguousarray(decoded[::step, ::step])
            return _photo(path, raw, decoded, (width * 2, height * 2) if half else (width, height))
    except rawpy.LibRawFileUnsupportedError as error:
        raise PhotoError(
            f"{path} is no RAW file that LibRaw {_version()} reads: it is of another kind, or its beginning is damaged."
        ) from error
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        raise PhotoError(f"{path} can't be decoded: it is damaged or incomplete ({_text(error)}).") from error
    except OSError as error:
        raise PhotoError(f"{path} can't be read: {error.strerror or error}.") from error
    except MemoryError as error:
        raise PhotoError(f"{path} needs more memory to decode than there is.") from error


def _photo(path: Path, raw: rawpy.RawPy, decoded: np.ndarray, full_size: tuple[int, int]) -> RawPhoto:
    if not decoded.any():
        raise PhotoError(f"{path} decodes to nothing but black: its picture was stripped, or was never there.")
    if decoded.shape[2] == 1:
        decoded = np.repeat(decoded, 3, axis=2)
    elif decoded.shape[2] != 3:
        raise PhotoError(f"{path} is from a sensor of {decoded.shape[2]} colours; fsynth balances those of three.")
    warnings: list[str] = []
    camera_to_srgb, xyz_to_camera = _matrices(raw, warnings)
    shot = raw.other
    return RawPhoto(
        path=path,
        camera=decoded,
        full_size=full_size,
        camera_to_srgb=camera_to_srgb,
        xyz_to_camera=xyz_to_camera,
        as_shot=_as_shot(raw, xyz_to_camera, warnings),
        taken=shot.timestamp,
        camera_name=_camera_name(path),
        iso=_known(shot.iso_speed),
        exposure_time=_known(shot.shutter_speed),
        aperture=_known(shot.aperture),
        focal_length=_known(shot.focal_length),
        warnings=tuple(warnings),
    )


def _matrices(raw: rawpy.RawPy, warnings: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """``camera_to_srgb`` and ``xyz_to_camera``, from whichever of LibRaw's two matrices isn't zero."""
    from_camera = np.asarray(raw.color_matrix, np.float64)[:, :3]
    from_xyz = np.asarray(raw.rgb_xyz_matrix, np.float64)[:3]
    if _invertible(from_xyz):
        srgb_to_camera = from_xyz @ SRGB_TO_XYZ
        derived = np.linalg.inv(srgb_to_camera / srgb_to_camera.sum(axis=1, keepdims=True))
    else:
        derived = np.eye(3)
    if _invertible(from_camera) and (from_camera.sum(axis=1) > 0).all():
        camera_to_srgb = from_camera / from_camera.sum(axis=1, keepdims=True)
    else:
        camera_to_srgb = derived
        if not _invertible(from_xyz):
            warnings.append("The file has no colour matrix and LibRaw knows none: colours are the sensor's own.")
    if not _invertible(from_xyz):
        # Rows scaled so that daylight is what LibRaw's daylight multipliers make neutral.
        daylight = np.asarray(raw.daylight_whitebalance, np.float64)[:3]
        white = 1 / daylight if _plausible(daylight) else np.ones(3)
        from_xyz = white[:, None] * np.linalg.inv(SRGB_TO_XYZ @ camera_to_srgb)
    return camera_to_srgb, from_xyz


def _as_shot(raw: rawpy.RawPy, xyz_to_camera: np.ndarray, warnings: list[str]) -> Gains:
    as_shot = np.asarray(raw.camera_whitebalance, np.float64)[:3]
    if _plausible(as_shot):
        return Gains(as_shot)
    daylight = np.asarray(raw.daylight_whitebalance, np.float64)[:3]
    warnings.append("The file doesn't say the camera's white balance: daylight stands for it.")
    if _plausible(daylight):
        return Gains(daylight)
    white = xyz_to_camera @ SRGB_TO_XYZ.sum(axis=1)
    return Gains(1 / white if (white > 0).all() else np.ones(3))


def _plausible(multipliers: np.ndarray) -> bool:
    """Whether these are multipliers and not one of the ways in which files say "unknown": 0, -1, NaN."""
    if not (np.isfinite(multipliers).all() and (multipliers > 0).all()):
        return False
    return bool(multipliers.max() / multipliers.min() < _LARGEST_RATIO)


def _invertible(matrix: np.ndarray) -> bool:
    return bool(np.isfinite(matrix).all() and abs(np.linalg.det(matrix)) > 1e-6)


def _known(value: float) -> float:
    return float(value) if np.isfinite(value) and value > 0 else 0.0


def _camera_name(path: Path) -> str:
    """Make and model from the TIFF header that most RAW files begin with; LibRaw's own answer rawpy doesn't give."""
    try:
        with path.open("rb") as stream, pillow_is_silent():
            directory = TiffImagePlugin.ImageFileDirectory_v2(stream.read(8))
            stream.seek(directory.next)
            directory.load(stream)
            parts = [str(directory.get(tag, "")).replace("\0", "").strip() for tag in (_MAKE, _MODEL)]
    except DECODING_ERRORS:
        return ""
    return " ".join(part for part in parts if part)


def _version() -> str:
    return ".".join(str(part) for part in _rawpy().libraw_version)


def _text(error: Exception) -> str:
    """What LibRaw says; rawpy hands it on as bytes."""
    reason = error.args[0] if error.args else type(error).__name__
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def _rawpy() -> ModuleType:
    try:
        import rawpy
    except ModuleNotFoundError as error:
        raise EngineError(
            'Reading RAW photos needs rawpy, which is not installed: pip install "fsynth[balance]"'
        ) from error
    return rawpy
