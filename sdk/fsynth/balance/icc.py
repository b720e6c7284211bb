"""ICC profiles of RGB pictures that are curves and a matrix: exact to 16 bits, and nothing of a wide gamut is lost."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from PIL import ImageCms

from fsynth.balance.raw_file import SRGB_TO_XYZ
from fsynth.faces.image_file import DECODING_ERRORS

_STEPS = 65536

# CIE XYZ under D65 -> D50, Bradford: profiles have their primaries under D50.
_D65_TO_D50: np.ndarray = np.array(
    [[1.0478112, 0.0228866, -0.0501270], [0.0295424, 0.9904844, -0.0170491], [-0.0092345, 0.0150436, 0.7521316]]
)


@dataclass(frozen=True, eq=False)
class RgbProfile:
    """An RGB colour space.

    Attributes:
        curves: (3, 65536) float64, rising: the linear light, 0..1, of each channel's 16-bit values.
        to_srgb: (3, 3), its linear RGB -> linear sRGB; rows sum to 1.
        icc: the profile itself.
    """

    curves: np.ndarray
    to_srgb: np.ndarray
    icc: bytes

    @classmethod
    def srgb(cls) -> RgbProfile:
        """The space sRGB, with a profile that says so."""
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        icc = icc[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + icc[36:]  # the same every time
        codes = np.arange(_STEPS) / (_STEPS - 1)
        curve = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
        return cls(np.stack([curve] * 3), np.eye(3), icc)

    @classmethod
    def parse(cls, icc: bytes) -> RgbProfile | None:
        """The profile ``icc``; None if it is damaged, not of RGB, or more than three curves and a matrix."""
        try:
            if icc[16:20] != b"RGB " or icc[20:24] != b"XYZ ":
                return None
            tags = _tags(icc)
            if b"A2B0" in tags:
                return None
            curves = np.stack([_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")])
            columns = [struct.unpack(">3i", tags[name][8:20]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
            to_srgb = np.linalg.inv(_D65_TO_D50 @ SRGB_TO_XYZ) @ (np.array(columns).T / 65536)
            to_srgb /= to_srgb.sum(axis=1, keepdims=True)
            if not (np.isfinite(curves).all() and (np.diff(curves) >= 0).all() and abs(np.linalg.det(to_srgb)) > 1e-3):
                return None
            return cls(curves, to_srgb, icc)
        except (*DECODING_ERRORS, np.linalg.LinAlgError):
            return None

    def to_linear(self, pixels: np.ndarray) -> np.ndarray:
        """``pixels`` (H, W, 3) uint8 or uint16 as linear light, 0..1, float32."""
        step = 257 if pixels.dtype == np.uint8 else 1
        curves = self.curves[:, ::step].astype(np.float32)
        linear = np.empty(pixels.shape, np.float32)
        for channel in range(3):
            linear[..., channel] = curves[channel][pixels[..., channel]]
        return linear

    def from_linear(self, linear: np.ndarray, *, bits: int) -> np.ndarray:
        """The inverse: ``linear`` (H, W, 3), clipped to 0..1, as uint8 (``bits`` 8) or uint16 (16)."""
        codes = np.arange(_STEPS) / (_STEPS - 1)
        pixels = np.empty(linear.shape, np.uint8 if bits == 8 else np.uint16)
        for channel in range(3):
            # Even steps of the root of light keep dark tones apart.
            table = np.interp(codes**2, self.curves[channel], codes) * (2**bits - 1) + 0.5
            light = np.sqrt(np.clip(linear[..., channel], 0, 1))
            if bits == 8:
                pixels[..., channel] = table.astype(np.uint8)[(light * (_STEPS - 1) + 0.5).astype(np.uint16)]
            else:
                pixels[..., channel] = np.interp(light, codes, table)
        return pixels


def _tags(icc: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", icc, 128)
    entries = [struct.unpack_from(">4sII", icc, 132 + 12 * i) for i in range(min(count, 200))]
    return {name: icc[offset : offset + size] for name, offset, size in entries}


def _curve(tag: bytes) -> np.ndarray:
    """(65536,) linear light of a ``curv`` or ``para`` tag (ICC.1, 10.6 and 10.18)."""
    x = np.arange(_STEPS) / (_STEPS - 1)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        values = np.array(struct.unpack_from(f">{count}H", tag, 12), np.float64)
        if count == 0:
            return x
        if count == 1:
            return np.asarray(x ** (values[0] / 256))
        return np.interp(x, np.linspace(0, 1, count), values / 65535)
    if tag[:4] != b"para":
        raise ValueError("no curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = (1, 3, 4, 5, 7)[kind]
    g, a, b, c, d, e, f = np.pad(np.array(struct.unpack_from(f">{count}i", tag, 12)) / 65536, (0, 7 - count))
    if kind == 0:
        return np.asarray(x**g)
    if kind in (1, 2):  # c is 0 for kind 1
        return np.asarray(np.maximum(a * x + b, 0) ** g + c)
    return np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)
