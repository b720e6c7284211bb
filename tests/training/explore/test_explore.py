"""What the page of ``fsynth explore`` is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.fit.small_fits import people as small_dataset

from fsynth import NormalizedFace
from fsynth.errors import ArgumentError
from fsynth_training.explore import directions, page
from fsynth_training.explore.people import groups, person
from fsynth_training.explore.walk import walk


def test_a_walk_goes_from_one_to_the_other_in_even_steps(rng: np.random.Generator) -> None:
    first, second = rng.gamma(1, 1, (2, 16)).astype(np.float32)

    way = walk(first, 3 * second, 7)

    np.testing.assert_allclose(way[[0, -1]], [first, 3 * second], rtol=1e-5)
    unit = way / np.linalg.norm(way, axis=1, keepdims=True)
    angles = np.arccos(np.clip((unit[1:] * unit[:-1]).sum(axis=1), -1, 1))
    np.testing.assert_allclose(angles, angles[0], rtol=1e-3)
    np.testing.assert_allclose(np.diff(np.linalg.norm(way, axis=1), 2), 0, atol=1e-4)


def test_a_walk_on_the_spot_stays(rng: np.random.Generator) -> None:
    here = rng.gamma(1, 1, 16).astype(np.float32)

    np.testing.assert_allclose(walk(here, here, 3), [here] * 3, rtol=1e-5)


@pytest.mark.parametrize(("second", "steps", "said"), [(np.ones(4), 1, "at least 2"), (np.zeros(4), 3, "not 0")])
def test_a_walk_that_cannot_be_is_refused(second: np.ndarray, steps: int, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        walk(np.ones(4), second, steps)


def test_directions_are_those_in_which_people_differ() -> None:
    dataset = small_dataset(count=8)
    found = directions.learn(dataset, 3)

    photos = np.asarray(dataset.features[:, :2]).mean(axis=1)
    means = np.stack([photos[dataset.photo_identity == i].mean(axis=0) for i in range(8)])
    values, vectors = np.linalg.eigh(np.cov(means.T, bias=True))
    np.testing.assert_allclose(np.abs(np.sum(found.directions * vectors[:, ::-1].T[:3], axis=1)), 1, atol=1e-4)
    np.testing.assert_allclose(found.spread**2, values[::-1][:3], rtol=1e-4)
    np.testing.assert_allclose(found.share, values[::-1][:3] / values.sum(), rtol=1e-4)
    moved = found.along(0, 2.0)
    np.testing.assert_allclose(moved, np.maximum(found.mean + 2 * found.spread[0] * found.directions[0], 0))


def test_directions_come_back_from_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned = directions.learn(small_dataset(), 2)
    directions.save(learned, tmp_path / "faceres.npz")
    monkeypatch.setattr(directions.resources, "files", lambda name: tmp_path)

    np.testing.assert_allclose(directions.shipped().directions, learned.directions, atol=1e-3)
    assert [file.name for file in tmp_path.iterdir()] == ["faceres.npz"]


def test_the_shipped_directions_are_of_faceres() -> None:
    found = directions.shipped()

    assert found.directions.shape == (directions.COUNT, 1024)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(directions.COUNT), atol=2e-3)
    assert (np.diff(found.share) <= 0).all()


def test_photos_of_one_person_are_found_also_by_way_of_others() -> None:
    mean = np.full(64, 1 / 8)
    rng = np.random.default_rng(3)
    own = rng.normal(size=(3, 64))
    own -= np.outer(own @ mean, mean)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    # 0 and 3 are too unlike to be joined, but both are like 2.
    between = own[0] + own[1]
    features = mean + 0.5 * np.stack([own[0], own[2], between / np.linalg.norm(between), own[1], own[2]])

    assert groups(features, mean) == [[0, 2, 3], [1, 4]]


def face(luma: int, features: np.ndarray) -> NormalizedFace:
    image = np.full((8, 8, 3), luma, np.uint8)
    return NormalizedFace(image, np.zeros((65, 2), np.float32), image, features, None)


def test_what_photos_have_in_common_is_their_mean_direction(rng: np.random.Generator) -> None:
    features = rng.gamma(1, 1, (2, 16)).astype(np.float32)
    found = person([face(100, features[0]), face(140, 5 * features[1])], np.ones(16))

    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    direction = found.features / np.linalg.norm(found.features)
    np.testing.assert_allclose(direction @ unit[0], direction @ unit[1], atol=1e-6)
    np.testing.assert_allclose(found.difference, 20 / 255, atol=1e-5)
    np.testing.assert_allclose(np.diag(found.agreement), 1)


def test_names_cannot_break_the_page() -> None:
    images = np.zeros((2, 8, 8, 3), np.uint8)

    text = page.page("<b>", [page.walk_section(("<script>", "b&b"), images)])

    assert "<script>" not in text.replace("<script>\nfor", "")
    assert "&lt;script&gt;" in text
    assert "b&amp;b" in text
    assert "http" not in text
