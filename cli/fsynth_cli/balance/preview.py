"""The pictures of the contact sheet, made smaller where there are many, so that the page stays of a sensible size."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from fsynth_cli.balance.pictures import SIDE

MOST_BYTES = 40_000_000
"""Of all pictures together; a page has four thirds of that, and its text."""

_SMALLEST_SIDE = 200
_QUALITY = 84


def preview_side(files: Sequence[Path | None]) -> int:
    """The largest side, in pixels, that the pictures in ``files`` may have for all to fit in ``MOST_BYTES``."""
    total = sum(file.stat().st_size for file in files if file is not None)
    if total <= MOST_BYTES:
        return SIDE
    # A smaller picture has more detail a pixel: bytes shrink less than areas do.
    return max(_SMALLEST_SIDE, int(SIDE * math.pow(MOST_BYTES / total, 0.62)))


def fitted(jpeg: bytes, side: int) -> bytes:
    """``jpeg`` with no side above ``side`` pixels; as it is if it has none."""
    with Image.open(io.BytesIO(jpeg)) as image:
        if max(image.size) <= side:
            return jpeg
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=_QUALITY, optimize=True)
    return stream.getvalue()


def image_tag(jpeg: bytes, label: str = "") -> str:
    """An ``img`` that carries ``jpeg``; ``label`` is escaped already."""
    with Image.open(io.BytesIO(jpeg)) as image:
        width, height = image.size
    data = base64.b64encode(jpeg).decode("ascii")
    size = f'width="{width}" height="{height}"'
    return f'<img {size} loading="lazy" decoding="async" alt="{label}" src="data:image/jpeg;base64,{data}">'


def aspect(jpeg: bytes) -> float:
    """Width over height."""
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.width / image.height
