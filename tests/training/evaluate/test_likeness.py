"""How likeness is scored: against brute force, and on outputs whose score is known."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.small_sets import prepared_set

from fsynth.encoder import Encoder
from fsynth.faces import INNER_LIPS_65, LANDMARKS_65
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.evaluate import likeness

if TYPE_CHECKING:
    import keras


# --- the area under the ROC curve


@pytest.mark.parametrize("levels", [3, 1000])
def test_auc_is_the_share_of_pairs_in_the_right_order(rng: np.random.Generator, levels: int) -> None:
    # Few levels give ties, which count one half.
    positives, negatives = rng.integers(0, levels, 40) + 0.3 * levels // 1, rng.integers(0, levels, 70)

    wins = [1.0 if p > n else 0.5 if p == n else 0.0 for p, n in itertools.product(positives, negatives)]

    np.testing.assert_allclose(likeness.auc(positives, negatives), np.mean(wins))


def test_auc_is_1_in_order_0_in_reverse_and_one_half_when_all_are_equal() -> None:
    low, high = np.arange(5), np.arange(5) + 10

    assert likeness.auc(high, low) == 1
    assert likeness.auc(low, high) == 0
    assert likeness.auc(np.ones(3), np.ones(4)) == 0.5


# --- mouths


def face_mesh(width: float, gap: float) -> np.ndarray:
    """A mesh (468, 3) with eyes 50 px apart and a mouth of this width and gap, in px."""
    mesh = np.zeros((468, 3))
    mesh[[33, 133], :2], mesh[[263, 362], :2] = [[75, 100], [95, 100]], [[145, 100], [125, 100]]
    upper, lower = LANDMARKS_65[list(INNER_LIPS_65)]
    mesh[61, :2], mesh[291, :2] = [110 - width / 2, 160], [110 + width / 2, 160]
    mesh[upper, :2], mesh[lower, :2] = [110, 160 - gap / 2], [110, 160 + gap / 2]
    return mesh


def test_mouths_are_measured_by_the_distance_of_the_eyes() -> None:
    meshes = np.stack([face_mesh(40, 5), 3 * face_mesh(40, 5) + 20])

    np.testing.assert_allclose(likeness.mouth(meshes), [[0.8, 0.1]] * 2)


def test_meshes_of_normalized_faces_lie_on_the_face(astronaut_set: PreparedSet) -> None:
    meshes = likeness.meshes_of(astronaut_set.aligned)

    assert meshes.shape == (1, 468, 3)
    # Found again in the aligned face, to within 3 % of the distance of the eyes.
    apart = np.linalg.norm(meshes[0, :, :2] - astronaut_set.mesh[0, :, :2], axis=1)
    assert apart.mean() < 0.03 * 55


# --- the score


@dataclass
class PlantedJudge:
    """Embeds a picture as what its first pixel says: people are far apart, photos of one of them are close."""

    name: str = "planted"
    input_size: int = 1
    feature_width: int = 8

    def crop(self, photo: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        return photo[:1, :1]

    def encode(self, chips: np.ndarray) -> np.ndarray:
        person, photo = chips[:, 0, 0, 0].astype(int), chips[:, 0, 0, 1]
        embedding: np.ndarray = np.eye(8, dtype=np.float32)[person]
        embedding[:, 7] = photo / 128  # exactly
        return embedding

    def keras_model(self) -> keras.Model:
        raise AssertionError("nothing is trained here")


JUDGE: Encoder = PlantedJudge()
PERSON = np.repeat(np.arange(6), 3)  # six people with three photos each
PHOTO = np.tile(np.arange(3), 6)
WIDTHS = np.linspace(30, 50, 18)


def pictures(person: np.ndarray, photo: np.ndarray) -> np.ndarray:
    images = np.zeros((len(person), 224, 224, 3), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 0, 1] = person, photo
    return images


def photos() -> PreparedSet:
    meshes = np.stack([face_mesh(width, 0) for width in WIDTHS])
    people = [("lfw", f"person_{number}", False) for number in PERSON]
    return prepared_set(people, meshes, np.ones((18, 2, 4)), np.ones((18, 0, 4)), pictures(PERSON, PHOTO))


def score(
    outputs: np.ndarray, monkeypatch: pytest.MonkeyPatch, widths: np.ndarray = WIDTHS, gaps: np.ndarray = 0 * WIDTHS
) -> likeness.Likeness:
    meshes = np.stack([face_mesh(width, gap) for width, gap in zip(widths, gaps, strict=True)])
    monkeypatch.setattr(likeness, "meshes_of", lambda images: meshes)
    return likeness.score(outputs, photos(), JUDGE.encode(photos().aligned[:, :1, :1]), JUDGE)


def test_outputs_that_are_their_photos_score_best(monkeypatch: pytest.MonkeyPatch) -> None:
    found = score(photos().aligned, monkeypatch)

    assert found.auc_same == found.auc_other == found.rank1 == found.rank5 == 1
    # The photos of one person differ a little, and strangers are orthogonal before the mean is taken off.
    np.testing.assert_allclose(found.stability, 1, atol=1e-3)
    np.testing.assert_allclose(found.impostor, -1 / 5, atol=1e-3)


def test_outputs_of_the_wrong_person_score_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    found = score(pictures((PERSON + 1) % 6, PHOTO), monkeypatch)

    assert found.rank1 == 0
    # The stranger whom they show is nearer than the person. The other four are as far; by the photos' numbers a third
    # of the pairs is in the right order, ties as halves.
    np.testing.assert_allclose(found.auc_other, 4 / 15, rtol=1e-6)
    np.testing.assert_allclose(found.stability, 1, atol=1e-3)


def test_one_output_for_everybody_is_no_likeness_and_all_impostor(monkeypatch: pytest.MonkeyPatch) -> None:
    found = score(pictures(0 * PERSON, 0 * PHOTO), monkeypatch)

    np.testing.assert_allclose(found.auc_same, 0.5, atol=0.02)
    np.testing.assert_allclose(found.impostor, 1, atol=1e-5)
    np.testing.assert_allclose(found.rank1, 1 / 6)


def test_a_persons_other_photos_are_the_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of each person's outputs one is right and two show the next person.
    found = score(pictures(np.where(PHOTO == 0, PERSON, (PERSON + 1) % 6), PHOTO), monkeypatch)

    np.testing.assert_allclose(found.rank1, 1 / 3)
    assert found.rank5 <= 1
    assert found.stability < 0.5


def test_an_outputs_own_photo_is_not_in_its_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each output is its photo, but people's later photos look like the next persons, seen badly.
    seen = pictures((PERSON + PHOTO) % 6, np.where(PHOTO == 0, 0, 50))
    monkeypatch.setattr(likeness, "meshes_of", lambda images: photos().mesh)

    found = likeness.score(seen, photos(), JUDGE.encode(seen[:, :1, :1]), JUDGE)

    assert found.rank1 == 0


def test_parted_lips_and_wide_mouths_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = np.where(np.arange(18) < 6, 50 * likeness.PARTED + 0.1, 50 * likeness.PARTED - 0.1)

    same = score(photos().aligned, monkeypatch, WIDTHS, gaps)
    opposite = score(photos().aligned, monkeypatch, 80 - WIDTHS)

    np.testing.assert_allclose(same.lips_parted, 1 / 3)
    np.testing.assert_allclose(same.mouth_leak, 1)
    assert opposite.lips_parted == 0
    np.testing.assert_allclose(opposite.mouth_leak, -1)


def test_a_row_has_every_figure_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    found = score(photos().aligned, monkeypatch)

    cells = [float(cell) for cell in found.to_row().split("|")]

    values = [getattr(found, name) for name in likeness.Likeness.__dataclass_fields__]
    np.testing.assert_allclose(cells, values, atol=5.1e-4)


def test_the_judge_is_not_the_encoder_that_decoders_are_trained_with() -> None:
    assert likeness.second_encoder().name == "dlib"
