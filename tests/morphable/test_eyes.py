from __future__ import annotations

import numpy as np

from fsynth_morphable.eyes import Eyeball, iris_colour, sclera_brightness


def test_finds_the_ball_through_points() -> None:
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(200, 3))
    directions[:, 2] = np.abs(directions[:, 2])  # the front alone
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = Eyeball.around(np.array([0.03, 0.01, 0.02]) + 0.0123 * directions)
    np.testing.assert_allclose(found.centre, [0.03, 0.01, 0.02], atol=1e-9)
    assert abs(found.radius - 0.0123) < 1e-9


def test_angles_are_from_the_direction_of_gaze() -> None:
    eyeball = Eyeball(np.array([0.03, 0, 0]), 0.012)
    places = np.array([[0.03, 0, 0.012], [0.03, 0.012, 0], [0.03, 0, -0.012]])
    np.testing.assert_allclose(eyeball.angles(places), [0, np.pi / 2, np.pi], atol=1e-6)
    # 11.8 mm of iris, and no point of it in the pupil or on the white.
    np.testing.assert_array_less(eyeball.angles(eyeball.iris_points()), np.arcsin(5.9 / 12))
    np.testing.assert_array_less(0.2, eyeball.angles(eyeball.iris_points()))
    np.testing.assert_array_less(np.arcsin(5.9 / 12), eyeball.angles(eyeball.sclera_points()))


def eye_picture(iris: np.ndarray, x: float, y: float) -> np.ndarray:
    """An eye at (x, y): white 0.75, iris of 12 px, pupil, a lid over its upper third."""
    row, column = np.mgrid[:60, :80]
    away = np.hypot(column - x, row - y)
    image = np.full((60, 80, 3), 0.75, np.float32)
    image[away < 12] = iris
    image[away < 4] = 0.02
    image[row < y - 7] = (0.7, 0.5, 0.4)
    return image


def test_the_colour_of_the_iris() -> None:
    ball = Eyeball(np.zeros(3), 0.012)
    ring = ball.iris_points()[:, :2] * [1, -1] * 12 / 0.0059 + [40, 30]
    for iris in ((0.35, 0.5, 0.6), (0.4, 0.28, 0.18)):
        for x, y in ((40, 30), (43, 31), (36, 29)):
            found = iris_colour(eye_picture(np.array(iris), x, y), [ring])
            np.testing.assert_allclose(found, iris, atol=0.06)


def test_whites_are_as_bright_as_in_the_image() -> None:
    points = np.random.default_rng(0).uniform(5, 50, (40, 2))
    bright, dim = (sclera_brightness(np.full((60, 80, 3), value, np.float32), points) for value in (0.85, 0.5))
    assert bright == 1
    assert 0.65 <= dim < 0.85
