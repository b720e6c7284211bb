"""What the stages keep on disk, and who belongs to which features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[train]"')
pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.small_sets import prepared_set

from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.first_weights import feature_pool, joined, kept
from fsynth_training.fit.face_space import unit
from fsynth_training.fit.identity_fit import FeaturePool

WIDTH, VIEWS = 6, 3
PEOPLE = [("london", "a", False), ("london", "a", True), ("canada", "b", False), ("london", "c", True)]
PEOPLE += [("congress", "b", False)]
INDEX = np.array([0, 2])  # rows with a clean target
COEFFICIENTS = np.array([[1, 2], [3, 4], [-1, -2], [-3, -4]], np.float32)  # as they are, and mirrored


@pytest.fixture
def photos(rng: np.random.Generator) -> PreparedSet:
    return prepared_set(
        PEOPLE, np.zeros((5, 468, 3)), rng.gamma(1, 1, (5, 2, WIDTH)), rng.gamma(1, 1, (5, VIEWS, WIDTH))
    )


@pytest.fixture
def pool(photos: PreparedSet) -> FeaturePool:
    return feature_pool(photos, COEFFICIENTS, INDEX)


def views(values: np.ndarray) -> np.ndarray:
    """Rows of a pool by view (straight, mirrored, augmented) and photo."""
    return values.reshape(2 + VIEWS, 5, *values.shape[1:])


def test_every_view_of_every_photo_is_in_the_pool(pool: FeaturePool, photos: PreparedSet) -> None:
    inputs = views(pool.inputs)

    np.testing.assert_array_equal(inputs[0], photos.features[:, 0])
    np.testing.assert_array_equal(inputs[1], photos.features[:, 1])
    for view in range(VIEWS):
        np.testing.assert_array_equal(inputs[2 + view], photos.augmented[:, view])


def test_people_are_told_by_identity(pool: FeaturePool) -> None:
    a, same, b, c, again = views(pool.person)[0]

    assert a == same
    assert b == again
    assert len({a, b, c}) == 3
    assert (views(pool.person) == views(pool.person)[0]).all()


def test_goals_lie_halfway_between_the_photo_and_the_person(pool: FeaturePool, photos: PreparedSet) -> None:
    goals = views(pool.goals)
    own = unit(photos.features.mean(axis=1))
    norm = np.linalg.norm(photos.features, axis=2).mean()

    # c has one photo, a and b have two each.
    np.testing.assert_allclose(goals[0, 3], own[3] * norm, rtol=1e-5)
    for first, second in ((0, 1), (2, 4)):
        mean = unit(own[first] + own[second])
        np.testing.assert_allclose(goals[0, first], unit(own[first] + mean) * norm, rtol=1e-5)
        np.testing.assert_allclose(goals[0, second], unit(own[second] + mean) * norm, rtol=1e-5)
    assert (goals == goals[0]).all()


def test_targets_go_to_their_photos_and_to_smiling_sisters(pool: FeaturePool) -> None:
    straight, mirrored = views(pool.coefficients)[:2]

    np.testing.assert_array_equal(straight[[0, 1, 2]], [[1, 2], [1, 2], [3, 4]])
    np.testing.assert_array_equal(mirrored[[0, 1, 2]], [[-1, -2], [-1, -2], [-3, -4]])
    # c has no neutral photo, and the last photo of b has no target.
    assert np.isnan(views(pool.coefficients)[:, [3, 4]]).all()
    assert np.isfinite(views(pool.coefficients)[:, [0, 1, 2]]).all()


def test_a_set_without_targets_gives_features_alone(photos: PreparedSet) -> None:
    pool = feature_pool(photos, np.zeros((0, 2), np.float32), np.zeros(0, int))

    assert pool.coefficients.shape == ((2 + VIEWS) * 5, 2)
    assert np.isnan(pool.coefficients).all()
    assert np.isfinite(pool.goals).all()


def test_joined_pools_keep_their_rows_and_their_people_apart(pool: FeaturePool, photos: PreparedSet) -> None:
    other = feature_pool(photos, np.zeros((0, 2), np.float32), np.zeros(0, int))

    both = joined(pool, other)

    count = len(pool.inputs)
    np.testing.assert_array_equal(both.inputs, np.concatenate([pool.inputs, other.inputs]))
    np.testing.assert_array_equal(both.goals[count:], other.goals)
    np.testing.assert_array_equal(both.coefficients[:count], pool.coefficients)
    assert not set(both.person[:count]) & set(both.person[count:])
    same = both.person[count:, None] == both.person[None, count:]
    np.testing.assert_array_equal(same, other.person[:, None] == other.person[None])


def test_a_stage_runs_once(tmp_path: Path) -> None:
    calls = []

    def make() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"values": np.arange(5)}

    first, second = (kept(tmp_path / "stage.pkl", make) for _ in range(2))

    assert len(calls) == 1
    np.testing.assert_array_equal(first["values"], np.arange(5))
    np.testing.assert_array_equal(second["values"], np.arange(5))
    assert [file.name for file in tmp_path.iterdir()] == ["stage.pkl"]


def test_a_failed_stage_leaves_nothing_and_runs_again(tmp_path: Path) -> None:
    def fail() -> int:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        kept(tmp_path / "stage.pkl", fail)

    assert not list(tmp_path.iterdir())
    assert kept(tmp_path / "stage.pkl", lambda: 7) == 7
