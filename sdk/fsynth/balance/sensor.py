"""Reads a Bayer sensor's picture much reduced, with the numbers of LibRaw's half size in half its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import rawpy

_BAYER = (
    [0, 1, 3, 2], [1, 0, 2, 3], [2, 3, 1, 0], [3, 2, 0, 1],
    [0, 3, 1, 2], [3, 0, 2, 1], [2, 1, 3, 0], [1, 2, 0, 3],
)  # fmt: skip
"""Colours (R, G, B, second G) of 2 x 2 pixels, row by row: red and blue across a diagonal."""


def read_reduced(raw: rawpy.RawPy, longest: int) -> np.ndarray | None:
    """Camera RGB of an opened RAW file, from every n-th block of 2 x 2 pixels both ways.

    The same as LibRaw's half size without white balance, thinned out, up to 1 of 65535 by rounding.

    Args:
        raw: a file opened with rawpy.
        longest: n is such that the longer side comes near this.

    Returns:
        (H, W, 3) uint16, upright, 65535 = saturation; None where the sensor is no plain Bayer one, or its pixels are
        no squares, which is LibRaw's to read.

    Raises:
        rawpy.LibRawError: the file is damaged.
    """
    import rawpy

    sizes = raw.sizes
    if raw.raw_type != rawpy.RawType.Flat or raw.num_colors != 3 or raw.color_desc != b"RGBG":
        return None
    mosaic, pattern = raw.raw_image, raw.raw_pattern
    if pattern is None or pattern.shape != (2, 2) or mosaic.dtype != np.uint16 or sizes.pixel_aspect != 1:
        return None
    top, left = sizes.top_margin, sizes.left_margin
    height, width = sizes.height // 2, sizes.width // 2
    colours = [raw.raw_color(top + row, left + column) for row in (0, 1) for column in (0, 1)]
    white, black = raw.white_level, raw.black_level_per_channel
    if colours not in _BAYER or height < 1 or width < 1 or white <= max(black):
        return None
    step = 2 * max(1, round(max(height, width) / longest))
    visible = mosaic[top : top + 2 * height, left : left + 2 * width]
    channels: list[list[np.ndarray]] = [[], [], []]
    for place, colour in enumerate(colours):
        values = visible[place // 2 :: step, place % 2 :: step].astype(np.float32)
        light = np.clip((values - black[colour]) * (65535 / (white - min(black))), 0, 65535)
        channels[1 if colour == 3 else colour].append(light)
    red, green, blue = ((parts[0] if len(parts) == 1 else (parts[0] + parts[1]) / 2) for parts in channels)
    return _upright(np.stack([red, green, blue], axis=-1).astype(np.uint16), sizes.flip)


def _upright(pixels: np.ndarray, flip: int) -> np.ndarray:
    """Apply LibRaw's ``flip``: bit 0 columns, bit 1 rows, then bit 2 the axes."""
    if flip & 2:
        pixels = pixels[::-1]
    if flip & 1:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels.transpose(1, 0, 2) if flip & 4 else pixels)
