from __future__ import annotations

import numpy as np

from fsynth_training.augment.neighbours import distances, nearest


def test_distances_are_those_of_equation_2() -> None:
    rng = np.random.default_rng(0)
    textures = rng.integers(0, 256, (6, 70, 70, 3), np.uint8)
    landmarks = rng.uniform(0, 70, (6, 65, 2)).astype(np.float32)
    measured = distances(textures, landmarks, 10.0)
    for a in range(6):
        for b in range(6):
            shape = np.linalg.norm(landmarks[a].astype(float) - landmarks[b])
            colour = np.linalg.norm(textures[a].ravel() / 255 - textures[b].ravel() / 255)
            assert abs(measured[a, b] - (10 * shape + colour)) < 1e-6


def test_neighbours_come_nearest_first_and_are_other_people() -> None:
    places = np.array([0.0, 1.0, 2.5, 4.5, 7.0])
    distance = np.abs(places[:, None] - places)
    np.testing.assert_array_equal(nearest(distance, np.arange(5), 2)[0], [1, 2])
    np.testing.assert_array_equal(nearest(distance, np.arange(5), 2)[3], [2, 4])
    # Faces 0 and 1 are of one person.
    np.testing.assert_array_equal(nearest(distance, np.array([0, 0, 1, 2, 3]), 2)[0], [2, 3])


def test_with_few_people_everyone_else_is_a_neighbour() -> None:
    near = nearest(np.abs(np.arange(4.0)[:, None] - np.arange(4.0)), np.array([0, 0, 1, 2]), 200)
    assert near.shape == (4, 2)  # two faces are of one person, who has two faces of others
    assert set(near[2]) <= {0, 1, 3}
