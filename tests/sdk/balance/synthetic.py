"""Digital negatives (DNG) made from pictures: valid camera RAW files whose light and exposure are known exactly.

Also used by ``benchmarks/balance.py``. The way: sRGB -> linear -> balanced camera RGB -> divided by the multipliers of
the light, times the exposure -> mosaic of R, G, G, B -> shot and read noise -> 14 bits above a black level -> TIFF with
DNG's tags. Each pixel of the picture becomes one block of 2 x 2, so that reading in half size needs no demosaicing.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from fsynth.balance.gains import Gains
from fsynth.balance.raw_file import SRGB_TO_XYZ
from fsynth.balance.srgb import to_linear
from fsynth.balance.temperature import Temperature, light_multipliers

CAMERA: np.ndarray = np.array([[0.8606, -0.2573, -0.0949], [-0.8237, 1.5489, 0.2974], [-0.2649, 0.3076, 0.91]])
"""(3, 3) CIE XYZ -> camera RGB: what LibRaw knows of a Canon PowerShot S40."""

BLACK, WHITE = 512, 16383
FULL_WELL, READ_NOISE = 15000.0, 4.0  # electrons
DAYLIGHT = Temperature(5500.0, 0.003)


@dataclass(frozen=True)
class Shot:
    """How a picture is taken.

    Attributes:
        light: the light on the scene; its white is what the picture shows as sRGB's white.
        exposure: EV; at 0 white just saturates the first channel.
        preset: the light that the camera was set to.
        noise: whether there is any.
        orientation: EXIF orientation that the file states; the picture is stored as it is.
        taken: the camera's clock.
    """

    light: Temperature = DAYLIGHT
    exposure: float = 0.0
    preset: Temperature = DAYLIGHT
    noise: bool = True
    orientation: int = 1
    taken: datetime.datetime = datetime.datetime(2026, 6, 1, 12, 0, 0)


def true_gains(shot: Shot, xyz_to_camera: np.ndarray = CAMERA) -> Gains:
    """The gains that give back the picture that a negative was made from."""
    multipliers = light_multipliers(shot.light.to_xy(), xyz_to_camera)
    return Gains.of_factors(multipliers / multipliers.min() * 2.0**-shot.exposure)


def camera_to_srgb(xyz_to_camera: np.ndarray = CAMERA) -> np.ndarray:
    """(3, 3) balanced camera RGB -> linear sRGB."""
    srgb_to_camera = xyz_to_camera @ SRGB_TO_XYZ
    return np.linalg.inv(srgb_to_camera / srgb_to_camera.sum(axis=1, keepdims=True))


def expose(picture: np.ndarray, shot: Shot, rng: np.random.Generator, xyz_to_camera: np.ndarray = CAMERA) -> np.ndarray:
    """The sensor's mosaic (2 H, 2 W) uint16 of ``picture`` (H, W, 3), sRGB uint8 or linear float 0..1."""
    linear = to_linear(picture) if picture.dtype == np.uint8 else picture
    balanced = linear.astype(np.float64) @ np.linalg.inv(camera_to_srgb(xyz_to_camera)).T
    signal = np.clip(true_gains(shot, xyz_to_camera).inverse().apply(balanced), 0, None)
    height, width = picture.shape[:2]
    mosaic = np.empty((2 * height, 2 * width))
    for channel, row, column in ((0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)):
        mosaic[row::2, column::2] = signal[..., channel]
    if shot.noise:
        electrons = mosaic * FULL_WELL
        mosaic += rng.normal(size=mosaic.shape) * np.sqrt(electrons + READ_NOISE**2) / FULL_WELL
    return np.clip(np.rint(mosaic * (WHITE - BLACK) + BLACK), 0, WHITE).astype(np.uint16)


def write_dng(path: Path, mosaic: np.ndarray, shot: Shot, xyz_to_camera: np.ndarray = CAMERA) -> None:
    """Write ``mosaic``, as ``expose`` gives it, as a DNG file."""
    import tifffile  # of the extra "balance"

    as_shot = 1 / light_multipliers(shot.preset.to_xy(), xyz_to_camera)
    short, byte, text, rational, signed = 3, 1, 2, 5, 10
    tags = [
        (271, text, 0, "fsynth"),
        (272, text, 0, "synthetic"),
        (274, short, 1, shot.orientation),
        (306, text, 0, shot.taken.strftime("%Y:%m:%d %H:%M:%S")),
        (33421, short, 2, (2, 2)),  # CFARepeatPatternDim
        (33422, byte, 4, bytes([0, 1, 1, 2])),  # CFAPattern
        (50706, byte, 4, bytes([1, 4, 0, 0])),  # DNGVersion
        (50707, byte, 4, bytes([1, 1, 0, 0])),  # DNGBackwardVersion
        (50708, text, 0, "fsynth synthetic"),  # UniqueCameraModel
        (50710, byte, 3, bytes([0, 1, 2])),  # CFAPlaneColor
        (50711, short, 1, 1),  # CFALayout: rectangular
        (50713, short, 2, (1, 1)),  # BlackLevelRepeatDim
        (50714, short, 1, BLACK),
        (50717, short, 1, WHITE),
        (50721, signed, 9, _rationals(xyz_to_camera)),  # ColorMatrix1
        (50728, rational, 3, _rationals(as_shot / as_shot.max())),  # AsShotNeutral
        (50730, signed, 1, (0, 1)),  # BaselineExposure
        (50778, short, 1, 21),  # CalibrationIlluminant1: D65
    ]
    tifffile.imwrite(path, mosaic, photometric=32803, metadata=None, software=None, extratags=tags)


def make_dng(path: Path, picture: np.ndarray, shot: Shot, seed: int = 0) -> Path:
    """Write ``picture`` (H, W, 3), sRGB uint8 or linear float, as the negative of ``shot``, twice as wide and high."""
    write_dng(path, expose(picture, shot, np.random.default_rng(seed)), shot)
    return path


def _rationals(values: np.ndarray) -> tuple[int, ...]:
    fractions = [Fraction(float(value)).limit_denominator(100_000) for value in np.ravel(values)]
    return tuple(number for f in fractions for number in (f.numerator, f.denominator))
