# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures for the panel: the chosen photo, and the faces found in it."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import bpy
from bpy.utils import previews

if TYPE_CHECKING:
    import numpy as np

SIZE = 256
"""Longest side of a thumbnail in pixels."""

_NO_ICON = 0
# Formats without a reduced form are read whole for their thumbnail, which takes a second at this size.
_MOST_PIXELS = 60_000_000

_collection: previews.ImagePreviewCollection | None = None
_wanted: str | None = None


def photo_icon(path: str) -> int:
    """The icon of a photo's thumbnail; 0 where there is none, or none yet.

    Meant for ``draw``: the first call asks for the thumbnail, which is made when Blender is idle and shown by the next
    redraw.
    """
    global _wanted
    key = _key(path)
    if key is None:
        return _NO_ICON
    if _collection is not None and key in _collection:
        return _shown(key)
    if _wanted is None and not bpy.app.background:
        bpy.app.timers.register(_load_wanted, first_interval=0.01)
    _wanted = path
    return _NO_ICON


def load_photo(path: str) -> int:
    """Make a photo's thumbnail now. Gives its icon, 0 if the file is no picture that can be read."""
    key = _key(path)
    if key is None:
        return _NO_ICON
    if _collection is None or key not in _collection:
        pixels = _read_small(bpy.path.abspath(path))
        if pixels is None:
            _previews().new(key)  # remembered as unreadable, so that it is not tried at every redraw
        else:
            _show(key, pixels)
    return _shown(key)


def show_face(number: int, crop: bytes) -> int:
    """The icon of face ``number``, whose picture is the PNG file ``crop``."""
    key = f"face {number}"
    if key in _previews():
        del _previews()[key]
    pixels = _read_small(io.BytesIO(crop))
    if pixels is None:
        return _NO_ICON
    _show(key, pixels)
    return _shown(key)


def clear() -> None:
    """Free all thumbnails."""
    global _collection, _wanted
    if bpy.app.timers.is_registered(_load_wanted):
        bpy.app.timers.unregister(_load_wanted)
    if _collection is not None:
        previews.remove(_collection)
    _collection = _wanted = None


def _previews() -> previews.ImagePreviewCollection:
    global _collection
    if _collection is None:
        _collection = previews.new()
    return _collection


def _shown(key: str) -> int:
    preview = _previews()[key]
    return preview.icon_id if preview.image_size[0] else _NO_ICON


def _key(path: str) -> str | None:
    """Changes with the file; None where there is no such file."""
    if not path:
        return None
    try:
        status = os.stat(bpy.path.abspath(path))
    except (OSError, ValueError):
        return None
    return f"{path} {status.st_mtime_ns}"


def _load_wanted() -> None:
    global _wanted
    path, _wanted = _wanted, None
    if path is not None:
        load_photo(path)
        _redraw()


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if area.type == "VIEW_3D" and region.type == "UI":
                    region.tag_redraw()


def _read_small(file: str | io.BytesIO) -> np.ndarray | None:
    """The photo upright, (H, W, 3) uint8 sRGB, at most SIZE wide and high; None if it can't be read."""
    try:
        import numpy as np
        from PIL import Image, ImageOps
    except ImportError:
        return None
    try:
        with Image.open(file) as image:
            image.draft("RGB", (SIZE, SIZE))
            if image.width * image.height > _MOST_PIXELS:
                return None
            small = ImageOps.exif_transpose(image)
            small.thumbnail((SIZE, SIZE))
            return np.asarray(small.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _show(key: str, pixels: np.ndarray) -> None:
    import numpy as np

    height, width = pixels.shape[:2]
    opaque = np.ones((height, width, 4), np.float32)
    opaque[..., :3] = pixels[::-1] / np.float32(255)
    preview = _previews().new(key)
    preview.image_size = (width, height)
    preview.image_pixels_float.foreach_set(opaque.ravel())
