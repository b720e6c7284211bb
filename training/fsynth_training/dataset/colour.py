"""sRGB, linear light and CIE Lab (D65) on arrays whose last axis has three channels, by colour-science."""

from __future__ import annotations

import warnings

import numpy as np

with warnings.catch_warnings():  # it warns that its plots need matplotlib
    warnings.simplefilter("ignore")
    import colour

_D65 = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"]


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """Gamma-encoded sRGB (..., 3), 0..1, to linear light, 0..1 (IEC 61966-2-1)."""
    return np.asarray(colour.cctf_decoding(np.maximum(srgb, 0), function="sRGB"))


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light (..., 3), clipped to 0..1, to gamma-encoded sRGB, 0..1."""
    return np.asarray(colour.cctf_encoding(np.clip(linear, 0, 1), function="sRGB"))


def to_lab(srgb: np.ndarray) -> np.ndarray:
    """Gamma-encoded sRGB (..., 3), 0..1, to CIE L* a* b* under D65."""
    return np.asarray(colour.XYZ_to_Lab(colour.sRGB_to_XYZ(srgb), _D65))


def lab_to_linear(lab: np.ndarray) -> np.ndarray:
    """CIE L* a* b* (..., 3) under D65 to linear sRGB, not clipped."""
    return np.asarray(colour.XYZ_to_sRGB(colour.Lab_to_XYZ(lab, _D65), apply_cctf_encoding=False))


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """CIEDE2000 differences (...,) between CIE Lab colours (..., 3) and (..., 3)."""
    return np.asarray(colour.delta_E(first, second, method="CIE 2000"))
