"""The pictures of the contact sheet, made smaller where there are many, so that the page stays of a sensible size."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from fsynth_cli.balance.pictures import SIDE, Pictures

MOST_BYTES = 42_000_000
"""Of all pictures together; a page has four thirds of that, and its text."""

_SIDES = (480, 420, 360, 300, 250, 200)
_SAMPLE = 8  # photos that tell how large the pictures get
_QUALITY = 85


def preview_side(files: Sequence[Path | None]) -> int:
    """The largest side, in pixels, that the pictures in ``files`` may have for all to fit in ``MOST_BYTES``."""
    known = [file for file in files if file is not None]
    if sum(file.stat().st_size for file in known) <= MOST_BYTES:
        return SIDE
    sample = [Pictures.load(file) for file in known[:: -(-len(known) // _SAMPLE)]]
    for side in _SIDES:
        size = sum(_size(pictures, side) for pictures in sample) / len(sample)
        if size * len(known) <= MOST_BYTES:
            return side
    return _SIDES[-1]


def face_side(side: int) -> int:
    """The largest side of faces where photos have ``side``: 224 pixels, or less in proportion."""
    return side * 224 // SIDE


def _size(pictures: Pictures, side: int) -> int:
    photos = [jpeg for jpeg in (pictures.before, pictures.after) if jpeg]
    faces = [jpeg for pair in pictures.faces for jpeg in pair]
    return sum(len(fitted(j, side)) for j in photos) + sum(len(fitted(j, face_side(side))) for j in faces)


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
