"""What the decoder is not shown of features: smiles, what mirroring changes, what tells the mouth's width."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.fit.studio import SMILE, WIDTH, studio

from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import left_out
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.linear_config import SpaceConfig
from fsynth_training.fit.samples import unit

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


@pytest.fixture(scope="module")
def dataset(geometry: Geometry) -> Dataset:
    return studio(geometry)


@pytest.fixture(scope="module")
def turned(dataset: Dataset) -> tuple[Dataset, np.ndarray]:
    """Photos that mirroring changes along one direction, and that direction."""
    rng = np.random.default_rng(3)
    direction = unit(rng.normal(size=(1, WIDTH)))[0]
    features = np.array(dataset.features)
    change = np.linspace(-2, 2, len(features))[:, None] * direction
    features[:, 0], features[:, 1] = features[:, 0] + change, features[:, 0] - change
    return replace(dataset, features=features), direction


def test_the_smile_is_what_pairs_differ_by(dataset: Dataset) -> None:
    (found,) = left_out.smile_directions(dataset, count=1)

    np.testing.assert_allclose(np.linalg.norm(found), 1, atol=1e-6)
    assert abs(found @ SMILE) / np.linalg.norm(SMILE) > 0.9


def test_without_pairs_no_smile_can_be_learned(dataset: Dataset) -> None:
    serious = replace(dataset, photos=tuple({**row, "expression": ""} for row in dataset.photos))

    with pytest.raises(FitError, match=r"smile_directions = 2 needs at least as many people .* has 0\. Set it to 0"):
        left_out.smile_directions(serious, count=2)
    assert left_out.smile_directions(serious, count=0).shape == (0, WIDTH)


def test_the_turn_is_what_mirroring_changes(turned: tuple[Dataset, np.ndarray]) -> None:
    dataset, direction = turned

    (found,) = left_out.turn_directions(dataset, 1)

    assert abs(found @ direction) > 0.9
    assert left_out.turn_directions(dataset, 0).shape == (0, WIDTH)


def test_people_held_out_turn_nothing(turned: tuple[Dataset, np.ndarray]) -> None:
    dataset, direction = turned
    people = dataset.photo_identity
    # Whoever is left was not turned.
    features = np.array(dataset.features)
    features[people == 2, 1] = features[people == 2, 0] + 3 * np.eye(WIDTH)[0]
    held = replace(dataset, features=features, validation=np.arange(6) != 2)

    (found,) = left_out.turn_directions(held, 1)

    assert abs(found[0]) > 0.9 > abs(found @ direction)


def test_the_mouths_width_can_no_longer_be_told(dataset: Dataset) -> None:
    rng = np.random.default_rng(4)
    direction = rng.normal(size=WIDTH)
    widths = rng.normal(size=len(dataset.features))
    features = np.array(dataset.features)
    features[:, 0] += 3 * widths[:, None] * direction
    rows = zip(dataset.photos, widths, strict=True)
    wide = replace(dataset, features=features, photos=tuple({**row, "mouth_width": str(w)} for row, w in rows))

    (found,) = left_out.with_mouth_directions(np.zeros((0, WIDTH)), wide, 1)

    seen = unit(features[:, 0])
    for name in ("studio", "street"):  # only what varies within a set counts
        rows = np.array([row["set"] == name for row in wide.photos])
        seen[rows] -= seen[rows].mean(axis=0)
        widths[rows] -= widths[rows].mean()
    told = abs(np.corrcoef(seen @ direction, widths)[0, 1])
    left = abs(np.corrcoef((seen - np.outer(seen @ found, found)) @ direction, widths)[0, 1])
    assert told > 0.9
    assert left < told - 0.3


def test_all_directions_are_orthonormal(dataset: Dataset) -> None:
    found = left_out.left_out(dataset, SpaceConfig(smile_directions=2, turn_directions=2, mouth_directions=2))

    np.testing.assert_allclose(found @ found.T, np.eye(6), atol=1e-5)


def test_nothing_is_left_out_where_nothing_is_asked_for(dataset: Dataset) -> None:
    assert left_out.left_out(dataset, SpaceConfig(smile_directions=0)).shape == (0, WIDTH)


def test_a_table_without_the_column_is_named(dataset: Dataset) -> None:
    bare = replace(dataset, photos=tuple({"kept": row["kept"]} for row in dataset.photos))

    with pytest.raises(FitError, match=r"photos\.csv has no column expression"):
        left_out.smile_directions(bare, count=1)
