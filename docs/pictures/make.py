"""Draws the pictures of the README and the docs from the example photo: ``python docs/pictures/make.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import fsynth
from fsynth.faces import eye_centres
from fsynth_morphable.create import make_head
from fsynth_morphable.preview import render_views

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "astronaut.jpg"
TILE = 224
GAP = 6


def gains(photo: Image.Image, *rgb: float) -> Image.Image:
    """The photo in other light: each channel times a gain, in linear light."""
    linear = (np.asarray(photo, np.float32) / 255) ** 2.2 * np.array(rgb, np.float32)
    return Image.fromarray((np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))


def sunglasses(photo: Image.Image) -> Image.Image:
    """The photo with dark glasses drawn over the eyes."""
    drawn = photo.copy()
    pen = ImageDraw.Draw(drawn)
    right, left = eye_centres(fsynth.find_faces(photo)[0].mesh)
    width = (left - right)[0]
    for x, y in (right, left):
        pen.ellipse((x - 0.42 * width, y - 0.26 * width, x + 0.42 * width, y + 0.32 * width), fill=(22, 22, 26))
    pen.line((*right, *left), fill=(22, 22, 26), width=6)
    return drawn


def small(photo: Image.Image) -> Image.Image:
    """The photo as a security camera would have it: a face of 20 pixels."""
    return photo.resize((96, 96), Image.Resampling.BOX).resize(photo.size, Image.Resampling.BICUBIC)


def tiles(rows: list[list[np.ndarray]]) -> Image.Image:
    """Rows of pictures of TILE x TILE on white, with a gap between."""
    height, width = len(rows) * (TILE + GAP) - GAP, len(rows[0]) * (TILE + GAP) - GAP
    sheet = np.full((height, width, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            top, left = i * (TILE + GAP), j * (TILE + GAP)
            sheet[top : top + TILE, left : left + TILE] = picture
    return Image.fromarray(sheet)


def main() -> None:
    """Write every picture beside this file."""
    normalizer = fsynth.load()
    photo = Image.open(EXAMPLE).convert("RGB")
    photos = [
        photo,
        gains(photo, 1.5, 0.8, 0.35),
        gains(photo, 0.16, 0.18, 0.24),
        photo.convert("L").convert("RGB"),
        small(photo).filter(ImageFilter.GaussianBlur(1.5)),
        sunglasses(photo),
    ]
    faces = [normalizer(picture) for picture in photos]
    robust = tiles([[face.aligned.image for face in faces], [face.image for face in faces]])
    robust.save(HERE / "robustness.png")

    face = faces[0]
    drawn = Image.fromarray(face.image)
    pen = ImageDraw.Draw(drawn)
    for x, y in face.landmarks:
        pen.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=(255, 64, 64))
    stages = [face.aligned.image, face.texture, np.asarray(drawn), face.image]
    tiles([stages]).save(HERE / "stages.png")

    head = make_head(face.image, face.landmarks)
    smiling = render_views(head.with_expression({"smile": 0.6}), [20], size=TILE)
    views = [*render_views(head, [0, 40], size=TILE), *smiling]
    tiles([[face.aligned.image, face.image, *views]]).save(HERE / "avatar.png")


if __name__ == "__main__":
    main()
