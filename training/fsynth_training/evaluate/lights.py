"""The light of a photograph changed: colour temperature and exposure, as gains in linear light."""

from __future__ import annotations

import numpy as np

from fsynth_training.dataset.colour import to_linear, to_srgb

TEMPERATURES = (2800, 3500, 4500, 8000, 10000)
"""Kelvin, of lights over photographs that were balanced for daylight of 6500 K."""

EXPOSURES = (1, -1)
"""EV."""


def white(kelvin: float) -> np.ndarray:
    """Linear sRGB (3,) of a light of ``kelvin`` with luminance 1: CIE daylight from 4000 K, a Planckian radiator below.

    Source: Judd et al. 1964 for daylight, Kang et al. 2002 for the Planckian locus, by colour-science.
    """
    import colour  # quietly, for dataset.colour has imported it before

    temperature = colour.temperature
    xy = (temperature.CCT_to_xy_CIE_D if kelvin >= 4000 else temperature.CCT_to_xy_Kang2002)(kelvin)
    return np.asarray(colour.XYZ_to_sRGB(colour.xy_to_XYZ(xy), apply_cctf_encoding=False))


def temperature_gains(kelvin: float) -> np.ndarray:
    """Gains (3,) of linear R, G, B for a light of ``kelvin`` in a photo balanced for D65; luminance stays.

    The gains are those of linear sRGB, not of a camera's sensor, which differs from camera to camera.
    """
    return white(kelvin) / white(6504)


def relight(images: np.ndarray, gains: np.ndarray | float) -> np.ndarray:
    """``images`` (..., 3) uint8 sRGB times ``gains`` (3,) or a number in linear light, clipped as a camera clips."""
    return (to_srgb(to_linear(images / np.float32(255)) * gains) * 255 + 0.5).astype(np.uint8)


def lights() -> dict[str, np.ndarray]:
    """The gains (3,) of every light of the table, by its name."""
    named = {f"{kelvin} K": temperature_gains(kelvin) for kelvin in TEMPERATURES}
    return named | {f"{exposure:+d} EV": np.full(3, 2.0**exposure) for exposure in EXPOSURES}
