"""A picture of a head, and one that turns."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fsynth_morphable.camera import Camera, rotation_matrix
from fsynth_morphable.errors import ArgumentError, OutputError
from fsynth_morphable.head import Head
from fsynth_morphable.obj import encode_png
from fsynth_morphable.render import Scene
from fsynth_morphable.writing import write_files

_FIELD_OF_VIEW = 14.0
_MARGIN = 1.12
_BELOW_CHIN = 0.07
"""Metres."""


def preview_camera(head: Head, yaw: float = 0, *, size: int = 512) -> Camera:
    """A camera around ``head`` that has all of it in its picture from every side.

    ``yaw``: degrees that the camera goes around to the head's left (image right); 0 is the front, 90 the left profile.
    ``size``: width and height of the picture in pixels.
    """
    low, high = head.vertices.min(axis=0), head.vertices.max(axis=0)
    if head.landmarks is not None:
        # A bust runs off below the picture, a hand's breadth under the lowest landmark, the chin.
        low = np.maximum(low, [-np.inf, float(head.landmarks[:, 1].min()) - _BELOW_CHIN, -np.inf])
        above = head.vertices[head.vertices[:, 1] > head.landmarks[:, 1].min()]
        low[[0, 2]], high[[0, 2]] = above[:, [0, 2]].min(axis=0), above[:, [0, 2]].max(axis=0)
    middle = (low + high) / 2
    radius = _MARGIN * float(np.max(high - low)) / 2
    distance = radius / np.tan(np.radians(_FIELD_OF_VIEW) / 2)
    rotation = rotation_matrix(np.array([0, -np.radians(yaw), 0]))
    translation = np.array([0, 0, -distance]) - rotation @ middle
    return Camera(rotation, translation, image_size=size, field_of_view=_FIELD_OF_VIEW)


def render_views(head: Head, yaws: Sequence[float], *, size: int = 512) -> list[np.ndarray]:
    """Pictures of ``head``, (size, size, 3) uint8 sRGB each, seen from ``yaws`` in degrees (see ``preview_camera``)."""
    if not 16 <= size <= 4096:
        raise ArgumentError(f"`size` must be from 16 to 4096 pixels, it is {size}.")
    scene = Scene.of(head)
    return [scene.render(preview_camera(head, yaw, size=size)) for yaw in yaws]


def save_preview(head: Head, path: str | os.PathLike[str], *, size: int = 512, overwrite: bool = False) -> Path:
    """Write a picture of ``head``: ``.png`` from the front, half turned and the side; ``.gif`` or ``.webp`` turning,
    five eighths the size.

    Raises:
        OutputError: another suffix, a file that exists already, or a folder that can't be written to.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".png":
        content = encode_png(np.concatenate(render_views(head, (0, 40, 90), size=size), axis=1))
    elif suffix in (".gif", ".webp"):
        content = _encode_turntable(head, (5 * size) // 8, suffix[1:])
    else:
        raise OutputError(f"{path} must end in .png, .gif or .webp.")
    write_files({path: content}, overwrite=overwrite)
    return path


def _encode_turntable(head: Head, size: int, kind: str, frames: int = 28) -> bytes:
    """A head that turns to both sides and back, without an end."""
    from PIL import Image

    yaws = 75 * np.sin(np.arange(frames) * 2 * np.pi / frames)
    pictures = [Image.fromarray(view) for view in render_views(head, yaws.tolist(), size=size)]
    stream = io.BytesIO()
    pictures[0].save(
        stream, kind.upper(), save_all=True, append_images=pictures[1:], duration=90, loop=0, quality=85, method=4
    )
    return stream.getvalue()
