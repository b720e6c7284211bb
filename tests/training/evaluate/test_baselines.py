from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.evaluate.small_dataset import WIDTH, small_dataset

from fsynth.errors import ArgumentError
from fsynth.faces import MIRROR_65
from fsynth_training.dataset.store import Dataset
from fsynth_training.evaluate import ridge
from fsynth_training.evaluate.baselines import MeanFace, NearestFace
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.ridge import Ridge, Tuning, tune
from fsynth_training.evaluate.synthesize import Synthesized
from fsynth_training.evaluate.targets_mix import TargetMix


@pytest.fixture
def dataset(photos: EvaluationPhotos, rng: np.random.Generator) -> Dataset:
    return small_dataset(photos.mesh[0].astype(np.float64), rng)


def with_features(photos: EvaluationPhotos, features: np.ndarray) -> EvaluationPhotos:
    return replace(photos.select(np.zeros(len(features), int)), features={"faceres": features})


# --- sums of targets


def test_one_target_comes_back_on_its_background(dataset: Dataset) -> None:
    mattes = dataset.mattes.copy()
    mattes[:, :50] = 0
    mix = TargetMix(replace(dataset, mattes=mattes))

    made = mix.synthesize(np.eye(len(mix))[[3]])

    np.testing.assert_allclose(made.landmarks[0], dataset.landmarks[3], atol=1e-3)
    np.testing.assert_allclose(made.textures[0][50:] * 255, dataset.textures[3][50:], atol=1e-3)
    np.testing.assert_allclose(made.textures[0][:50], 0.8, atol=1e-6)


def test_the_second_half_are_mirror_images(dataset: Dataset) -> None:
    mix = TargetMix(dataset)

    straight, mirrored = (mix.synthesize(np.eye(len(mix))[[row]]) for row in (2, 2 + len(mix) // 2))

    np.testing.assert_allclose(mirrored.textures, straight.textures[:, :, ::-1], atol=1e-6)
    np.testing.assert_allclose(mirrored.landmarks[0], straight.landmarks[0][MIRROR_65] * (-1, 1) + (223, 0), atol=1e-3)
    np.testing.assert_allclose(mirrored.images.astype(int), straight.images[:, :, ::-1], atol=2)


def test_people_who_are_held_out_are_in_no_mix(dataset: Dataset) -> None:
    mix = TargetMix(dataset)

    assert len(mix) == 2 * 18
    assert not dataset.validation[dataset.target_identity[mix.rows]].any()


# --- mean and nearest


def test_the_mean_face_is_symmetric_and_everybodys(dataset: Dataset, photos: EvaluationPhotos) -> None:
    made = MeanFace(TargetMix(dataset)).synthesize(photos)

    assert len(made.images) == 4
    np.testing.assert_array_equal(made.images[0], made.images[3])
    np.testing.assert_allclose(made.textures[0], made.textures[0][:, ::-1], atol=1e-6)


def test_the_nearest_face_is_that_of_the_most_alike_features(dataset: Dataset, photos: EvaluationPhotos) -> None:
    mix = TargetMix(dataset)
    wanted = np.array([5, 0, 11])

    made = NearestFace(mix).synthesize(with_features(photos, 7 * dataset.features[wanted, 0]))

    np.testing.assert_allclose(made.landmarks, dataset.landmarks[wanted], atol=1e-3)


def test_features_of_no_encoder_make_no_baseline(dataset: Dataset) -> None:
    with pytest.raises(ArgumentError, match="no encoder"):
        NearestFace(TargetMix(replace(dataset, encoder=None)))


# --- ridge regression


def test_ridge_finds_a_linear_relation(dataset: Dataset) -> None:
    mix = TargetMix(dataset)
    held_out = np.flatnonzero(dataset.validation)

    exact = Ridge(mix, Tuning(1e-6, 1.0))
    made = mix.landmarks(exact.coefficients(dataset.features[held_out, 0]))

    spread = np.abs(dataset.landmarks[held_out] - dataset.mean_landmarks).mean()
    assert np.abs(made - dataset.landmarks[held_out]).mean() < 0.05 * spread


def test_the_penalty_shrinks_and_the_gain_scales_deviations(dataset: Dataset) -> None:
    mix = TargetMix(dataset)
    features = dataset.features[:5, 0]

    def deviation(penalty: float, gain: float) -> np.ndarray:
        made = mix.landmarks(Ridge(mix, Tuning(penalty, gain)).coefficients(features))
        mean = mix.landmarks(np.full((1, len(mix)), 1 / len(mix)))
        return np.asarray(made - mean)

    np.testing.assert_allclose(deviation(0.1, 2.0), 2 * deviation(0.1, 1.0), atol=1e-4)
    assert np.abs(deviation(100.0, 1.0)).mean() < 0.1 * np.abs(deviation(0.01, 1.0)).mean()


def test_coefficients_of_a_face_sum_to_1(dataset: Dataset) -> None:
    mix = TargetMix(dataset)

    found = Ridge(mix, Tuning(0.1, 1.5)).coefficients(dataset.features[:3, 0])

    np.testing.assert_allclose(found.sum(axis=1), 1)


class LandmarkReader:
    """An encoder that reads features off an image in whose first rows they stand."""

    def crop(self, image: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        return image

    def encode(self, chips: np.ndarray) -> np.ndarray:
        return chips[:, 0, :WIDTH, 0].astype(np.float32) / 255


@pytest.mark.parametrize("best", [1.0, 2.0])
def test_tuning_takes_what_is_best_for_the_people_held_out(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, best: float
) -> None:
    """Landmarks follow exactly, so the smallest penalty is best; people are told apart at one gain only."""
    mix = TargetMix(dataset)
    monkeypatch.setattr(ridge, "meshes_of", lambda images: images)
    monkeypatch.setattr(ridge.encoder, "load", lambda name: LandmarkReader())
    held_out = dataset.features[dataset.validation, 0]
    scale = (held_out / held_out.max() * 255).astype(np.uint8)
    deviations: list[np.ndarray] = []

    def paint(coefficients: np.ndarray) -> Synthesized:
        """Write the people's features into the images at the gain ``best``, and one person's for all at others."""
        deviations.append(coefficients - 1 / len(mix))
        gain = np.linalg.norm(deviations[-1]) / np.linalg.norm(deviations[0])
        images = np.zeros((len(coefficients), 224, 224, 3), np.uint8)
        images[:, 0, :WIDTH, 0] = scale if abs(gain - best) < 0.1 else scale[:1]
        return Synthesized(images, images, images, mix.mean_landmarks)

    monkeypatch.setattr(mix, "synthesize", paint)

    assert tune(mix) == Tuning(min(ridge.PENALTIES), best)


def test_a_dataset_that_holds_nobody_out_cannot_be_tuned_on(dataset: Dataset) -> None:
    everybody = replace(dataset, validation=np.zeros(24, bool))

    with pytest.raises(ArgumentError, match="holds out fewer than two people"):
        tune(TargetMix(everybody))
