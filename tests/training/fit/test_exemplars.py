"""The bank of detail: who is in it, what is cut out of them, and who is chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from scipy.special import softmax
from tests.training.fit.studio import studio

from fsynth_training.dataset.geometry import SIZE
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import exemplars as module
from fsynth_training.fit import face_space
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.face_space import Normalisation
from fsynth_training.fit.linear_config import DetailConfig, SpaceConfig

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry

MEASURED = {"lip_gap": "0", "yaw": "-2.0", "glasses": "0.05", "forehead": "9.0"}
CONFIG = DetailConfig(exemplars=3, softest=1, sharpest=1e6, sharpness=140)


@pytest.fixture(scope="module")
def dataset(geometry: Geometry) -> Dataset:
    plain = studio(geometry)
    noise = np.random.default_rng(2).normal(0, 0.03, plain.textures.shape[:3])
    return replace(plain, fine=noise.astype(np.float16), photos=tuple({**row, **MEASURED} for row in plain.photos))


@pytest.fixture(scope="module")
def normalise(dataset: Dataset, geometry: Geometry) -> Normalisation:
    planes = face_space.target_planes(dataset)
    return face_space.build(dataset, planes, geometry, SpaceConfig(smile_directions=0))[1]


def test_people_get_the_detail_of_the_exemplar_they_are_nearest_to(
    dataset: Dataset, normalise: Normalisation, geometry: Geometry
) -> None:
    found = module.exemplars(dataset, normalise, geometry, CONFIG)

    keys = normalise(np.asarray(dataset.target_features)[found.rows])
    people = normalise(np.asarray(dataset.features)[:, 0])
    nearest = np.linalg.norm(people[:, None] - keys[None], axis=2).argmin(axis=1)
    weights = softmax(people @ found.kernel + found.bias, axis=1)
    np.testing.assert_array_equal(weights.argmax(axis=1), nearest)
    assert np.median(weights.max(axis=1)) == pytest.approx(module.DECIDED, abs=0.005)


def test_the_bank_is_fine_and_inside_the_head(dataset: Dataset, normalise: Normalisation, geometry: Geometry) -> None:
    found = module.exemplars(dataset, normalise, geometry, CONFIG)

    bank = found.bank.reshape(3, SIZE, SIZE)
    assert np.abs(bank[:, 100:130, 100:130]).max() > 0.02
    assert np.abs(bank[:, 100:130, 100:130].mean(axis=(1, 2))).max() < 1e-3
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    outside = np.hypot(x - 111.5, y - 115) > 93
    assert np.abs(bank[:, outside]).max() < 1e-3


def test_in_the_face_the_detail_may_be_finer(dataset: Dataset, normalise: Normalisation, geometry: Geometry) -> None:
    alike, finer = (
        module.exemplars(dataset, normalise, geometry, replace(CONFIG, face_sigma=sigma)).bank.reshape(3, SIZE, SIZE)
        for sigma in (CONFIG.sigma, 0.8)
    )

    mask = face_space.face_mask(geometry)
    np.testing.assert_array_equal(finer[:, mask == 0], alike[:, mask == 0])
    inside = mask > 0.999
    assert finer[:, inside].std() < 0.95 * alike[:, inside].std()


def test_soft_targets_do_not_serve(dataset: Dataset, normalise: Normalisation, geometry: Geometry) -> None:
    fine = np.array(dataset.fine)
    fine[[0, 2, 4]] = 0

    with pytest.raises(FitError, match=r"but 2 targets serve, with a sharpness within 90\.\.1e\+06"):
        # Two of the seven are the targets of no photo: who smiles is given the neutral one.
        module.exemplars(
            replace(dataset, fine=fine, photo_target=np.array([0, 0, 2, 2, 4, 5, 6, -1, -1], np.int32)),
            normalise, geometry, replace(CONFIG, softest=90),
        )  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [("yaw", "-8"), ("glasses", "0.08"), ("forehead", "13"), ("yaw", "")])
def test_who_looks_aside_or_is_covered_does_not_serve(dataset: Dataset, name: str, value: str) -> None:
    photos = tuple({**row, name: value} if number == 4 else row for number, row in enumerate(dataset.photos))

    np.testing.assert_array_equal(module.plain_faces(replace(dataset, photos=photos), CONFIG), np.arange(7) != 4)


def test_a_dataset_without_fine_detail_is_sent_back(
    dataset: Dataset, normalise: Normalisation, geometry: Geometry
) -> None:
    with pytest.raises(FitError, match="prepare it with --set fine=true"):
        module.exemplars(replace(dataset, fine=None), normalise, geometry, CONFIG)


def test_exemplars_are_spread_over_people() -> None:
    rng = np.random.default_rng(4)
    middles = 10 * np.eye(4)
    people = np.repeat(middles, 25, axis=0) + rng.normal(0, 0.5, (100, 4))
    keys = np.concatenate([np.repeat(middles[:1], 20, axis=0) + rng.normal(0, 0.5, (20, 4)), middles[1:]])

    chosen = module.spread_out(people, keys, 4)

    assert sorted(chosen)[1:] == [20, 21, 22]


def test_detail_is_what_a_blur_takes_away_and_sharpened() -> None:
    step = np.tile(np.where(np.arange(SIZE) < 100, 0.4, 0.6), (SIZE, 1))

    fine = module.fine_of(step, 1.5, module.EMPHASIS)

    np.testing.assert_allclose(fine[:, :85], 0, atol=1e-6)
    assert fine[:, 100:104].max() > 0.09  # without the emphasis it is .08
    np.testing.assert_allclose(fine.mean(), 0, atol=1e-3)


def test_sharpness_of_a_pattern_is_as_reckoned() -> None:
    luma = np.tile(np.arange(SIZE) % 2, (SIZE, 1)) * 0.01
    # Each pixel differs by 2.55 from both neighbours of its row: the Laplacian is +-5.1.
    assert module.sharpness(luma[None], np.ones((SIZE, SIZE)))[0] == pytest.approx(5.1**2, rel=2e-2)


def test_mouths_that_were_changed_come_from_the_most_alike(geometry: Geometry) -> None:
    bank = np.arange(3.0)[:, None, None] * np.ones((1, SIZE, SIZE))
    keys = np.array([[0.0], [10.0], [1.0]])

    found = module.with_mouths(bank, keys, np.array([True, False, False]), geometry)

    x, y = geometry.mesh[list(module.MOUTH)].mean(axis=0).astype(int)
    assert found[0, y, x] == pytest.approx(2, abs=1e-3)
    assert found[0, 40, 40] == 0
    np.testing.assert_array_equal(found[1:], bank[1:])


def test_wide_mouths_count_as_changed(dataset: Dataset) -> None:
    photos = tuple({**row, "mouth_width": "0.9"} for row in dataset.photos)
    wide = replace(dataset, photos=(*photos[:6], {**photos[6], "mouth_width": "1.2"}, *photos[7:]))

    np.testing.assert_array_equal(module.changed_mouths(wide), np.arange(7) == 6)


def test_detail_stays_within_its_limits(dataset: Dataset, normalise: Normalisation, geometry: Geometry) -> None:
    loud = replace(dataset, fine=(20 * np.asarray(dataset.fine)).astype(np.float16))
    limits = replace(CONFIG, limit=0.04, face_limit=0.1, skin_limit=0.03)
    found = module.exemplars(loud, normalise, geometry, limits)

    bank = found.bank.reshape(3, SIZE, SIZE)
    x, y = geometry.mesh[50, :2].astype(int)  # the middle of a cheek
    assert 0.02 < np.abs(bank[:, y - 4 : y + 5, x - 4 : x + 5]).max() <= 0.031
    assert 0.05 < np.abs(bank).max() <= 0.1
    around = face_space.face_mask(geometry) < 1e-3
    assert 0.02 < np.abs(bank[:, around]).max() <= 0.041


def test_the_emphasis_of_the_face_is_the_faces_alone(
    dataset: Dataset, normalise: Normalisation, geometry: Geometry
) -> None:
    wide = replace(CONFIG, limit=1.0, face_limit=1.0, skin_limit=1.0)
    plain, sharp = (
        module.exemplars(dataset, normalise, geometry, replace(wide, face_emphasis=emphasis)).bank.reshape(
            3, SIZE, SIZE
        )
        for emphasis in (module.EMPHASIS, 3.0)
    )

    face = face_space.face_mask(geometry)
    np.testing.assert_array_equal(plain[:, face == 0], sharp[:, face == 0])
    assert np.abs(sharp[:, face > 0.99]).mean() > 1.2 * np.abs(plain[:, face > 0.99]).mean()
