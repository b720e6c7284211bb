from __future__ import annotations

import numpy as np

from fsynth_morphable.sampling import blur, enlarge, resize, sample


def picture(seed: int, shape: tuple[int, int, int] = (9, 12, 3)) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, np.float32)


def test_samples_between_pixels() -> None:
    image = picture(0)
    points = np.array([[0, 0], [11, 8], [3, 2], [3.5, 2], [3, 2.25], [-5, 4], [11.5, 99]])
    expected = [
        image[0, 0],
        image[8, 11],
        image[2, 3],
        (image[2, 3] + image[2, 4]) / 2,
        0.75 * image[2, 3] + 0.25 * image[3, 3],
        image[4, 0],
        image[8, 11],
    ]
    np.testing.assert_allclose(sample(image, points), expected, atol=1e-6)


def test_resizing_samples_at_the_middles_of_the_new_pixels() -> None:
    image = picture(3)
    y, x = (axis.ravel() + 0.5 for axis in np.mgrid[:20, :20])
    places = np.stack([x * 12 / 20 - 0.5, y * 9 / 20 - 0.5], axis=1)
    np.testing.assert_allclose(resize(image, 20).reshape(-1, 3), sample(image, places), atol=1e-5)


def test_enlarging_keeps_pixels_and_puts_cubics_between() -> None:
    image = picture(1)
    large = enlarge(image)
    assert large.shape == (17, 23, 3)
    np.testing.assert_allclose(large[::2, ::2], image, atol=1e-6)
    # A cubic is exact on a parabola, away from the edges.
    x = np.arange(12, dtype=np.float32)
    parabola = np.broadcast_to((x**2)[None, :, None], (5, 12, 1))
    np.testing.assert_allclose(enlarge(parabola)[4, 4:-4, 0], (np.arange(4, 19) / 2) ** 2, atol=1e-4)


def test_blur_keeps_the_mean_and_has_the_width_asked_for() -> None:
    spot = np.zeros((61, 61, 1), np.float32)
    spot[30, 30] = 1
    blurred = blur(spot, 4.0)[..., 0]
    assert abs(blurred.sum() - 1) < 1e-5
    x = np.arange(61) - 30
    assert abs(np.sqrt((blurred.sum(axis=0) * x**2).sum()) - 4) < 0.1
    np.testing.assert_allclose(blurred, blurred.T, atol=1e-7)
    np.testing.assert_allclose(blur(np.full((8, 5, 2), 0.3, np.float32), 3.0), 0.3, atol=1e-6)
