from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsynth import encoder
from fsynth.errors import ArgumentError
from fsynth.faces import LANDMARKS_65
from fsynth_training.dataset.open_sets import Photograph
from fsynth_training.dataset.prepare import PreparedSet, cached
from fsynth_training.evaluate.photos import EvaluationPhotos, from_prepared, joined


def test_landmarks_are_those_of_the_mesh(photos: EvaluationPhotos) -> None:
    np.testing.assert_array_equal(photos.landmarks[1], photos.mesh[1][LANDMARKS_65, :2])


def test_selected_rows_keep_all_that_belongs_to_them(photos: EvaluationPhotos) -> None:
    some = photos.select(np.array([3, 0]))

    assert len(some) == 2
    assert some.name.tolist() == ["3.jpg", "0.jpg"]
    np.testing.assert_array_equal(some.aligned, photos.aligned[[3, 0]])
    np.testing.assert_array_equal(some.features["faceres"], photos.features["faceres"][[3, 0]])


def test_joined_photographs_are_one_after_the_other(photos: EvaluationPhotos) -> None:
    both = joined(photos.select(np.array([2])), photos.select(np.array([0, 1])))

    assert both.name.tolist() == ["2.jpg", "0.jpg", "1.jpg"]
    np.testing.assert_array_equal(both.features["faceres"], photos.features["faceres"][[2, 0, 1]])


def test_features_of_another_encoder_are_asked_for_in_words(photos: EvaluationPhotos) -> None:
    with pytest.raises(ArgumentError, match="'dlib'"):
        photos.features_for("dlib")


def test_seen_again_are_the_encoders_features_of_the_images(photos: EvaluationPhotos) -> None:
    network = encoder.load("faceres")
    images = photos.aligned[:, :, ::-1].copy()

    again = photos.seen_again(images)

    expected = encoder.encode_both_sides(network, network.crop(images[2], photos.mesh[2])[None])
    np.testing.assert_allclose(again.features["faceres"][2:3], expected, atol=1e-4)
    np.testing.assert_array_equal(again.aligned, images)
    np.testing.assert_array_equal(again.identity, photos.identity)


def test_the_digest_changes_with_pixels_and_people(photos: EvaluationPhotos) -> None:
    other = photos.aligned.copy()
    other[0, 0, 0, 0] ^= 1

    digests = {
        photos.digest(),
        replace(photos, aligned=other).digest(),
        replace(photos, identity=np.array(["a", "b", "b", "b"])).digest(),
    }

    assert len(digests) == 3
    assert photos.digest() == replace(photos, name=np.array(["x"] * 4)).digest()


def test_a_prepared_set_is_read(astronaut: Path, astronaut_set: PreparedSet, tmp_path: Path) -> None:
    cached(tmp_path / "set.npz", [Photograph("london", "astronaut", astronaut, smiling=True)], augmentations=0)

    found = from_prepared(tmp_path / "set.npz")

    assert found.expression.tolist() == ["smiling"]
    np.testing.assert_array_equal(found.aligned, astronaut_set.aligned)
    np.testing.assert_allclose(found.features["faceres"], astronaut_set.features[:, :2].mean(axis=1), atol=1e-4)
