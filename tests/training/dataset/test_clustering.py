"""Clusters of features."""

from __future__ import annotations

import numpy as np
import pytest

from fsynth_training.dataset import clustering
from fsynth_training.dataset.clustering import cluster
from fsynth_training.dataset.store import DatasetError


def people(rng: np.random.Generator, count: int = 12, photos: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Features with a large part that all share, and who they are of, shuffled."""
    centres = 5 + rng.normal(size=(count, 64))
    who = rng.permutation(np.repeat(np.arange(count), photos))
    return centres[who] + rng.normal(0, 0.4, (count * photos, 64)), who


def test_people_are_told_apart(rng: np.random.Generator) -> None:
    features, who = people(rng)

    labels = cluster(features, 0.6)

    pairs = {(int(a), int(b)) for a, b in zip(labels, who, strict=True)}
    assert len(pairs) == 12
    assert len(set(labels)) == 12


def test_clusters_are_numbered_in_the_order_of_their_first_photo(rng: np.random.Generator) -> None:
    features, _ = people(rng)

    labels = cluster(features, 0.6)

    first = [int(np.flatnonzero(labels == label)[0]) for label in range(labels.max() + 1)]
    assert first == sorted(first)
    assert labels[0] == 0
    # The order of photos does not change who belongs together.
    backwards = cluster(features[::-1], 0.6)[::-1]
    np.testing.assert_array_equal(labels[:, None] == labels, backwards[:, None] == backwards)


def test_the_distance_decides(rng: np.random.Generator) -> None:
    features, _ = people(rng)

    assert len(set(cluster(features, 0.0))) == len(features)
    assert len(set(cluster(features, 2.0))) == 1


def test_none_one_and_twins(rng: np.random.Generator) -> None:
    one = rng.normal(size=(1, 8))

    assert cluster(one[:0], 0.5).tolist() == []
    assert cluster(one, 0.5).tolist() == [0]
    assert cluster(np.repeat(one, 3, axis=0), 0.5).tolist() == [0, 0, 0]


def test_too_many_are_an_error_before_memory_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "LARGEST", 10)

    with pytest.raises(DatasetError, match="11 photos are too many to cluster at once; the most is 10"):
        cluster(np.zeros((11, 4)), 0.5)
