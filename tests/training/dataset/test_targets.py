"""Clean targets: background, surroundings, and all steps together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("skimage", reason="needs scikit-image (extra dev) as the oracle")

from tests.training.small_sets import prepared_set, waves

from fsynth_training.dataset import screening, targets
from fsynth_training.dataset.geometry import SIZE, mean_geometry
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.dataset.targets import BACKGROUND

if TYPE_CHECKING:
    pass


def test_background_replaces_what_is_no_person() -> None:
    aligned = np.full((1, SIZE, SIZE, 3), 51, np.uint8)
    masks = np.zeros((1, SIZE, SIZE), np.float32)
    masks[:, 100:], masks[:, 60:100] = 1, 0.3  # a fringe that is mostly background

    (result,) = targets.on_background(aligned, masks)

    np.testing.assert_allclose(result[100:], 0.2, atol=1e-6)
    np.testing.assert_allclose(result[:100], BACKGROUND, atol=1e-6)


def test_colours_go_on_beyond_the_outline(rng: np.random.Generator) -> None:
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    inside = 70 - np.hypot(x - 111.5, y - 111.5)
    matte = np.clip(inside / 3 + 0.5, 0, 1).astype(np.float32)
    head = np.stack([0.6 + 0.1 * waves(1, SIZE, rng, 1)[0, ..., 0], np.full((SIZE, SIZE), 0.1), 0 * x], axis=-1)
    texture = (head * matte[..., None] + np.array([0, 1, 1]) * (1 - matte[..., None])).astype(np.float32)

    result = targets.continue_outwards(texture, matte)

    np.testing.assert_allclose(result[inside > 8], texture[inside > 8], atol=1e-5)
    # Green and blue are the background's: a trace would be left by the mean of a blurred edge.
    assert result[..., 2].max() < 0.06
    assert result[..., 1].max() < 0.16
    assert result[..., 0].min() > texture[inside > 8][:, 0].min() - 1e-3


@pytest.fixture
def photos(astronaut_set: PreparedSet) -> PreparedSet:
    """Three people in London, neutral and smiling, and two photos elsewhere, of which one is turned away."""
    people = [("london", name, smiling) for name in "abc" for smiling in (False, True)]
    people += [("congress", "d", False), ("congress", "e", False)]
    brightness = np.array([0.6, 0.6, 0.8, 0.8, 1.0, 1.0, 0.9, 0.9])
    aligned = (astronaut_set.aligned * brightness[:, None, None, None]).astype(np.uint8)
    mesh = np.repeat(astronaut_set.mesh, 8, axis=0)
    mesh[1:6:2, 61, 0] -= [3, 4, 5]
    mesh[7, :, 2] += 0.6 * (mesh[7, :, 0] - 111.5)
    return prepared_set(people, mesh, np.ones((8, 2, 3)), np.ones((8, 0, 3)), aligned)


def test_build_keeps_the_photos_that_face_the_camera_and_cleans_them(photos: PreparedSet) -> None:
    geometry = mean_geometry(photos)
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    mask = (np.hypot((x - 111.5) / 80, (y - 112) / 105) < 1).astype(np.float32)

    clean, smile = targets.build(photos, np.repeat(mask[None], 8, axis=0), geometry)

    assert clean.index.tolist() == list(range(7))
    assert clean.textures.shape == (7, SIZE, SIZE, 3)
    assert clean.textures.dtype == np.float32
    assert 0 <= clean.textures.min() <= clean.textures.max() <= 1
    assert clean.landmarks.shape == (7, 65, 2)
    # The matte is the person less shoulders.
    np.testing.assert_array_equal(clean.mattes[:, 0, 0], 0)
    assert clean.mattes[:, 112, 112].min() == 1
    assert smile.directions.shape[1] == 3 * (SIZE // 2) ** 2 + 130
    # Nobody's lips are further apart than is usual for neutral faces.
    gap = screening.mouth_opening(photos.landmarks[photos.smiling == 0])[:, 0]
    assert screening.mouth_opening(clean.landmarks)[:, 0].max() <= np.median(gap) + 1e-3
    # The smiles' wide corners of the mouth have come back.
    width = screening.mouth_opening(photos.landmarks.astype(float))[:, 1]
    cleaned = screening.mouth_opening(clean.landmarks)[:, 1]
    assert (cleaned[1:6:2] - cleaned[0:6:2] < 0.5 * (width[1:6:2] - width[0:6:2])).all()
