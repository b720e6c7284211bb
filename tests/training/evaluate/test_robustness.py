from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth.faces.alignment import EYE_TARGETS
from fsynth.faces.similarity import apply_transform
from fsynth_training.evaluate import robustness as module
from fsynth_training.evaluate.degrade import CLEAN, Degradation
from fsynth_training.evaluate.looks import Look, look_at_photos
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.robustness import DegradedPhotos, find_again, robustness
from fsynth_training.evaluate.trial import trial

BLACK = Degradation("black", "all", lambda image, mesh: 0 * image)
MOVED = Degradation("moved", "aside", lambda image, mesh: np.roll(image, 6, axis=1))


def test_faces_are_found_again_where_nothing_was_changed(photos: EvaluationPhotos) -> None:
    found = find_again(photos, CLEAN)

    np.testing.assert_array_equal(found.rows, [0, 1, 2, 3])
    # The face is aligned already: the transform changes next to nothing.
    np.testing.assert_allclose(found.transform[0], [[1, 0, 0], [0, 1, 0]], atol=2)
    apart = np.linalg.norm(found.mesh[0, :, :2] - photos.mesh[0, :, :2], axis=1)
    assert apart.mean() < 2
    unit = [f / np.linalg.norm(f) for f in (found.features["faceres"][0], photos.features["faceres"][0])]
    assert np.linalg.norm(unit[0] - unit[1]) < 0.2


def test_a_face_that_moved_is_aligned_anew(photos: EvaluationPhotos) -> None:
    still, moved = find_again(photos, CLEAN), find_again(photos, MOVED)

    eyes = apply_transform(moved.transform[0], EYE_TARGETS + np.array([6, 0]))
    np.testing.assert_allclose(eyes, EYE_TARGETS, atol=2)  # two hundredths of a face
    seen, again = moved.photos(photos, MOVED), still.photos(photos, CLEAN)
    assert np.abs(seen.aligned[0].astype(int) - again.aligned[0])[60:160, 60:160].mean() < 6


def test_where_there_is_no_face_nothing_is_found(photos: EvaluationPhotos) -> None:
    found = find_again(photos, BLACK)

    assert len(found.rows) == 0
    assert found.mesh.shape == (0, 468, 3)
    assert found.features["faceres"].shape == (0, 1024)


def test_half_of_the_faces_found_is_half_of_the_score() -> None:
    photos = np.repeat(np.eye(3, 4), 2, axis=0)
    identity = np.repeat(["a", "b", "c"], 2)
    made, source = photos[[0, 2]], np.array([0, 2])

    found = robustness(made, made + 0.5, source, 0.5, photos, identity, 0.6)

    assert (found.found, found.rank1, found.beyond) == (0.5, 0.5, 0.5)
    assert found.distance == pytest.approx(0)
    assert found.moved == pytest.approx(1)  # half a unit in each of four directions


def test_nothing_found_is_no_likeness() -> None:
    photos = np.eye(4)
    nothing = np.zeros((0, 4))

    found = robustness(nothing, nothing, np.zeros(0, int), 0.0, photos, np.array(list("aabb")), 0.6)

    assert (found.found, found.rank1, found.beyond) == (0, 0, 1)
    assert np.isnan(found.distance)


def test_degraded_photographs_are_looked_for_once(
    photos: EvaluationPhotos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "degradations", lambda: [CLEAN, MOVED, BLACK])
    wild = replace(photos, expression=np.array([""] * 4))
    on = trial(wild)
    degraded = DegradedPhotos(on, 10, tmp_path, lambda message: None)
    np.testing.assert_array_equal(degraded.source, [0, 2])  # one of each person

    def look(some: EvaluationPhotos) -> Look:
        return look_at_photos(some, on.judges)

    measured = degraded.measure(look)
    monkeypatch.setattr(module, "find_again", lambda *arguments: pytest.fail("looked for again"))
    again = DegradedPhotos(on, 10, tmp_path, lambda message: None).measure(look)

    assert str(again) == str(measured)  # for NaN is not NaN
    clean = measured["dlib"]["clean"]["as it is"]
    assert clean["found"] == 1
    assert clean["moved"] == 0
    assert clean["beyond"] == 0
    assert measured["dlib"]["black"]["all"]["found"] == 0
    assert measured["dlib"]["moved"]["aside"]["moved"] < 0.3
