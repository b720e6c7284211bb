"""Random morphs: section 5.1, and that a morph depends on nothing but the dataset, the settings and its number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth_training.augment.compositing import Compositor, blending_mask
from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.morphs import composite_texture, draw, mesh_of, morphed_face
from fsynth_training.augment.source import MorphSource, prepare
from fsynth_training.dataset.store import Dataset

CONFIG = AugmentConfig(neighbours=3, mask_sigma=1.5, features=False)


@pytest.fixture(scope="module")
def source(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> MorphSource:
    return prepare(dataset, CONFIG, tmp_path_factory.mktemp("source"))


def test_a_morph_is_a_function_of_its_number_and_the_seed(
    source: MorphSource, dataset: Dataset, tmp_path: Path
) -> None:
    again = prepare(dataset, CONFIG, tmp_path)
    for index in (5, 0, 5):
        first, second = morphed_face(source, index), morphed_face(again, index)
        assert first.morph == second.morph
        for name in ("texture", "matte", "landmarks", "image"):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert draw(source, 1) != draw(source, 2)
    other_seed = replace(source, config=replace(CONFIG, seed=1))
    assert draw(source, 1) != draw(other_seed, 1)


def test_choices_are_uniform_and_independent(source: MorphSource) -> None:
    morphs = [draw(source, index) for index in range(4000)]
    counts = np.bincount([morph.face for morph in morphs], minlength=9)
    assert counts[8] == 0  # held out
    assert (np.abs(counts[:8] - 500) < 110).all()
    weights = np.array([(morph.landmark_weight, morph.texture_weight) for morph in morphs])
    assert weights.min() >= 0
    assert weights.max() <= 1
    np.testing.assert_allclose(weights.mean(axis=0), 0.5, atol=0.02)
    np.testing.assert_allclose(weights.var(axis=0), 1 / 12, atol=0.005)
    assert abs(np.corrcoef(weights.T)[0, 1]) < 0.05
    near = {(morph.face, morph.neighbour) for morph in morphs}
    assert near == {
        (int(row), int(other)) for row, others in zip(source.rows, source.neighbours, strict=True) for other in others
    }


def test_nobody_who_is_held_out_is_in_a_morph(source: MorphSource) -> None:
    for config in (CONFIG, replace(CONFIG, surround="neighbour")):
        some = replace(source, config=config)
        used = {
            row
            for index in range(300)
            for morph in [draw(some, index)]
            for row in (morph.face, morph.neighbour, morph.surround)
        }
        assert used <= set(range(8))


def test_landmarks_are_interpolated_by_their_own_weight(source: MorphSource) -> None:
    face = morphed_face(source, 11)
    data, morph = source.dataset, face.morph
    a, b = data.landmarks[morph.face], data.landmarks[morph.neighbour]
    np.testing.assert_allclose(face.landmarks, a + morph.landmark_weight * (b - a), atol=1e-5)


@pytest.mark.parametrize("surround", ["seed", "neighbour"])
def test_the_texture_is_equation_3_solved_for_this_face(source: MorphSource, surround: str) -> None:
    some = replace(source, config=replace(CONFIG, surround=surround))  # type: ignore[arg-type]
    data = source.dataset
    compositor = Compositor(blending_mask(data.mean_landmarks, data.image_size, CONFIG.mask_sigma))
    for index in range(5):
        morph = draw(some, index)
        a, b, around = (data.textures[row] / 255 for row in (morph.face, morph.neighbour, morph.surround))
        blend = a + morph.texture_weight * (b - a)
        expected = compositor.composite(blend, around)
        assert np.abs(composite_texture(some, morph) - expected).max() < 1e-6
        assert (morph.surround == morph.face) == (surround == "seed")


def test_the_image_is_the_texture_moved_to_the_landmarks(source: MorphSource) -> None:
    """Where all faces' landmarks stand 2 px to the right of the mean, so does what is there."""
    data = source.dataset
    moved = replace(data, landmarks=np.broadcast_to(data.mean_landmarks + np.float32([2, 0]), data.landmarks.shape))
    face = morphed_face(replace(source, dataset=moved), 4)
    middle = slice(14, 26)
    texture = face.texture[middle, 14:26].astype(float)
    there, here = face.image[middle, 16:28], face.image[middle, 14:26]
    assert np.abs(there - texture).mean() < 1
    assert np.abs(here - texture).mean() > 5


def test_backgrounds_are_plain_or_of_the_dataset(source: MorphSource) -> None:
    assert morphed_face(source, 0).image[0, 0].tolist() == [204] * 3
    some = replace(source, config=replace(CONFIG, background="images"))
    chosen = {draw(some, index).background for index in range(50)}
    assert chosen == {0, 1}
    face = morphed_face(some, 3)
    np.testing.assert_array_equal(face.image[0, 0], source.dataset.backgrounds[face.morph.background][0, 0])
    none = replace(some, dataset=replace(some.dataset, backgrounds=some.dataset.backgrounds[:0]))
    assert draw(none, 3).background == -1


def test_the_mesh_follows_the_landmarks(source: MorphSource) -> None:
    from fsynth.faces import LANDMARKS_65

    landmarks = morphed_face(source, 2).landmarks
    np.testing.assert_allclose(mesh_of(source, landmarks)[LANDMARKS_65], landmarks, atol=1e-3)
    shifted = source.dataset.mean_landmarks + np.float32([2, -1])
    np.testing.assert_allclose(mesh_of(source, shifted), source.dataset.mean_mesh + np.float32([2, -1]), atol=1e-3)
