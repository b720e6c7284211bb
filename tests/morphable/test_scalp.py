from __future__ import annotations

import numpy as np
import pytest

from fsynth_morphable.landmarks import COUNT
from fsynth_morphable.scalp import Scalp, hair_colour, hairline_lift, veil

SKIN, HAIR = np.array([0.8, 0.6, 0.5]), np.array([0.2, 0.12, 0.1])


@pytest.fixture(scope="module")
def head() -> tuple[np.ndarray, np.ndarray]:
    """An egg of the size of a head with ears of 2 cm, and the landmarks that matter: vertices, landmarks."""
    up, around = np.meshgrid(
        np.linspace(-1.5, 1.5, 121), np.linspace(-np.pi, np.pi, 240, endpoint=False), indexing="ij"
    )
    egg = np.stack(
        [0.075 * np.cos(up) * np.sin(around), 0.11 * np.sin(up), 0.095 * np.cos(up) * np.cos(around)], axis=-1
    )
    vertices = egg.reshape(-1, 3)
    ear = (np.abs(vertices[:, 0]) > 0.068) & (np.abs(vertices[:, 1]) < 0.03) & (np.abs(vertices[:, 2] + 0.015) < 0.015)
    vertices = vertices + np.where(ear[:, None], np.sign(vertices[:, :1]) * [0.02, 0, 0], 0)
    landmarks = np.zeros((COUNT, 3))
    landmarks[[0, 27]] = [[-0.073, -0.01, 0.012], [0.073, -0.01, 0.012]]
    landmarks[54] = [0, 0.06, 0.08]
    return vertices, landmarks


def picture(vertices: np.ndarray, hairline: float) -> tuple[np.ndarray, np.ndarray]:
    """From the front, 1000 px a metre: hair above ``hairline`` in metres; and where the vertices in front are in it."""
    image = np.empty((300, 300, 3))
    image[:] = SKIN
    image[: round(150 - 1000 * hairline)] = HAIR
    points = np.stack([150 + 1000 * vertices[:, 0], 150 - 1000 * vertices[:, 1]], axis=1)
    points[vertices[:, 2] < 0] = np.nan
    return image.astype(np.float32), points


def test_hair_grows_above_the_hairline_and_behind_the_ears(head: tuple[np.ndarray, np.ndarray]) -> None:
    vertices, landmarks = head
    density = Scalp.of(vertices, landmarks).density()
    x, y, z = vertices.T
    assert (density[y > 0.085] >= 1).all()
    assert (density[(z < -0.06) & (y > 0)] >= 1).all()
    face = (z > 0.05) & (y < 0.04)
    assert (density[face] <= 0).all()
    assert (density[y < -0.08] <= 0).all()
    ears = np.abs(x) > 0.085
    assert ears.sum() > 50
    assert (density[ears] <= 0).all()
    # The scalp above them is not taken for a part of them.
    above = (np.abs(x) > 0.055) & (y > 0.05) & (np.abs(z + 0.015) < 0.01)
    assert (density[above] > 0).all()


def test_colour_is_that_of_the_hair_somewhat_darker(head: tuple[np.ndarray, np.ndarray]) -> None:
    scalp = Scalp.of(*head)
    image, points = picture(head[0], 0.062)
    colour = hair_colour(image, points, scalp)
    assert colour is not None
    np.testing.assert_allclose(colour / colour.sum(), HAIR / HAIR.sum(), atol=1e-3)
    assert 0.6 * HAIR[0] < colour[0] < HAIR[0]
    assert hair_colour(image, np.full_like(points, np.nan), scalp) is None
    assert hair_colour(image, points + 400, scalp) is None


def test_the_hairline_follows_the_image(head: tuple[np.ndarray, np.ndarray]) -> None:
    scalp = Scalp.of(*head)
    found = []
    for hairline in (0.062, 0.070, 0.078):
        image, points = picture(head[0], hairline)
        lift = hairline_lift(image, points, scalp, HAIR)
        density = scalp.density(lift)
        front = (np.abs(head[0][:, 0]) < 0.01) & (head[0][:, 2] > 0)
        found.append(head[0][front & (density > 0.5), 1].min())
    assert np.diff(found).min() > 0.003
    np.testing.assert_allclose(found, [0.062, 0.070, 0.078], atol=0.006)
    # Nothing to go by: no hair, or hair like the skin.
    image, points = picture(head[0], 1.0)
    assert hairline_lift(image, points, scalp, HAIR) == 0
    assert hairline_lift(image, points, scalp, SKIN + 0.02) == 0


def test_hair_on_the_forehead_hides_it(head: tuple[np.ndarray, np.ndarray]) -> None:
    vertices, landmarks = head
    scalp = Scalp.of(vertices, landmarks)
    image, points = picture(vertices, 0.085)
    image[:, 150:][: 150 - 50] = HAIR  # a fringe on the head's left, down to 5 cm
    hidden = veil(image, points, scalp, HAIR)
    band = np.isfinite(points).all(axis=1) & (np.abs(vertices[:, 1] - 0.056) < 0.003) & (np.abs(vertices[:, 0]) < 0.04)
    left, right = band & (vertices[:, 0] > 0.005), band & (vertices[:, 0] < -0.02)
    assert hidden[left].min() > 0.9
    assert hidden[right].max() < 0.1
    assert (hidden[vertices[:, 1] < 0.02] == 0).all()
    assert (veil(image, points, scalp, SKIN) == 0).all()
