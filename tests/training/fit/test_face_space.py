"""The linear face space: what it holds, what it leaves out, and the features it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.small_sets import prepared_set, waves

from fsynth.faces import INNER_LIPS_65, MIRROR_65
from fsynth_training.dataset.geometry import SIZE
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.dataset.targets import Targets
from fsynth_training.fit import face_space
from fsynth_training.fit.face_space import Normalisation
from fsynth_training.fit.planes import to_planes

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry

WIDTH = 24
PEOPLE = [("london", "a", False), ("london", "a", True), ("london", "b", False), ("london", "b", True)]
PEOPLE += [("canada", "c", False), ("congress", "d", False)]


@pytest.fixture
def smile(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 1, WIDTH)


@pytest.fixture
def photos(astronaut_set: PreparedSet, rng: np.random.Generator, smile: np.ndarray) -> PreparedSet:
    """Six photos; the smiling ones have their neutral sister's unit-length features and a little of ``smile``."""
    features = face_space.unit(rng.gamma(1, 1, (6, 1, WIDTH)))
    features[1], features[3] = features[0] + 0.1 * smile, features[2] + 0.05 * smile
    features = 15 * np.repeat(features, 2, axis=1)
    augmented = features[:, :1] + rng.normal(0, 0.1, (6, 3, WIDTH))
    return prepared_set(PEOPLE, np.repeat(astronaut_set.mesh, 6, axis=0), features, augmented)


@pytest.fixture
def clean(geometry: Geometry, rng: np.random.Generator) -> Targets:
    """Targets of rows 0, 2, 4 and 5."""
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    mattes = np.stack([np.hypot(x - 111.5, y - 115) < radius for radius in (80, 84, 88, 92)]).astype(np.float32)
    textures = (0.5 + 0.1 * waves(4, SIZE, rng)).astype(np.float32)
    landmarks = geometry.landmarks + rng.normal(0, 2, (4, 65, 2))
    return Targets(textures, mattes, landmarks, np.array([0, 2, 4, 5]))


# --- features


def test_unit_features_have_length_one_and_their_direction(rng: np.random.Generator) -> None:
    features = rng.gamma(1, 1, (2, 3, WIDTH))

    found = face_space.unit(features)

    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1)
    np.testing.assert_allclose(found * np.linalg.norm(features, axis=-1, keepdims=True), features)


def normalisation(rng: np.random.Generator) -> Normalisation:
    smile = np.linalg.qr(rng.normal(0, 1, (WIDTH, 3)))[0].T
    return Normalisation(rng.uniform(0, 0.3, WIDTH), 0.05, smile)


def test_normalised_features_hold_no_smile(rng: np.random.Generator) -> None:
    normalise = normalisation(rng)
    features = rng.gamma(1, 1, (5, WIDTH))

    found = normalise(features)

    np.testing.assert_allclose(found @ normalise.smile.T, 0, atol=1e-5)
    expected = (features / np.linalg.norm(features, axis=1, keepdims=True) - normalise.mean) / 0.05
    # What was taken out is a combination of the smile's directions, and nothing else.
    taken = expected - found
    np.testing.assert_allclose(taken, taken @ normalise.smile.T @ normalise.smile, atol=1e-4)
    assert found.dtype == np.float32


def test_normalised_features_do_not_depend_on_the_norm(rng: np.random.Generator) -> None:
    normalise, features = normalisation(rng), rng.gamma(1, 1, (5, WIDTH))

    np.testing.assert_allclose(normalise(features), normalise(17 * features), atol=1e-5)


def test_the_smile_is_what_pairs_differ_by(photos: PreparedSet, smile: np.ndarray) -> None:
    (found,) = face_space.smile_directions(photos, count=1)

    # Features are compared at unit length: of the smile, only what stands across them is left to see.
    at_unit_length = face_space.unit(photos.features.mean(axis=1))
    steps = np.stack([at_unit_length[1] - at_unit_length[0], at_unit_length[3] - at_unit_length[2]])
    np.testing.assert_allclose(np.linalg.norm(found), 1, atol=1e-6)
    assert abs(found @ smile) / np.linalg.norm(smile) > 0.95
    best = np.linalg.eigh(steps.T @ steps)[1][:, -1]
    np.testing.assert_allclose(abs(found @ best), 1, atol=1e-4)


# --- landmarks


def test_offsets_are_of_the_targets_and_then_of_their_mirror_images(clean: Targets, geometry: Geometry) -> None:
    offsets = face_space.landmark_offsets(clean, geometry).reshape(8, 65, 2)

    lips = list(INNER_LIPS_65)
    others = [index for index in range(65) if index not in lips]
    np.testing.assert_allclose(offsets[:4, others], (clean.landmarks - geometry.landmarks)[:, others], atol=1e-4)
    # The mean is symmetric: mirroring a face mirrors its offsets.
    np.testing.assert_allclose(offsets[4:], offsets[:4, MIRROR_65] * [-1, 1], atol=1e-4)


def test_inner_lips_move_as_one(clean: Targets, geometry: Geometry) -> None:
    upper, lower = INNER_LIPS_65
    offsets = face_space.landmark_offsets(clean, geometry).reshape(8, 65, 2)

    np.testing.assert_array_equal(offsets[:, upper], offsets[:, lower])
    expected = (clean.landmarks - geometry.landmarks)[:, [upper, lower]].mean(axis=1)
    np.testing.assert_allclose(offsets[:4, upper], expected, atol=1e-4)


# --- the space


def test_identity_may_change_luma_in_the_face_alone(geometry: Geometry) -> None:
    mask = face_space.face_mask(geometry)

    assert mask[geometry.face > 0.9].min() > 0.8
    assert mask[:10].max() < 1e-3
    assert 0 <= mask.min() <= mask.max() <= 1


def test_base_and_face_together_hold_the_whole_target(photos: PreparedSet, clean: Targets, geometry: Geometry) -> None:
    space, _, yardstick = face_space.build(photos, clean, geometry)
    wanted = to_planes(clean.textures, clean.mattes)
    faces, pixels = len(space.face.directions), SIZE * SIZE

    # Four targets and their mirror images span seven directions, and all are in the space.
    assert faces == len(space.base.directions) == len(space.shapes.directions) == 7
    detail = yardstick.coefficients[:4, :faces] @ space.face.directions + space.face.mean
    shape = yardstick.coefficients[:4, faces:] @ space.shapes.directions + space.shapes.mean
    rest = wanted.copy()
    rest[:, :pixels] -= detail
    painted = space.base.project(rest) @ space.base.directions + space.base.mean
    painted[:, :pixels] += detail
    np.testing.assert_allclose(painted, wanted, atol=2e-3)
    offsets = face_space.landmark_offsets(clean, geometry)
    np.testing.assert_allclose(shape, offsets[:4], atol=1e-2)


def test_face_detail_is_in_the_face_and_the_rest_keeps_the_skins_brightness(
    photos: PreparedSet, clean: Targets, geometry: Geometry
) -> None:
    space, _, _ = face_space.build(photos, clean, geometry)

    detail = space.face.directions.reshape(-1, SIZE, SIZE)
    outside = face_space.face_mask(geometry) == 0
    assert np.abs(detail[:, outside]).max() < 1e-6 < 0.01 < np.abs(detail).max()
    skin = geometry.skin > 0.5
    luma = space.base.mean[: SIZE * SIZE].reshape(SIZE, SIZE)[skin]
    # Where the mask is 1, the base has the mean brightness of the skin and no detail.
    assert luma.std() < 0.01


def test_features_come_out_with_mean_0_and_spread_1(photos: PreparedSet, clean: Targets, geometry: Geometry) -> None:
    _, normalise, _ = face_space.build(photos, clean, geometry)
    used = np.concatenate(
        [photos.features[clean.index].reshape(-1, WIDTH), photos.augmented[clean.index].reshape(-1, WIDTH)]
    )
    values = (face_space.unit(used) - normalise.mean) / normalise.spread

    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(values.std(), 1, atol=1e-4)
    np.testing.assert_allclose(normalise.smile @ normalise.smile.T, np.eye(len(normalise.smile)), atol=1e-5)


def test_the_yardstick_tells_the_people_it_learned_from_apart(
    photos: PreparedSet, clean: Targets, geometry: Geometry
) -> None:
    _, normalise, yardstick = face_space.build(photos, clean, geometry)
    inputs = (face_space.unit(photos.features[clean.index, 0]) - normalise.mean) / normalise.spread

    predicted = inputs @ yardstick.kernel + yardstick.bias

    # FaceRes features of a mirror image are those of the photo here, so the yardstick aims between both ways round.
    wanted = (yardstick.coefficients[:4] + yardstick.coefficients[4:]) / 2
    distance = np.linalg.norm(predicted[:, None] - wanted[None], axis=2)
    assert distance.argmin(axis=1).tolist() == [0, 1, 2, 3]
