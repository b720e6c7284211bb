"""CIE Lab in keras.ops, so that a loss can be taken in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

# IEC 61966-2-1: linear sRGB to CIE XYZ, over the white point D65 (0.3127, 0.3290) so that white is (1, 1, 1).
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
_TO_RELATIVE_XYZ = (_TO_XYZ / _WHITE[:, None]).T.astype(np.float32)
_EDGE = 6 / 29


def srgb_to_lab(srgb: Any) -> Any:
    """Gamma-encoded sRGB (..., 3), 0..1, to CIE L* (0..100), a* and b* under D65, differentiably everywhere."""
    # Each branch sees only arguments at which its gradient is finite.
    linear = ops.where(srgb > 0.04045, ((ops.maximum(srgb, 0.04045) + 0.055) / 1.055) ** 2.4, srgb / 12.92)
    xyz = ops.matmul(linear, ops.convert_to_tensor(_TO_RELATIVE_XYZ, dtype=linear.dtype))
    root = ops.maximum(xyz, _EDGE**3) ** (1 / 3)
    f = ops.where(xyz > _EDGE**3, root, xyz / (3 * _EDGE**2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return ops.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
