from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from fsynth.faces import apply_transform, invert_transform
from fsynth.faces.resample import resample


def _about(middle: tuple[float, float], scale: float, degrees: float) -> np.ndarray:
    """Similarity that puts ``middle`` at (31.5, 23.5), the middle of a 64 x 48 output."""
    angle = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.concatenate([linear, (np.array([31.5, 23.5]) - linear @ middle)[:, None]], axis=1)


def _places(transform: np.ndarray) -> np.ndarray:
    """(48, 64, 2): the photo pixel (x, y) of each pixel of a 64 x 48 output."""
    return apply_transform(invert_transform(transform), np.stack(np.meshgrid(np.arange(64), np.arange(48)), axis=-1))


def test_identity_copies_pixels(picture: np.ndarray) -> None:
    identity = np.array([[1.0, 0, 0], [0, 1, 0]])
    assert np.array_equal(resample(picture, identity, 56, 40), picture)
    shift = np.array([[1.0, 0, -7], [0, 1, -5]])
    assert np.array_equal(resample(picture, shift, 20, 10), picture[5:15, 7:27])


@pytest.mark.parametrize("degrees", [0, 17, 90, -134])
@pytest.mark.parametrize("scale", [0.8, 1.0, 1.7, 6.0])
@pytest.mark.parametrize("middle", [(80.0, 60.0), (3.0, 110.0), (-20.0, 60.0)])
def test_agrees_with_scipy(scale: float, degrees: float, middle: tuple[float, float]) -> None:
    ndimage = pytest.importorskip("scipy.ndimage", reason='needs pip install "fsynth[train]"')
    photo = np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)
    transform = _about(middle, scale, degrees)
    x, y = np.moveaxis(_places(transform), -1, 0)
    expected = [ndimage.map_coordinates(photo[..., c].astype(float), [y, x], order=1, mode="nearest") for c in range(3)]
    result = resample(photo, transform, 64, 48)
    # Pillow interpolates with 8 fractional bits or more, so a step or two of 255 may be lost on noise.
    assert np.abs(result - np.stack(expected, axis=-1)).max() <= 2


@pytest.mark.parametrize("scale", [0.5, 0.31, 0.1, 0.03])
def test_shrinking_keeps_every_place(scale: float) -> None:
    y, x = np.mgrid[0:1200, 0:1600]
    photo = np.stack([x * 255 / 1599, y * 255 / 1199, (x + y) * 255 / 2798], axis=-1).round().astype(np.uint8)
    transform = _about((800, 600), scale, 30)
    places = _places(transform)
    inside = ((places > 2 / scale) & (places < np.array([1599, 1199]) - 2 / scale)).all(axis=-1)
    expected = np.stack([places[..., 0] * 255 / 1599, places[..., 1] * 255 / 1199, places.sum(-1) * 255 / 2798], -1)
    assert inside.sum() > 100
    assert np.abs(resample(photo, transform, 64, 48) - expected)[inside].max() <= 1.6


def test_shrinking_does_not_alias() -> None:
    photo = np.zeros((800, 800, 3), np.uint8)
    photo[::2, ::2] = photo[1::2, 1::2] = 255
    result = resample(photo, _about((400, 400), 0.13, 11), 64, 48)
    assert np.abs(result.astype(int) - 128).max() <= 4  # blocks of 7 x 7 hold 24 or 25 white pixels


def test_edge_is_repeated_without_black() -> None:
    photo = np.full((50, 60, 3), 200, np.uint8)
    for middle, scale in (((0, 0), 1), ((0, 0), 0.05), ((59, 49), 0.3), ((-900, 25), 1), ((5000, -5000), 0.2)):
        assert np.array_equal(resample(photo, _about(middle, scale, 20), 64, 48), np.full((48, 64, 3), 200))


def test_photo_of_one_pixel() -> None:
    photo = np.array([[[1, 2, 3]]], np.uint8)
    assert (resample(photo, _about((0, 0), 0.01, 0), 64, 48) == [1, 2, 3]).all()


def test_memory_does_not_grow_with_the_region() -> None:
    photo = np.zeros((600, 800, 3), np.uint8)
    tracemalloc.start()
    resample(photo, _about((400, 300), 0.01, 5), 224, 224)  # a region of 500 megapixels
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
