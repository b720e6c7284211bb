from __future__ import annotations

import numpy as np
import pytest

from fsynth.balance.people import group_people
from fsynth.errors import ArgumentError


def faces(people: int, photos: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and people, as FaceRes has them: strangers' cosine .38, one person's .81."""
    rng = np.random.default_rng(seed)
    person = rng.integers(0, people, photos)
    shared, own = rng.normal(size=400), rng.normal(size=(people, 400))
    noise = rng.normal(size=(photos, 400))
    return np.sqrt(0.38) * shared + np.sqrt(0.43) * own[person] + np.sqrt(0.19) * noise, person


@pytest.mark.parametrize("people", [1, 2, 12])
def test_faces_are_grouped_by_person_however_many_there_are(people: int) -> None:
    features, person = faces(people, 60, people)
    groups = group_people(features, np.arange(60))
    np.testing.assert_array_equal(groups[:, None] == groups, person[:, None] == person)
    assert groups[0] == 0
    assert list(dict.fromkeys(groups)) == list(range(groups.max() + 1))


def test_it_is_average_linkage() -> None:
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    features = np.random.default_rng(5).normal(size=(40, 3))
    labels = hierarchy.fcluster(hierarchy.linkage(features, "average", "cosine"), 0.3, "distance")
    groups = group_people(features, np.arange(40), distance=0.3)
    assert 3 < groups.max() < 35
    np.testing.assert_array_equal(groups[:, None] == groups, labels[:, None] == labels)


def test_two_faces_of_one_photo_are_two_people() -> None:
    features = np.ones((4, 8))
    groups = group_people(features, np.array([0, 0, 1, 1]))
    assert groups[0] != groups[1]
    assert groups[2] != groups[3]
    assert set(groups) == {0, 1}


def test_no_face_is_no_group() -> None:
    assert group_people(np.empty((0, 8)), np.empty(0, int)).shape == (0,)


def test_what_does_not_fit_gets_a_sentence() -> None:
    with pytest.raises(ArgumentError, match=r"\(M, W\)"):
        group_people(np.ones(3), np.arange(3))
    with pytest.raises(ArgumentError, match="not all zero"):
        group_people(np.zeros((2, 3)), np.arange(2))
