"""What happens to photographs in the wild: casts, exposure, blur, noise, compression, low resolution, occlusion."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def augment(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The image of ``degrade`` alone."""
    return degrade(image, rng)[0]


def degrade(image: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """A random degradation of ``image`` (H, W, 3) uint8, each kind by its own chance, and whether it is mirrored."""
    picture = Image.fromarray(image)
    size = picture.size
    mirrored = bool(rng.random() < 0.5)
    if mirrored:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.5:  # a small change of framing
        angle, scale = rng.normal(0, 4), np.exp(rng.normal(0, 0.04))
        shift = rng.normal(0, 3, 2)
        cosine, sine = np.cos(np.radians(angle)) / scale, np.sin(np.radians(angle)) / scale
        centre = np.array(size) / 2
        offset = centre - np.array([[cosine, sine], [-sine, cosine]]) @ (centre + shift)
        matrix = (cosine, sine, offset[0], -sine, cosine, offset[1])
        picture = picture.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    if rng.random() < 0.4:
        low = int(rng.integers(40, 140))
        picture = picture.resize((low, low), Image.Resampling.BOX).resize(size, Image.Resampling.BICUBIC)
    elif rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.5)))
    if rng.random() < 0.25:
        _occlude(picture, rng)
    pixels = np.asarray(picture, np.float32) / 255
    if rng.random() < 0.15:
        pixels = np.repeat(pixels @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=-1)
    if rng.random() < 0.7:
        gains = np.exp(rng.normal(0, 0.12, 3) + rng.normal(0, 0.25))
        pixels = np.clip(pixels**2.2 * gains, 0, 1) ** (1 / 2.2)
    if rng.random() < 0.3:  # light from one side
        ramp = np.linspace(-1, 1, size[0])[None, :, None] * rng.uniform(-0.4, 0.4)
        pixels = np.clip(pixels * (1 + ramp), 0, 1)
    if rng.random() < 0.3:
        pixels = np.clip(pixels + rng.normal(0, rng.uniform(0.01, 0.05), pixels.shape), 0, 1)
    result = Image.fromarray((pixels * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.4:
        buffer = io.BytesIO()
        result.save(buffer, "JPEG", quality=int(rng.integers(20, 80)))
        result = Image.open(buffer).convert("RGB")
    return np.asarray(result), mirrored


def _occlude(picture: Image.Image, rng: np.random.Generator) -> None:
    width, height = picture.size
    colour = tuple(int(c) for c in rng.integers(0, 256, 3))
    draw = ImageDraw.Draw(picture)
    kind = rng.integers(3)
    if kind == 0:  # sunglasses, over the eyes of the encoder's crop
        y = 0.46 * height
        for x in (0.34, 0.66):
            draw.ellipse(
                (width * (x - 0.14), y - 0.08 * height, width * (x + 0.14), y + 0.09 * height), fill=(25, 25, 28)
            )
        draw.line((width * 0.4, y, width * 0.6, y), fill=(25, 25, 28), width=5)
    elif kind == 1:  # a hat or hair over the forehead
        draw.rectangle((0, 0, width, int(height * rng.uniform(0.1, 0.3))), fill=colour)
    else:  # a hand, a microphone, a scarf
        x, y = rng.uniform(0, width), rng.uniform(0.55, 1.0) * height
        radius = rng.uniform(0.08, 0.22) * width
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
