"""Smiles: planted ones are found and taken out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("skimage", reason="needs scikit-image (extra dev) as the oracle")

from tests.training.small_sets import corners, flat

from fsynth.faces import INNER_LIPS_65
from fsynth_training.dataset.geometry import SIZE
from fsynth_training.dataset.smiles import close_lips, learn_smile, plain_mouths, remove_smile
from fsynth_training.dataset.targets import Targets

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


def test_lips_close_to_the_gap_around_their_middle(geometry: Geometry) -> None:
    upper, lower = INNER_LIPS_65
    landmarks = np.repeat(geometry.landmarks[None], 3, axis=0)
    landmarks[:, lower, 1] = landmarks[:, upper, 1] + [10, 1, -1]
    before = landmarks.copy()

    closed = close_lips(landmarks, 2.0)

    np.testing.assert_allclose(closed[:, lower, 1] - closed[:, upper, 1], [2, 1, -1])
    np.testing.assert_allclose(closed.mean(axis=1), before.mean(axis=1))
    others = [index for index in range(65) if index not in INNER_LIPS_65]
    np.testing.assert_array_equal(closed[:, others], before[:, others])
    np.testing.assert_array_equal(landmarks, before)


PEOPLE = 3


@pytest.fixture
def smiles(geometry: Geometry) -> tuple[Targets, Targets]:
    """Neutral faces, then the same people with smiles of different strength; and what all of them are without."""
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    cheeks = sum(np.exp(-((x - cx) ** 2 + (y - 135) ** 2) / 150) for cx in (90, 133))
    # A smile is red; people differ in blue. A smile moves the corners of the mouth; people differ in their jaws.
    neutral = np.full((PEOPLE, SIZE, SIZE, 3), 0.5, np.float32)
    neutral[..., 2] += np.array([-0.2, 0.0, 0.2], np.float32)[:, None, None]
    landmarks = np.repeat(geometry.landmarks[None], PEOPLE, axis=0)
    landmarks[:, :8, 1] += np.array([-2.0, 0.0, 2.0])[:, None]
    strength = np.array([0.6, 1.0, 0.8])
    smiling, moved = neutral.copy(), landmarks.copy()
    smiling[..., 0] += (strength[:, None, None] * 0.2 * cheeks).astype(np.float32)
    moved[:, corners()[0], 0] -= 5 * strength
    moved[:, corners()[1], 0] += 5 * strength
    mattes = np.ones((2 * PEOPLE, SIZE, SIZE), np.float32)
    index = np.arange(2 * PEOPLE)
    with_smiles = Targets(np.concatenate([neutral, smiling]), mattes, np.concatenate([landmarks, moved]), index)
    without = replace(with_smiles, textures=np.concatenate([neutral] * 2), landmarks=np.concatenate([landmarks] * 2))
    return with_smiles, without


def test_a_planted_smile_is_taken_out_where_asked_and_nowhere_else(
    smiles: tuple[Targets, Targets], geometry: Geometry
) -> None:
    faces, expected = smiles
    before = faces.textures.copy()
    neutral, smiling = np.arange(PEOPLE), np.arange(PEOPLE, 2 * PEOPLE)
    smile = learn_smile(faces.textures, faces.landmarks, neutral, smiling, geometry)
    rows = np.array([False, False, False, True, True, False])

    textures, landmarks = remove_smile(faces.textures, faces.landmarks, smile, rows, neutral)

    # Smiles are removed at half resolution.
    np.testing.assert_allclose(textures[rows], expected.textures[rows], atol=0.01)
    np.testing.assert_allclose(landmarks[rows], expected.landmarks[rows], atol=0.02)
    np.testing.assert_array_equal(textures[~rows], before[~rows])
    np.testing.assert_array_equal(landmarks[~rows], faces.landmarks[~rows])
    np.testing.assert_array_equal(faces.textures, before)


def test_the_smile_is_orthonormal_and_its_range_that_of_the_pairs(
    smiles: tuple[Targets, Targets], geometry: Geometry
) -> None:
    faces, _ = smiles
    smile = learn_smile(
        faces.textures, faces.landmarks, np.arange(PEOPLE), np.arange(PEOPLE, 2 * PEOPLE), geometry, count=2
    )

    np.testing.assert_allclose(smile.directions @ smile.directions.T, np.eye(2), atol=1e-4)
    # One direction was planted, with strengths from 0.6 to 1.
    small, large = sorted(np.abs([smile.low[0], smile.high[0]]))
    np.testing.assert_allclose(small / large, 0.6, atol=1e-3)
    assert abs(smile.high[1]) < 1e-3 * large


def test_more_than_any_smile_of_the_pairs_is_not_taken_out(smiles: tuple[Targets, Targets], geometry: Geometry) -> None:
    faces, expected = smiles
    smile = learn_smile(
        faces.textures, faces.landmarks, np.arange(PEOPLE), np.arange(PEOPLE, 2 * PEOPLE), geometry, count=1
    )
    wide = replace(faces, landmarks=faces.landmarks + 2 * (faces.landmarks - expected.landmarks))

    rows = np.arange(2 * PEOPLE) == 4
    _, landmarks = remove_smile(wide.textures, wide.landmarks, smile, rows, np.arange(PEOPLE))

    # The strongest smile moves a corner by 5 px; this one, of 15 px, loses no more than that.
    taken = wide.landmarks[4] - landmarks[4]
    np.testing.assert_allclose(np.abs(taken).max(), 5, atol=0.1)


def test_plain_mouths_lose_teeth_and_keep_the_persons_colour(geometry: Geometry) -> None:
    x, y = geometry.mesh[13].round().astype(int)
    neutral = flat((0.7, 0.5, 0.4))[0]
    neutral[y - 6 : y + 7, x - 18 : x + 19] *= [0.9, 0.7, 0.7]
    textures = np.stack([0.6 * neutral] * 2)
    textures[:, y - 4 : y + 5, x - 10 : x + 10 : 2] += 0.15  # teeth: brighter and darker columns
    textures[:, y - 4 : y + 5, x - 9 : x + 11 : 2] -= 0.15
    before = textures.copy()

    result = plain_mouths(textures, np.array([True, False]), neutral, geometry)

    mouth = slice(y - 2, y + 3), slice(x - 6, x + 7)  # the edge is blended in
    np.testing.assert_allclose(result[0][mouth], 0.6 * neutral[mouth], atol=0.01)
    np.testing.assert_array_equal(result[1], before[1])
    away = np.hypot(*(np.indices((SIZE, SIZE)) - np.array([y, x])[:, None, None])) > 60
    np.testing.assert_allclose(result[0][away], before[0][away], atol=1e-3)
    np.testing.assert_array_equal(textures, before)
