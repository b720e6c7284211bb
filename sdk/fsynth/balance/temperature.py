"""The light that white-balance multipliers are for: chromaticity, colour temperature and Duv, Adobe's numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth.balance.colour_science import colour
from fsynth.errors import ArgumentError

ADOBE_TEMPERATURE = (2000, 50000)
"""Kelvin that Adobe's slider reaches."""

ADOBE_TINT = (-150, 150)
"""Tint that Adobe's slider reaches."""

_TINT_PER_DUV = -3000.0


@dataclass(frozen=True)
class Temperature:
    """Colour of a light, CIE 1960 UCS, by Robertson's method (1968), which camera software uses, too.

    Attributes:
        cct: correlated colour temperature, kelvin.
        duv: distance from the Planckian locus, positive towards green.
    """

    cct: float
    duv: float

    @property
    def mired(self) -> float:
        """1,000,000 / kelvin: equal steps of it look equal."""
        return 1e6 / self.cct

    @property
    def adobe(self) -> tuple[int, int]:
        """Adobe's Temperature (kelvin) and Tint (-3000 Duv, positive towards magenta), clipped to their sliders."""
        kelvin = int(np.clip(round(self.cct), *ADOBE_TEMPERATURE))
        return kelvin, int(np.clip(round(_TINT_PER_DUV * self.duv), *ADOBE_TINT))

    @classmethod
    def of_adobe(cls, temperature: float, tint: float) -> Temperature:
        """The light that Adobe's Temperature and Tint stand for."""
        return cls(float(temperature), tint / _TINT_PER_DUV)

    @classmethod
    def of_xy(cls, xy: np.ndarray) -> Temperature:
        """The temperature of a light of chromaticity ``xy`` (2,), CIE 1931."""
        cct, duv = colour().temperature.uv_to_CCT_Robertson1968(_uv(xy))
        return cls(float(cct), float(duv))

    def to_xy(self) -> np.ndarray:
        """(2,) CIE 1931 chromaticity."""
        return temperature_xy(np.array([self.cct, self.duv]))


def temperature_xy(lights: np.ndarray) -> np.ndarray:
    """CIE 1931 chromaticities (..., 2) of ``lights`` (..., 2): kelvin and Duv."""
    return np.asarray(colour().UCS_uv_to_xy(colour().temperature.CCT_to_uv_Robertson1968(lights)))


def light_xy(multipliers: np.ndarray, xyz_to_camera: np.ndarray) -> np.ndarray:
    """Chromaticity (2,) of the light that ``multipliers`` (3,) make neutral for a camera, ``xyz_to_camera`` (3, 3).

    Raises:
        ArgumentError: no light has that chromaticity: the multipliers are not those of this camera.
    """
    xyz = np.linalg.solve(np.asarray(xyz_to_camera, np.float64), 1 / np.asarray(multipliers, np.float64))
    if xyz[1] <= 0 or xyz.sum() <= 0:
        raise ArgumentError(f"`multipliers` {multipliers} stand for no light that this camera could see.")
    return xyz[:2] / xyz.sum()


def light_multipliers(xy: np.ndarray, xyz_to_camera: np.ndarray) -> np.ndarray:
    """The inverse of ``light_xy``: multipliers (3,), green 1, that make a light of chromaticity ``xy`` (2,) neutral.

    Raises:
        ArgumentError: the camera sees that light with nothing, or less, in a channel.
    """
    x, y = np.asarray(xy, np.float64)
    white = np.asarray(xyz_to_camera, np.float64) @ np.array([x / y, 1.0, (1 - x - y) / y])
    if not (white > 0).all():
        raise ArgumentError(f"`xy` {xy} is a light that gives the camera {white}, which no multipliers make neutral.")
    return white[1] / white


def _uv(xy: np.ndarray) -> np.ndarray:
    """CIE 1931 xy (..., 2) as CIE 1960 uv."""
    x, y = np.moveaxis(np.asarray(xy, np.float64), -1, 0)
    scale = -2 * x + 12 * y + 3
    return np.stack([4 * x / scale, 6 * y / scale], axis=-1)
