"""The identity fit: its batches, its decoder, and a short run that has to make faces more like their people."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[train]"')
pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

import keras
import tensorflow as tf
from PIL import Image
from tests.training.small_sets import face_space

from fsynth import encoder
from fsynth.faces import fit_similarity, five_points
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.fit.chip_render import ChipRenderer
from fsynth_training.fit.face_space import FaceSpace, Normalisation, unit
from fsynth_training.fit.identity_fit import CHIP_SIZE, FeaturePool, FitSettings, LinearDecoder, batches, fit
from fsynth_training.fit.planes import to_planes

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry

pytestmark = pytest.mark.requires_extra("train")


# --- batches

PERSON = np.array([2, 0, 2, 1, 0, 2, 1, 3])


@pytest.fixture
def labelled() -> FeaturePool:
    """Row i of the inputs has its 1 at place i, so that a batch tells what it is made of."""
    coefficients = np.arange(24, dtype=np.float32).reshape(8, 3)
    coefficients[[1, 4]] = np.nan
    return FeaturePool(np.eye(8, dtype=np.float32), 2 * np.eye(8, dtype=np.float32), PERSON, coefficients)


def drawn(pool: FeaturePool, count: int = 40, **changes: Any) -> list[dict[str, np.ndarray]]:
    return list(itertools.islice(batches(pool, FitSettings(batch=8, **changes)), count))


def test_batches_have_their_shapes(labelled: FeaturePool) -> None:
    (batch,) = drawn(labelled, 1)

    shapes = {name: value.shape for name, value in batch.items()}
    assert shapes == {
        "inputs": (8, 8), "goals": (8, 8), "second": (8, 8), "paired": (8,), "coefficients": (8, 3), "clean": (8,)
    }  # fmt: skip
    assert all(np.isfinite(value).all() for value in batch.values())


def test_every_second_sample_is_one_person_as_they_are(labelled: FeaturePool) -> None:
    for batch in drawn(labelled):
        np.testing.assert_array_equal(batch["paired"], [1, 0] * 4)
        rows = batch["inputs"][::2].argmax(axis=1)
        np.testing.assert_array_equal(batch["inputs"][::2], labelled.inputs[rows])
        np.testing.assert_array_equal(batch["goals"][::2], labelled.goals[rows])


def test_pairs_are_of_the_same_person_and_reach_all_their_photos(labelled: FeaturePool) -> None:
    seen = set()
    for batch in drawn(labelled):
        first, second = batch["inputs"][::2].argmax(axis=1), batch["second"][::2].argmax(axis=1)
        np.testing.assert_array_equal(PERSON[first], PERSON[second])
        seen |= set(zip(first.tolist(), second.tolist(), strict=True))

    assert {(0, 0), (0, 2), (0, 5), (3, 6), (7, 7)} <= seen


def test_mixtures_lie_on_the_line_through_two_people(labelled: FeaturePool) -> None:
    largest = []
    for batch in drawn(labelled, mix=(-0.35, 1.35)):
        mixed = batch["inputs"][1::2]
        np.testing.assert_allclose(batch["goals"][1::2], 2 * mixed, atol=1e-6)
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


def test_batches_repeat_with_their_seed(labelled: FeaturePool) -> None:
    first, again, other = (drawn(labelled, 2, seed=seed)[1]["inputs"] for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


# --- decoder and fit

SIZE, WIDTH = 112, 6


def small_space(astronaut_set: PreparedSet, geometry: Geometry, width: int, rng: np.random.Generator) -> FaceSpace:
    """Random changes of the example's face at half its size."""
    texture = np.asarray(Image.fromarray(astronaut_set.aligned[0]).resize((SIZE, SIZE)), np.float64) / 255
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    matte = (np.hypot(x - 55.5, y - 58) < 50).astype(np.float32)
    return face_space(texture, matte, (geometry.landmarks - 0.5) / 2, width, rng)


@pytest.fixture
def space(astronaut_set: PreparedSet, geometry: Geometry, rng: np.random.Generator) -> FaceSpace:
    return small_space(astronaut_set, geometry, WIDTH, rng)


def test_no_coefficients_give_the_mean_face(space: FaceSpace) -> None:
    still = replace(space, base_kernel=0 * space.base_kernel, base_bias=0 * space.base_bias)
    decoder = LinearDecoder(still, np.zeros((WIDTH, 7)), np.zeros(7))
    features = tf.ones((2, WIDTH))
    coefficients = decoder.coefficients(features)

    textures = decoder.texture(features, coefficients)

    np.testing.assert_allclose(decoder.landmarks(coefficients)[1], space.mean_landmarks, atol=1e-4)
    # Painted and taken apart again, the luma of the head is the mean's; what surrounds it is the plain background.
    planes = to_planes(np.asarray(textures), np.ones((2, SIZE, SIZE)) * 0.2)[1, : SIZE * SIZE].reshape(SIZE, SIZE)
    mean = (space.base.mean[: SIZE * SIZE] + space.face.mean).reshape(SIZE, SIZE)
    np.testing.assert_allclose(planes[30:80, 30:80], mean[30:80, 30:80], atol=1e-3)
    np.testing.assert_allclose(textures[1, :3, :3], 0.8, atol=1e-6)


def test_each_coefficient_moves_its_own_part(space: FaceSpace) -> None:
    decoder = LinearDecoder(space, np.zeros((WIDTH, 7)), np.zeros(7))
    features = tf.zeros((1, WIDTH))

    def painted(index: int) -> tuple[np.ndarray, np.ndarray]:
        change = tf.one_hot([index], 7)
        return np.asarray(decoder.texture(features, change))[0], np.asarray(decoder.landmarks(change))[0]

    plain, detail, shape = painted(-1), painted(1), painted(5)
    head = np.s_[30:80, 30:80]
    expected = np.repeat(space.face.directions[1].reshape(SIZE, SIZE, 1), 3, axis=-1)  # luma: all channels alike
    np.testing.assert_allclose((detail[0] - plain[0])[head], expected[head], atol=1e-5)
    np.testing.assert_array_equal(detail[1], plain[1])
    np.testing.assert_array_equal(shape[0], plain[0])
    np.testing.assert_allclose(shape[1] - plain[1], space.shapes.directions[1].reshape(-1, 2), atol=1e-4)


def test_a_short_fit_makes_outputs_more_like_their_people(
    astronaut_set: PreparedSet, geometry: Geometry, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    space = small_space(astronaut_set, geometry, 1024, rng)
    space = replace(space, base_kernel=0 * space.base_kernel)
    mesh = np.concatenate([(geometry.mesh - 0.5) / 2, np.zeros((468, 1))], axis=1)
    faceres = encoder.FaceRes()
    network = faceres.keras_model(input_size=CHIP_SIZE)
    template = (faceres.template + 0.5) * (CHIP_SIZE / 224) - 0.5
    render = ChipRenderer(space.mean_landmarks, fit_similarity(five_points(mesh), template), CHIP_SIZE)
    decoder = LinearDecoder(space, np.zeros((1024, 7)), np.zeros(7))

    def seen(features: np.ndarray, coefficients: Any) -> np.ndarray:
        """What the recogniser sees in the output."""
        texture = decoder.texture(tf.constant(features, tf.float32), coefficients)
        return np.asarray(network(render(texture, decoder.landmarks(coefficients))))

    # Three people whom the space can paint exactly, and what is seen of them: the fit knows nothing else.
    photos = seen(np.zeros((3, 1024)), tf.constant(rng.normal(0, 2, (3, 7)), tf.float32))
    mean = unit(photos).mean(axis=0)
    normalisation = Normalisation(mean, float((unit(photos) - mean).std()), np.zeros((0, 1024)))
    pool = FeaturePool(photos, photos, np.arange(3), np.full((3, 7), np.nan, np.float32))

    def likeness() -> float:
        features = normalisation(photos)
        made = unit(seen(features, decoder.coefficients(tf.constant(features)))) - mean
        return float((unit(made) * unit(unit(photos) - mean)).sum(axis=1).mean())

    before = likeness()
    settings = FitSettings(
        steps=30, batch=6, learning_rate=2e-4, warm_up=2, mix=(1, 1), coefficient_weight=0, consistency_weight=0
    )
    keras.utils.set_random_seed(0)
    fit(decoder, pool, normalisation, five_points(mesh), settings, tmp_path / "fit.npz")

    # All start as the mean face, which is like nobody (a cosine near 0); 30 steps gave 0.3.
    assert abs(before) < 0.1
    assert likeness() > before + 0.15
    # The state is on disk, whole.
    assert [file.name for file in tmp_path.iterdir()] == ["fit.npz"]
    with np.load(tmp_path / "fit.npz") as state:
        np.testing.assert_array_equal(state["kernel"], decoder.kernel.numpy())
        np.testing.assert_array_equal(state["bias"], decoder.bias.numpy())
        assert state["step"] == 30
