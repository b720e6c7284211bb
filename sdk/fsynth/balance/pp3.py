"""White balance and exposure as RawTherapee has them: ``photo.cr2.pp3`` beside the photo, other settings untouched.

RawTherapee's multipliers come from a light of the given temperature (Planck's up to 4000 K, daylight above it) whose
green, in linear sRGB, is then divided by ``Green``; so temperature and green together reach every light. Its lights are
not quite the textbook's: how they differ was measured with version 5.9, see ``_MEASURED``.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsynth.balance.colour_science import colour
from fsynth.balance.gains import Gains
from fsynth.balance.raw_file import SRGB_TO_XYZ
from fsynth.errors import PhotoError

KELVIN = (1500, 25000)
"""Temperatures that are written; above them a light hardly changes."""

GREEN = (0.02, 10.0)
"""Values that RawTherapee allows."""

COMPENSATION = (-5.0, 12.0)
"""EV that RawTherapee allows."""

_TOLERANCE = 0.05  # of the logarithm of a multiplier, where the temperature is at an end of its range
_LAST_GLOWING = 4000  # kelvin up to which RawTherapee's locus is Planck's
# What RawTherapee 5.9 makes neutral, divided by CIE 15 (2 degrees): kelvin, X / Y, Z / Y. Found by developing, with it,
# synthetic negatives of grey under lights near those, repeatedly; the figures are good to 0.002.
_MEASURED: np.ndarray = np.array(
    [
        [2000, 1.0174, 1.0491],
        [2300, 1.0201, 1.0482],
        [2600, 1.0220, 1.0536],
        [3000, 1.0222, 1.0508],
        [3400, 1.0220, 1.0516],
        [4000, 1.0208, 1.0465],
        [4001, 1.0167, 1.0358],
        [4500, 1.0158, 1.0326],
        [5000, 1.0159, 1.0306],
        [5600, 1.0139, 1.0293],
        [6500, 1.0114, 1.0260],
        [7500, 1.0080, 1.0209],
        [9000, 1.0047, 1.0147],
        [12000, 0.9990, 1.0081],
        [16000, 0.9940, 1.0019],
        [25000, 0.9873, 0.9974],
    ]
)
_HEADER = re.compile(r"\[([^\[\]]+)\]\s*$")
_KEY = re.compile(r"([^=#\[\]]+?)\s*=")


@dataclass(frozen=True)
class RawTherapeeSettings:
    """What RawTherapee is told.

    Attributes:
        temperature: kelvin.
        green: what the green of that light is divided by, in linear sRGB; below 1 towards magenta.
        compensation: EV; at 0 the channel with the smallest multiplier keeps the sensor's range.
    """

    temperature: int
    green: float
    compensation: float

    @classmethod
    def of_gains(cls, gains: Gains, xyz_to_camera: np.ndarray) -> RawTherapeeSettings:
        """The settings that develop a photo as ``gains`` do; ``xyz_to_camera`` (3, 3) as in ``RawPhoto``.

        Raises:
            PhotoError: the multipliers stand for a light outside sRGB's gamut, which RawTherapee can't be told.
        """
        light = np.linalg.solve(np.asarray(xyz_to_camera, np.float64) @ SRGB_TO_XYZ, 1 / gains.multipliers)
        beyond = PhotoError(
            f"The white balance {np.round(gains.multipliers, 3)} is of so saturated a light that RawTherapee has no "
            "setting for it. Write a finished picture or an XMP sidecar instead."
        )
        if light[0] <= 0 or light[1] <= 0:  # blue may be: candle light is outside sRGB's gamut
            raise beyond
        locus = _locus()
        row = int(np.argmin(np.abs(locus[:, 2] / locus[:, 0] - light[2] / light[0])))
        green = float((locus[row, 1] / locus[row, 0]) / (light[1] / light[0]))
        compensation = float(np.clip(np.log2(gains.factors.min()), *COMPENSATION))
        settings = cls(KELVIN[0] + row, round(float(np.clip(green, *GREEN)), 4), round(compensation, 3))
        reached = settings.gains(xyz_to_camera).multipliers
        if np.abs(np.log(reached / gains.multipliers)).max() > _TOLERANCE:
            raise beyond
        return settings

    def gains(self, xyz_to_camera: np.ndarray) -> Gains:
        """The inverse of ``of_gains``: how RawTherapee multiplies the channels of the camera."""
        light = _locus()[self.temperature - KELVIN[0]] / [1, self.green, 1]
        multipliers = 1 / (np.asarray(xyz_to_camera, np.float64) @ SRGB_TO_XYZ @ light)
        return Gains.of_factors(multipliers / multipliers.min() * 2.0**self.compensation)


@dataclass(frozen=True)
class Stored:
    """White balance and exposure of a profile that is there already.

    Attributes:
        light: Temperature and Green; None if the white balance is the camera's.
        compensation: EV, 0 if it isn't set.
    """

    light: tuple[float, float] | None
    compensation: float

    @property
    def untouched(self) -> bool:
        """Whether nobody has set anything: the camera's white balance, compensation 0."""
        return self.light is None and self.compensation == 0

    def gains(self, as_shot: Gains, xyz_to_camera: np.ndarray) -> Gains:
        """How the photo is developed with them; arguments as in ``RawPhoto``."""
        if self.light is not None:
            kelvin = int(np.clip(round(self.light[0]), *KELVIN))
            green = float(np.clip(self.light[1], *GREEN))
            return RawTherapeeSettings(kelvin, green, self.compensation).gains(xyz_to_camera)
        return Gains.of_factors(as_shot.multipliers / as_shot.multipliers.min() * 2.0**self.compensation)


def read(existing: bytes, name: object = "The profile") -> Stored:
    """What the profile ``existing`` says of white balance and exposure; ``name`` of the file, for messages.

    Raises:
        PhotoError: as ``merge``.
    """
    values = {(where, _key(line)): line.partition("=")[2].strip() for where, line in _placed(_lines(existing, name))}
    light = None
    if values.get(("White Balance", "Setting"), "Camera") != "Camera":
        kelvin, green = (_number(values.get(("White Balance", key), "")) for key in ("Temperature", "Green"))
        light = (kelvin, green) if kelvin > 0 and green > 0 else None
    return Stored(light, _number(values.get(("Exposure", "Compensation"), "0")))


def sidecar_path(photo: Path) -> Path:
    """Where RawTherapee looks for the settings of ``photo``: its whole name and ``.pp3``."""
    return photo.with_name(photo.name + ".pp3")


def merge(settings: RawTherapeeSettings, existing: bytes = b"", name: object = "The profile") -> bytes:
    """The profile ``existing`` with ``settings`` in it; every other line stays byte for byte.

    Args:
        settings: what to write.
        existing: a pp3 file; empty for a new one, in which all the rest is RawTherapee's neutral.
        name: of the file, for messages.

    Raises:
        PhotoError: ``existing`` is no pp3.
    """
    wanted = {
        "Exposure": {"Auto": "false", "Compensation": f"{settings.compensation:g}"},
        "White Balance": {
            "Enabled": "true",
            "Setting": "Custom",
            "Temperature": str(settings.temperature),
            "Green": f"{settings.green:g}",
            "Equal": "1",
            "TemperatureBias": "0",
        },
    }
    lines = _lines(existing, name)
    # A curve fitted to the camera's preview would replace the compensation when it is fitted again.
    if _has(lines, "Exposure", "HistogramMatching", "true"):
        wanted["Exposure"]["HistogramMatching"] = "false"
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    for section, values in wanted.items():
        lines = _with(lines, section, values, newline)
    return "".join(lines).encode()


def _lines(existing: bytes, name: object) -> list[str]:
    broken = f"{name} is no RawTherapee profile ({{}}); it was left as it is. Move it away, or repair it."
    try:
        text = existing.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PhotoError(broken.format("it is not UTF-8 text")) from error
    lines = text.splitlines(keepends=True) if "\0" not in text else None
    if lines is None:
        raise PhotoError(broken.format("it has zero bytes"))
    inside = False
    for number, line in enumerate(lines, 1):
        content = line.strip()
        if _HEADER.match(content):
            inside = True
        elif content and not content.startswith("#") and not (inside and _KEY.match(content)):
            raise PhotoError(broken.format(f"line {number} is neither [section] nor key=value"))
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"
    return lines


def _has(lines: list[str], section: str, key: str, value: str) -> bool:
    return any(where == section and _key(line) == key and line.split("=", 1)[1].strip() == value
               for where, line in _placed(lines))  # fmt: skip


def _with(lines: list[str], section: str, values: dict[str, str], newline: str) -> list[str]:
    """``lines`` with ``values`` in ``section``: each key where it stands, new ones at the section's end."""
    merged: list[str] = []
    missing = dict(values)
    end = -1  # index in ``merged`` behind the last line of the section that isn't empty
    for where, line in _placed(lines):
        key = _key(line)
        if where == section and key in values:
            line = f"{key}={values[key]}{newline}"
            missing.pop(key, None)
        merged.append(line)
        if where == section and line.strip():
            end = len(merged)
    new = [f"{key}={value}{newline}" for key, value in missing.items()]
    if end >= 0:
        return merged[:end] + new + merged[end:]
    gap = [newline] if merged and merged[-1].strip() else []
    return [*merged, *gap, f"[{section}]{newline}", *new]


def _placed(lines: list[str]) -> list[tuple[str, str]]:
    """Each line with the section that it is in."""
    section, placed = "", []
    for line in lines:
        header = _HEADER.match(line.strip())
        section = header[1] if header else section
        placed.append((section, line))
    return placed


def _key(line: str) -> str:
    content = line.strip()
    found = None if content.startswith(("#", "[")) else _KEY.match(content)
    return found[1] if found else ""


def _number(text: str) -> float:
    """0 for what is none."""
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if np.isfinite(number) else 0.0


@functools.cache
def _locus() -> np.ndarray:
    """(25000 - 1500 + 1, 3): linear sRGB of RawTherapee's light of each temperature, CIE Y = 1."""
    kelvin = np.arange(KELVIN[0], KELVIN[1] + 1, dtype=np.float64)
    glowing = kelvin <= _LAST_GLOWING
    xyz = np.concatenate([_planck(kelvin[glowing]), _daylight(kelvin[~glowing])])
    mired, (at, x, z) = 1e6 / kelvin, _MEASURED[::-1].T
    xyz *= np.stack([np.interp(mired, 1e6 / at, x), np.ones_like(mired), np.interp(mired, 1e6 / at, z)], axis=1)
    return np.asarray(xyz @ np.linalg.inv(SRGB_TO_XYZ).T)


def _planck(kelvin: np.ndarray) -> np.ndarray:
    """(T, 3) CIE XYZ (1931, 2 degrees) of black bodies, Y = 1."""
    functions = colour().MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    wavelengths = functions.wavelengths * 1e-9
    power = wavelengths**-5 / np.expm1(1.4388e-2 / (wavelengths * kelvin[:, None]))
    xyz = power @ functions.values
    return np.asarray(xyz / xyz[:, 1:2])


def _daylight(kelvin: np.ndarray) -> np.ndarray:
    """(T, 3) CIE XYZ of the daylights of CIE 15, 4000 K .. 25000 K, Y = 1."""
    t = 1000 / kelvin
    x = np.where(
        kelvin <= 7000,
        ((-4.6070 * t + 2.9678) * t + 0.09911) * t + 0.244063,
        ((-2.0064 * t + 1.9018) * t + 0.24748) * t + 0.237040,
    )
    y = (-3.0 * x + 2.870) * x - 0.275
    return np.stack([x / y, np.ones_like(x), (1 - x - y) / y], axis=1)
