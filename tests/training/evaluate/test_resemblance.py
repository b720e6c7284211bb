"""How likeness is scored: against brute force, and on outputs whose score is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth_training.evaluate.resemblance import (
    Resemblance,
    auc,
    distances,
    equal_error_distance,
    ranks_of_other_photos,
    resemblance,
)

# --- the area under the ROC curve


@pytest.mark.parametrize("levels", [3, 1000])
def test_auc_is_the_share_of_pairs_in_the_right_order(rng: np.random.Generator, levels: int) -> None:
    # Few levels give ties, which count one half.
    positives, negatives = rng.integers(0, levels, 40) + 0.3 * levels // 1, rng.integers(0, levels, 70)

    wins = [1.0 if p > n else 0.5 if p == n else 0.0 for p, n in itertools.product(positives, negatives)]

    np.testing.assert_allclose(auc(positives, negatives), np.mean(wins))


def test_auc_is_1_in_order_0_in_reverse_and_one_half_when_all_are_equal() -> None:
    low, high = np.arange(5), np.arange(5) + 10

    assert auc(high, low) == 1
    assert auc(low, high) == 0
    assert auc(np.ones(3), np.ones(4)) == 0.5


def test_auc_of_nothing_is_no_number() -> None:
    assert np.isnan(auc(np.ones(0), np.ones(3)))


# --- distances


def test_distances_are_numpys(rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(5, 7)).astype(np.float32), rng.normal(size=(4, 7)).astype(np.float32)

    expected = np.linalg.norm(first[:, None] - second[None], axis=2)

    np.testing.assert_allclose(distances(first, second), expected, rtol=1e-6)


def test_the_distance_of_a_vector_to_itself_is_zero(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(6, 128)).astype(np.float32)

    np.testing.assert_allclose(np.diagonal(distances(vectors, vectors)), 0, atol=1e-6)


def test_equal_error_distance_is_between_two_groups_that_do_not_mix() -> None:
    distance, error = equal_error_distance(np.array([0.1, 0.2, 0.3]), np.array([0.7, 0.8]))

    assert error == 0
    assert 0.3 <= distance <= 0.7


def test_equal_error_distance_has_equal_errors(rng: np.random.Generator) -> None:
    same, different = rng.normal(0.5, 0.1, 2000), rng.normal(0.8, 0.1, 3000)

    distance, error = equal_error_distance(same, different)

    np.testing.assert_allclose(distance, 0.65, atol=0.01)
    np.testing.assert_allclose(error, 0.0668, atol=0.01)  # 1.5 standard deviations
    np.testing.assert_allclose((same > distance).mean(), (different < distance).mean(), atol=2e-3)


# --- the score. A planted embedding says whose it is, and by a little which photo.

PERSON = np.repeat(np.arange(6), 3)  # six people with three photos each
PHOTO = np.tile(np.arange(3), 6)


def embedding(person: np.ndarray, photo: np.ndarray) -> np.ndarray:
    vectors: np.ndarray = np.eye(8, dtype=np.float32)[person]
    vectors[:, 7] = photo / 128  # exactly
    return vectors


def score(person: np.ndarray, photo: np.ndarray) -> Resemblance:
    return resemblance(embedding(person, photo), embedding(PERSON, PHOTO), PERSON, 0.5)


def test_outputs_that_are_their_photos_score_best() -> None:
    found = score(PERSON, PHOTO)

    assert found.auc_same == found.auc_other == found.rank1 == found.rank5 == 1
    # The photos of one person differ a little, and strangers are orthogonal before the mean is taken off.
    np.testing.assert_allclose(found.stability, 1, atol=1e-3)
    np.testing.assert_allclose(found.impostor, -1 / 5, atol=1e-3)
    np.testing.assert_allclose(found.distance, 0, atol=1e-6)
    assert found.beyond == 0


def test_outputs_of_the_wrong_person_score_worst() -> None:
    found = score((PERSON + 1) % 6, PHOTO)

    assert found.rank1 == 0
    # The stranger whom they show is nearer than the person. The other four are as far; by the photos' numbers a third
    # of the pairs is in the right order, ties as halves.
    np.testing.assert_allclose(found.auc_other, 4 / 15, rtol=1e-6)
    np.testing.assert_allclose(found.stability, 1, atol=1e-3)
    np.testing.assert_allclose(found.distance, np.sqrt(2), rtol=1e-6)
    assert found.beyond == 1


def test_one_output_for_everybody_is_no_likeness_and_all_impostor() -> None:
    found = score(0 * PERSON, 0 * PHOTO)

    np.testing.assert_allclose(found.auc_same, 0.5, atol=0.02)
    np.testing.assert_allclose(found.impostor, 1, atol=1e-5)
    np.testing.assert_allclose(found.rank1, 1 / 6)


def test_a_persons_other_photos_are_the_gallery() -> None:
    # Of each person's outputs one is right and two show the next person.
    found = score(np.where(PHOTO == 0, PERSON, (PERSON + 1) % 6), PHOTO)

    np.testing.assert_allclose(found.rank1, 1 / 3)
    np.testing.assert_allclose(found.beyond, 2 / 3)
    assert found.rank5 <= 1
    assert found.stability < 0.5


def test_an_outputs_own_photo_is_not_in_its_gallery() -> None:
    # Each output is its photo, but people's later photos look like the next persons, seen badly.
    seen = embedding((PERSON + PHOTO) % 6, np.where(PHOTO == 0, 0, 50))

    assert resemblance(seen, seen, PERSON, 0.5).rank1 == 0


def test_people_with_one_photo_have_no_rank() -> None:
    person = np.array([0, 0, 1])
    vectors = embedding(person, np.array([0, 1, 0]))

    ranks = ranks_of_other_photos(distances(vectors, vectors), np.arange(3), person)

    np.testing.assert_array_equal(ranks, [0, 0, -1])
    assert resemblance(vectors, vectors, person, 0.5).rank1 == 1


def test_ranks_can_be_asked_for_some_of_the_photos() -> None:
    vectors = embedding(PERSON, PHOTO)
    distance = distances(vectors, vectors)
    some = np.array([7, 2])

    np.testing.assert_array_equal(
        ranks_of_other_photos(distance[some], some, PERSON),
        ranks_of_other_photos(distance, np.arange(18), PERSON)[some],
    )
