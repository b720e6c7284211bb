from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth.faces import LANDMARKS_65
from fsynth_training.evaluate.looks import Look
from fsynth_training.evaluate.mean_face import geometry_with, mean_mesh
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.trial import Trial, first_of_each, smiling_and_neutral, trial


def sorted_without_looking(photos: EvaluationPhotos) -> Trial:
    return trial(photos, lambda wild, judges: Look(wild.mesh, {}))


def test_pairs_are_in_one_order_of_people(photos: EvaluationPhotos) -> None:
    smiling, neutral = smiling_and_neutral(photos.select(np.array([3, 0, 1, 2])))

    assert smiling.name.tolist() == ["1.jpg", "3.jpg"]
    assert neutral.name.tolist() == ["0.jpg", "2.jpg"]


def test_people_with_one_expression_are_no_pair(photos: EvaluationPhotos) -> None:
    smiling, neutral = smiling_and_neutral(replace(photos, expression=np.array(["neutral", "smiling", "neutral", ""])))

    assert smiling.name.tolist() == ["1.jpg"]
    assert neutral.name.tolist() == ["0.jpg"]
    nobody, _ = smiling_and_neutral(replace(photos, expression=np.array([""] * 4)))
    assert len(nobody) == 0


def test_photos_without_an_expression_are_the_wild_ones(photos: EvaluationPhotos) -> None:
    some = replace(photos, expression=np.array(["neutral", "smiling", "", ""]))

    assert sorted_without_looking(some).wild.name.tolist() == ["2.jpg", "3.jpg"]
    assert sorted_without_looking(photos).wild.name.tolist() == photos.name.tolist()  # all have one


def test_light_is_laid_over_neutral_photos_where_there_are_such(photos: EvaluationPhotos) -> None:
    assert sorted_without_looking(photos).for_light.name.tolist() == ["0.jpg", "2.jpg"]
    unknown = replace(photos, expression=np.array([""] * 4))
    assert sorted_without_looking(unknown).for_light.name.tolist() == ["0.jpg", "2.jpg"]  # one of each person


def test_the_first_photo_of_each_person_in_the_photos_order() -> None:
    assert first_of_each(np.array(["b", "a", "b", "c", "a"])).tolist() == [0, 1, 3]


# --- the mean face


def test_the_geometry_has_the_landmarks_that_are_asked_for(photos: EvaluationPhotos) -> None:
    mesh = mean_mesh(photos.mesh)
    wanted = mesh[LANDMARKS_65, :2] + (1.5, -2.0)

    found = geometry_with(mesh, wanted)

    np.testing.assert_allclose(found.landmarks, wanted, atol=1e-6)
    np.testing.assert_allclose(found.mesh, mesh[:, :2] + (1.5, -2.0), atol=1e-6)  # all else moves along
    cheek, eye = mesh[50, :2].astype(int), mesh[[33, 133], :2].mean(axis=0).astype(int)
    assert found.skin[cheek[1], cheek[0]] == 1
    assert found.skin[eye[1], eye[0]] == 0


def test_faces_that_look_aside_are_left_out_of_the_mean(photos: EvaluationPhotos) -> None:
    turned = photos.mesh[:1].copy()
    turned[..., 2] += turned[..., 0]  # 45 degrees by depth

    np.testing.assert_array_equal(mean_mesh(np.concatenate([photos.mesh[:1], turned])), mean_mesh(photos.mesh[:1]))
    assert np.isfinite(mean_mesh(turned)).all()  # better than nothing
