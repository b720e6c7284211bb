"""The features the identity fit is shown, and its batches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.fit.studio import studio

from fsynth_training.fit.feature_pool import Batches, FeaturePool, feature_pool
from fsynth_training.fit.linear_config import LinearConfig
from fsynth_training.fit.nuisances import nuisances_of
from fsynth_training.fit.samples import unit

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry

PERSON = np.array([2, 0, 2, 1, 0, 2, 1, 3])


@pytest.fixture
def labelled() -> FeaturePool:
    """Row i of the inputs has its 1 at place i, so that a batch tells what it is made of."""
    coefficients = np.arange(24, dtype=np.float32).reshape(8, 3)
    coefficients[[1, 4]] = np.nan
    inputs = np.eye(8, dtype=np.float32)
    second = np.stack([np.arange(8), -np.arange(8)], axis=1).astype(np.float32)
    return FeaturePool(inputs, 2 * inputs, PERSON, coefficients, np.zeros(8, int), second)


def drawn(pool: FeaturePool, count: int = 40, **changes: Any) -> list[dict[str, np.ndarray]]:
    batches = Batches(pool, LinearConfig(batch=8, **changes))
    return [batches.batch(step) for step in range(count)]


def test_batches_have_their_shapes(labelled: FeaturePool) -> None:
    (batch,) = drawn(labelled, 1)

    shapes = {name: value.shape for name, value in batch.items()}
    assert shapes == {
        "inputs": (8, 8), "goals": (8, 8), "second_goals": (8, 2), "other": (8, 8), "paired": (8,),
        "coefficients": (8, 3), "clean": (8,),
    }  # fmt: skip
    assert all(np.isfinite(value).all() for value in batch.values())


def test_every_second_sample_is_one_person_as_they_are(labelled: FeaturePool) -> None:
    for batch in drawn(labelled):
        np.testing.assert_array_equal(batch["paired"], [1, 0] * 4)
        rows = batch["inputs"][::2].argmax(axis=1)
        np.testing.assert_array_equal(batch["inputs"][::2], labelled.inputs[rows])
        np.testing.assert_array_equal(batch["goals"][::2], labelled.goals[rows])
        np.testing.assert_array_equal(batch["second_goals"][::2], labelled.second_goals[rows])


def test_pairs_are_of_the_same_person_and_reach_all_their_photos(labelled: FeaturePool) -> None:
    seen = set()
    for batch in drawn(labelled):
        first, other = batch["inputs"][::2].argmax(axis=1), batch["other"][::2].argmax(axis=1)
        np.testing.assert_array_equal(PERSON[first], PERSON[other])
        seen |= set(zip(first.tolist(), other.tolist(), strict=True))

    assert {(0, 0), (0, 2), (0, 5), (3, 6), (7, 7)} <= seen


def test_mixtures_lie_on_the_line_through_two_people(labelled: FeaturePool) -> None:
    largest = []
    for batch in drawn(labelled, mix_range=(-0.35, 1.35)):
        mixed = batch["inputs"][1::2]
        np.testing.assert_allclose(batch["goals"][1::2], 2 * mixed, atol=1e-6)
        np.testing.assert_array_equal(batch["second_goals"][:, 0], -batch["second_goals"][:, 1])
        assert mixed.min() >= 0
        assert ((mixed > 0).sum(axis=1) <= 2).all()
        # Between two people the weights add up to 1; beyond one of them the other's is cut off at 0.
        within = mixed.max(axis=1) <= 1
        np.testing.assert_allclose(mixed[within].sum(axis=1), 1, atol=1e-6)
        largest += mixed.max(axis=1).tolist()

    assert 1.2 < max(largest) <= 1.35
    assert min(largest) < 0.6


def test_targets_count_only_where_there_is_one_and_nothing_is_mixed(labelled: FeaturePool) -> None:
    for batch in drawn(labelled):
        assert not batch["clean"][1::2].any()
        rows = batch["inputs"][::2].argmax(axis=1)
        np.testing.assert_array_equal(batch["clean"][::2], ~np.isin(rows, [1, 4]))
        np.testing.assert_array_equal(batch["coefficients"][::2], np.nan_to_num(labelled.coefficients[rows]))


@pytest.mark.parametrize("plain", [0.0, 0.25, 1.0])
def test_so_many_photos_are_shown_as_they_are(labelled: FeaturePool, plain: float) -> None:
    pool = replace(labelled, view=np.array([0, 1, 0, 1, 2, 3, 2, 3]))

    rows = np.concatenate([batch["inputs"][::2].argmax(axis=1) for batch in drawn(pool, 200, plain=plain)])

    assert np.mean(rows < 4) == pytest.approx(plain, abs=0.05)


def test_a_batch_depends_on_its_number_and_seed_alone(labelled: FeaturePool) -> None:
    config = LinearConfig(batch=8, seed=1)
    again = Batches(labelled, config).batch(7)["inputs"]

    np.testing.assert_array_equal(drawn(labelled, 8, seed=1)[7]["inputs"], again)
    assert (drawn(labelled, 8, seed=2)[7]["inputs"] != again).any()
    assert (drawn(labelled, 8, seed=1)[6]["inputs"] != again).any()


def test_the_pool_holds_every_view_with_the_target_of_its_side(geometry: Geometry) -> None:
    dataset = studio(geometry)
    coefficients = np.arange(14.0)[:, None]

    pool = feature_pool(dataset, coefficients)

    assert pool.inputs.shape == (27, dataset.feature_width)
    np.testing.assert_array_equal(pool.person, np.repeat(dataset.photo_identity, 3))
    found = pool.coefficients.reshape(9, 3)
    np.testing.assert_array_equal(found[:7, 0], np.arange(7))
    np.testing.assert_array_equal(found[:7, 1], np.arange(7) + 7)
    assert np.isnan(found[7:]).all()
    np.testing.assert_array_equal(pool.view.reshape(9, 3), [[0, 1, 2]] * 9)


def test_photos_without_a_target_can_be_left_out(geometry: Geometry) -> None:
    pool = feature_pool(studio(geometry), np.zeros((14, 1)), unlabelled=False)

    assert pool.inputs.shape == (21, studio(geometry).feature_width)
    assert np.isfinite(pool.coefficients).all()


def test_goals_lie_halfway_between_photo_and_person(geometry: Geometry) -> None:
    dataset = studio(geometry)

    pool = feature_pool(dataset, np.zeros((14, 1)))

    photos = unit(np.array(dataset.features[:, :2]).mean(axis=1))
    person = unit(photos[:2].mean(axis=0))
    np.testing.assert_allclose(unit(pool.goals[0]), unit(photos[0] + person), atol=1e-6)
    # One photo of a person is its own goal.
    np.testing.assert_allclose(unit(pool.goals[12]), photos[4], atol=1e-6)


def test_nuisances_vary_within_sets_only(geometry: Geometry) -> None:
    found = nuisances_of(studio(geometry))

    sets = np.array(["studio"] * 6 + ["street"] * 3)
    for values in (found.mouth_width, found.yaw):
        np.testing.assert_allclose([values[sets == name].mean() for name in ("studio", "street")], 0, atol=1e-6)
    np.testing.assert_allclose(found.yaw.std(), 1, atol=1e-6)
    assert (found.mouth_width[[1, 3]] > found.mouth_width[[0, 2, 4, 5]].max()).all()
    assert not found.mouth_width[6:].any()


def test_the_second_recogniser_wants_the_photo_halfway_to_its_person(geometry: Geometry) -> None:
    dataset = studio(geometry)
    seen = unit(np.random.default_rng(3).normal(size=(9, 2, 5))).astype(np.float32)

    pool = feature_pool(replace(dataset, second_features=seen), np.zeros((14, 1)))

    own = unit(seen.mean(axis=1))
    mean = unit(np.stack([own[dataset.photo_identity == person].sum(axis=0) for person in dataset.photo_identity]))
    np.testing.assert_allclose(pool.second_goals.reshape(9, 3, 5)[:, 2], unit(own + mean), atol=1e-6)
    assert feature_pool(dataset, np.zeros((14, 1))).second_goals.shape == (27, 0)
