"""A prior on gains: most lights are near the daylight and Planckian loci, and a face is never known exactly."""

from __future__ import annotations

import functools

import numpy as np

from fsynth.balance.gains import Gains, solve_exposure
from fsynth.balance.temperature import temperature_xy

FACE_ERROR = 0.065
"""Default standard deviation of the logarithm of a channel of the normalized face, linear sRGB, green apart."""

LIGHT_SPREAD = 0.008
"""Default standard deviation of Duv of the lights that photos are taken in."""

_MIREDS: np.ndarray = np.arange(40.0, 601.0, 2.0)  # 25,000 K to 1,667 K
_STEP = 0.002  # of Duv, to tell in which direction it moves a camera's RGB


def towards_locus(
    gains: Gains,
    camera: np.ndarray,
    target: np.ndarray,
    camera_to_srgb: np.ndarray,
    xyz_to_camera: np.ndarray,
    *,
    face_error: float = FACE_ERROR,
    light_spread: float = LIGHT_SPREAD,
) -> Gains:
    """The likeliest gains, given those that ``gains.solve`` found and that lights keep near the locus.

    With x = (log R/G, log B/G) of a light in camera RGB, the face says x ~ N(x_face, face_error^2) and the prior that x
    is a point of the locus moved by Duv ~ N(0, light_spread^2), all temperatures alike. The exposure then keeps the
    luminance of the skin.

    Args:
        gains, camera, target, camera_to_srgb: result and arguments of ``gains.solve``.
        xyz_to_camera: (3, 3) CIE XYZ -> camera RGB, see ``RawPhoto``.
        face_error: how far the normalized face may be wrong; 0 leaves the gains alone.
        light_spread: how far lights stray from the locus, in Duv.
    """
    if face_error <= 0:
        return gains
    on, beside = (_log_chromaticity(xy, xyz_to_camera) for xy in _locus())
    away = (beside - on) / _STEP
    gap = -np.log(gains.multipliers[[0, 2]]) - on
    # For each temperature the likeliest Duv, in closed form; then the likeliest temperature.
    duv = (away * gap).sum(axis=1) / ((away**2).sum(axis=1) + (face_error / light_spread) ** 2)
    likeliest = on + duv[:, None] * away
    cost = ((gap - duv[:, None] * away) ** 2).sum(axis=1) / face_error**2 + (duv / light_spread) ** 2
    red, blue = likeliest[np.argmin(cost)]
    return solve_exposure(camera, target, camera_to_srgb, np.exp([-red, 0.0, -blue]))


@functools.cache
def _locus() -> tuple[np.ndarray, np.ndarray]:
    """(T, 2) xy of the lights of ``_MIREDS``, and the same moved by ``_STEP`` Duv.

    Daylight runs 0.003 Duv above Planck's locus; towards lights that glow, the difference ends.
    """
    duv = 0.003 * np.clip((350 - _MIREDS) / 100, 0, 1)
    lights = np.stack([1e6 / _MIREDS, duv], axis=1)
    return temperature_xy(lights), temperature_xy(lights + np.array([0, _STEP]))


def _log_chromaticity(xy: np.ndarray, xyz_to_camera: np.ndarray) -> np.ndarray:
    """(T, 2) log(R/G), log(B/G) of lights ``xy`` (T, 2) in camera RGB."""
    x, y = xy.T
    rgb = np.stack([x / y, np.ones_like(x), (1 - x - y) / y], axis=1) @ np.asarray(xyz_to_camera, np.float64).T
    return np.log(np.maximum(rgb[:, [0, 2]], 1e-6) / np.maximum(rgb[:, [1]], 1e-6))
