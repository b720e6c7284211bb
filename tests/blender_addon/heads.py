"""Small heads for tests that need no photo."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from fsynth_blender.parts import Part
from fsynth_blender.work import Made, Request

SHAPES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft")
_BONES = {"neck": (1, 0), "head": (0, 1)}
"""Each bone's weight at the first and at the last vertex."""


def png(colour: tuple[int, ...], size: int = 16) -> bytes:
    stream = io.BytesIO()
    Image.new("RGBA" if len(colour) == 4 else "RGB", (size, size), colour).save(stream, "PNG")
    return stream.getvalue()


def square(name: str, material: str, height: float, shapes: tuple[str, ...], textured: bool = True) -> Part:
    """A quad and a triangle beside it, 10 cm wide, at a height above the origin."""
    vertices = np.array([[0, 0, 0], [0.1, 0, 0], [0.1, 0, 0.1], [0, 0, 0.1], [0.2, 0, 0.05]], np.float32)
    corners = np.array([0, 1, 2, 3, 1, 4, 2], np.int32)
    shift = np.linspace(0.001, 0.005, 5, dtype=np.float32)[:, None] * np.array([1, -2, 3], np.float32)
    return Part(
        name=name,
        material=material,
        rows=np.arange(5, dtype=np.int32),
        vertices=vertices + np.array([0, 0, height], np.float32),
        corners=corners,
        starts=np.array([0, 4], np.int32),
        uvs=vertices[corners][:, [0, 2]] * 5 if textured else None,
        colours=None if textured else np.full((5, 3), 0.5, np.float32),
        shape_keys={shape: shift * (1 + number) for number, shape in enumerate(shapes)},
        weights={bone: np.linspace(ends[0], ends[1], 5, dtype=np.float32) for bone, ends in _BONES.items()},
    )


def small_head(photo: str = "ada.jpg", shapes: tuple[str, ...] = SHAPES, textured: bool = True) -> Made:
    """What ``work.make`` returns, of parts of two polygons each."""
    parts = (
        square("skin", "skin", 0.0, shapes, textured),
        square("eye_left", "eyes", 0.1, (), textured),
        square("teeth_lower", "mouth", 0.2, tuple(name for name in shapes if name == "jawOpen"), textured),
        square("lashes", "hair", 0.3, tuple(name for name in shapes if name == "eyeBlinkLeft"), textured),
        square("cornea_left", "clear", 0.1, (), textured),
    )
    return Made(
        request=Request(photo, face=0, shape_keys=bool(shapes)),
        parts=parts,
        images={"colour": png((200, 150, 120)), "hair": png((20, 10, 5, 128))} if textured else {},
        shapes=shapes,
        identity=np.linspace(-1, 1, 12).astype(np.float32),
        identity_range=(-3, 3),
        iris=(0.3, 0.4, 0.5),
        hair=None,
        joints={"neck": np.zeros(3, np.float32), "head": np.array([0, 0.01, 0.1], np.float32)},
        origin=np.zeros(3, np.float32),
        sha256="ab" * 32,
        faces=1,
        licence="CC0",
    )
