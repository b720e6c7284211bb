from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.training.fit.small_fits import SIZE, people, settings

from fsynth.faces import MIRROR_65
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.config import network_config
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.samples import Samples, statistics, unit


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return people()


def samples(dataset: Dataset, **changes: Any) -> Samples:
    return Samples(dataset, network_config(settings(**changes), "test"))


def row_of(dataset: Dataset, features: np.ndarray) -> tuple[int, int]:
    """The photo and the view that these features are of."""
    photo, view = np.argwhere((dataset.features == features).all(axis=2))[0]
    return int(photo), int(view)


def test_a_batch_depends_on_its_number_alone(dataset: Dataset) -> None:
    shares: dict[str, Any] = {
        "data": {"unlabelled": 0.25, "mixed": 0.25},
        "loss": {"identity": 1.0, "consistency": 1.0},
    }
    first, second = samples(dataset, **shares), samples(dataset, **shares)
    for step in (3, 0, 3):
        once, again = first.batch(step), second.batch(step)
        for name, values in once.items():
            np.testing.assert_array_equal(values, again[name])
    assert (first.batch(3)["features"] != first.batch(4)["features"]).any()
    other = samples(dataset, seed=1, **shares)
    assert (first.batch(3)["features"] != other.batch(3)["features"]).any()


def test_each_photo_comes_once_in_a_turn_and_held_out_people_never(dataset: Dataset) -> None:
    source = samples(dataset)
    labelled = np.flatnonzero((dataset.photo_target >= 0) & ~dataset.validation[dataset.photo_identity])
    assert len(labelled) % 4 == 0
    for turn in range(2):
        steps = range(turn * len(labelled) // 4, (turn + 1) * len(labelled) // 4)
        seen = [row_of(dataset, row)[0] for step in steps for row in source.batch(step)["features"]]
        assert sorted(seen) == labelled.tolist()


def test_a_mirrored_photo_has_the_mirrored_target_on_the_plain_background(dataset: Dataset) -> None:
    source = samples(dataset)
    rows = np.array([0, 3])
    (plain, mirrored), textures = source.targets(np.array([0, 0]), np.array([False, True]))
    np.testing.assert_array_equal(plain, dataset.landmarks[0])
    np.testing.assert_allclose(mirrored[MIRROR_65, 0], SIZE - 1 - plain[:, 0], atol=1e-5)
    np.testing.assert_allclose(mirrored[MIRROR_65, 1], plain[:, 1], atol=1e-5)
    np.testing.assert_array_equal(textures[1], textures[0][:, ::-1])
    assert (textures[0][:, :2] == round(0.8 * 255)).all()  # no head there
    np.testing.assert_array_equal(textures[0][:, 2:], dataset.textures[0][:, 2:])
    batch = source._of_views(rows, np.array([1, 0]), np.random.default_rng(0))
    np.testing.assert_array_equal(batch["textures"][0], textures[1])
    np.testing.assert_array_equal(batch["labelled"], [1, 1])


def test_unlabelled_photos_and_mixtures_have_goals_and_no_target(dataset: Dataset) -> None:
    source = samples(dataset, data={"unlabelled": 0.25, "mixed": 0.25}, loss={"identity": 1.0})
    batch = source.batch(0)
    np.testing.assert_array_equal(batch["labelled"], [1, 1, 0, 0])
    assert (batch["textures"][2:] == 0).all()
    photo, _ = row_of(dataset, batch["features"][2])
    assert dataset.photo_target[photo] == -1
    np.testing.assert_allclose(batch["goals"][2], unit(dataset.features[photo, 0]), atol=1e-6)
    # A mixture is in the span of two people's unit features, clipped where no photo has features: below 0.
    assert batch["features"][3].min() >= 0
    np.testing.assert_allclose(np.linalg.norm(batch["goals"], axis=1), 1, atol=1e-5)


def test_goals_are_the_photos_the_persons_or_halfway(dataset: Dataset) -> None:
    row = np.array([4])
    own = unit(dataset.features[4, 0])
    person = unit(unit(dataset.features[3:6, 0]).sum(axis=0))
    expected = {"photo": own, "person": person, "halfway": unit(own + person)}
    for goal, vector in expected.items():
        source = samples(dataset, loss={"identity": 1.0, "identity_goal": goal})
        np.testing.assert_allclose(source._goals(row)[0], vector, atol=1e-6)


def test_partners_are_photos_of_the_same_person(dataset: Dataset) -> None:
    batch = samples(dataset, loss={"consistency": 1.0}).batch(1)
    assert (batch["paired"] == 1).all()
    for features, other in zip(batch["features"], batch["others"], strict=True):
        photo, partner = row_of(dataset, features)[0], row_of(dataset, other)[0]
        assert dataset.photo_identity[photo] == dataset.photo_identity[partner]


def test_validation_is_of_held_out_people_as_they_are(dataset: Dataset) -> None:
    batches = list(samples(dataset).validation(4))
    rows = [row_of(dataset, row) for batch in batches for row in batch["features"]]
    assert [photo for photo, _ in rows] == [18, 19, 21, 22]
    assert {view for _, view in rows} == {0}
    (few,) = samples(dataset, data={"validation_photos": 3}).validation(8)
    assert len(few["features"]) == 3


def test_plain_views_leave_degraded_copies_out(dataset: Dataset) -> None:
    source = samples(dataset, data={"views": "plain"})
    views = {row_of(dataset, row)[1] for step in range(10) for row in source.batch(step)["features"]}
    assert views == {0, 1}


def test_statistics_are_of_the_people_that_are_fitted_to(dataset: Dataset) -> None:
    known = statistics(dataset)
    fitted = unit(dataset.features[:18].reshape(-1, 16).astype(np.float64))
    np.testing.assert_allclose(known.mean, fitted.mean(axis=0), atol=1e-6)
    assert known.spread == pytest.approx((fitted - fitted.mean(axis=0)).std(), rel=1e-5)
    assert known.smallest == 0


def test_what_the_dataset_does_not_hold_is_named(dataset: Dataset) -> None:
    with pytest.raises(FitError, match="all of them show people held out"):
        samples(replace(dataset, validation=np.ones(8, bool)))
    every = replace(dataset, photo_target=dataset.photo_identity)
    with pytest.raises(FitError, match=r"data\.unlabelled asks for photos without a target"):
        samples(every, data={"unlabelled": 0.5}, loss={"identity": 1.0})
    with pytest.raises(FitError, match=r"data\.morphs asks for random morphs, and none were given"):
        samples(dataset, data={"morphs": 0.5})
    few = replace(dataset, landmarks=dataset.landmarks[:, :60], mean_landmarks=dataset.mean_landmarks[:60])
    with pytest.raises(FitError, match="60 landmarks, and how those mirror is known for 65 only"):
        samples(few)
    with pytest.raises(FitError, match="at least one row must have a target"):
        samples(dataset, batch=1, data={"unlabelled": 0.6}, loss={"identity": 1.0})
