"""Eq. 3 against solvers that know nothing of how it is solved here, and what a composite looks like."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from scipy import sparse
from scipy.sparse.linalg import spsolve

from fsynth.errors import ArgumentError
from fsynth_training.augment.compositing import Compositor, blending_mask

SQUARE = np.array([[6.0, 6.0], [17.0, 6.0], [17.0, 17.0], [6.0, 17.0], [10.0, 11.0]])


def equations(mask: np.ndarray, face: np.ndarray, background: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """The rows of Eq. 3 one by one, as the paper writes them, for one channel."""
    size = len(mask)
    rows: list[dict[int, float]] = []
    right: list[float] = []
    for y in range(size):
        for x in range(size):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < size and y + dy < size:
                    m = (mask[y, x] + mask[y + dy, x + dx]) / 2
                    rows.append({y * size + x: -1.0, (y + dy) * size + x + dx: 1.0})
                    slope_face, slope_background = (i[y + dy, x + dx] - i[y, x] for i in (face, background))
                    right.append(slope_face * m + slope_background * (1 - m))
            rows.append({y * size + x: mask[y, x]})
            right.append(mask[y, x] * face[y, x])
    entries = [(i, j, value) for i, row in enumerate(rows) for j, value in row.items()]
    i, j, values = (np.array(column) for column in zip(*entries, strict=True))
    return sparse.csr_array((values, (i, j)), shape=(len(rows), mask.size)), np.array(right)


def images(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(size=(size, size, 3)), rng.uniform(size=(size, size, 3))


@pytest.mark.parametrize("sigma", [0.0, 1.5, 4.0])
def test_a_composite_is_the_dense_least_squares_solution(sigma: float) -> None:
    mask = blending_mask(SQUARE * 0.75, 18, sigma)
    face, background = images(18)
    composite = Compositor(mask).composite(face, background)
    systems = [equations(mask, face[..., channel], background[..., channel]) for channel in range(3)]
    right = np.stack([right for _, right in systems], axis=1)
    expected = np.linalg.lstsq(systems[0][0].toarray(), right, rcond=None)[0]
    np.testing.assert_allclose(composite.reshape(-1, 3), expected, rtol=0, atol=1e-9)


def test_a_composite_is_a_direct_sparse_least_squares_solution() -> None:
    """By the augmented system, which never forms the normal equations, at 96 x 96 with a random mask."""
    size = 96
    rng = np.random.default_rng(1)
    mask = blending_mask(rng.uniform(20, 75, (65, 2)), size, 5.0)
    face, background = images(size, 2)
    matrix, right = equations(mask, face[..., 0], background[..., 0])
    count = len(right)
    augmented = sparse.block_array([[sparse.eye_array(count), matrix], [matrix.T, None]]).tocsc()
    expected = spsolve(augmented, np.concatenate([right, np.zeros(mask.size)]))[count:]
    composite = Compositor(mask).composite(face, background)[..., 0]
    assert np.abs(composite.ravel() - expected).max() < 1e-6


def test_parts_add_up_to_composites() -> None:
    compositor = Compositor(blending_mask(SQUARE, 24, 2.0))
    (first, second), (background, _) = images(24, 3), images(24, 4)
    parts = [compositor.part(image) for image in (first, second, background)]
    mixed = background + 0.3 * parts[0] + 0.7 * parts[1] - parts[2]
    np.testing.assert_allclose(mixed, compositor.composite(0.3 * first + 0.7 * second, background), atol=1e-12)


def test_a_face_that_is_its_background_stays() -> None:
    image, _ = images(24)
    np.testing.assert_allclose(Compositor(blending_mask(SQUARE, 24, 2.0)).composite(image, image), image, atol=1e-12)


def test_a_face_of_another_tone_takes_the_background_along() -> None:
    """Gradients agree everywhere and colours are the face's, so nothing is left of a constant difference."""
    background, _ = images(24)
    face = background + np.array([0.2, -0.1, 0.05])
    np.testing.assert_allclose(Compositor(blending_mask(SQUARE, 24, 2.0)).composite(face, background), face, atol=1e-12)


def test_the_face_keeps_its_pixels_well_inside_the_mask() -> None:
    points = np.array([[8.0, 8], [55, 8], [55, 55], [8, 55]])
    face, background = images(64)
    composite = Compositor(blending_mask(points, 64, 2.0)).composite(face, background)
    inside = slice(26, 38)
    assert np.abs(composite - face)[inside, inside].max() < 1e-3
    # Far outside it is the background, but for a smooth change of tone.
    change = (composite - background)[:2, :]
    assert np.abs(np.diff(change, axis=1)).max() < 0.1 * np.abs(np.diff(background[:2], axis=1)).mean()


def test_the_mask_is_the_hull_softened() -> None:
    hard = blending_mask(SQUARE, 24, 0.0)
    expected = np.zeros((24, 24))
    expected[6:18, 6:18] = 1
    np.testing.assert_array_equal(hard, expected)
    soft = blending_mask(SQUARE, 24, 1.5)
    assert soft[11, 11] > 0.999
    assert soft[0, 0] < 1e-6
    assert 0.4 < soft[6, 12] < 0.7
    assert abs(soft.sum() - hard.sum()) < 1e-6


def test_the_hull_is_that_of_a_drawn_polygon() -> None:
    points = np.array([[20.0, 3.0], [44.0, 20.0], [33.0, 45.0], [12.0, 44.0], [4.0, 18.0], [25.0, 25.0]])
    image = Image.new("L", (48, 48))
    ImageDraw.Draw(image).polygon([tuple(point) for point in points[:5]], fill=1)
    drawn = np.asarray(image).astype(bool)
    different = drawn != blending_mask(points, 48, 0.0).astype(bool)
    assert different.sum() < 0.04 * drawn.sum()  # PIL draws the outline in full


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], "not all on one line"),
        ([[np.nan, 1.0], [2.0, 5.0], [3.0, 3.0]], "finite"),
        ([[100.0, 100.0], [120.0, 100.0], [100.0, 120.0]], "no pixel of the image of 24 x 24"),
    ],
)
def test_landmarks_that_span_nothing_are_refused(points: list[list[float]], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        blending_mask(np.array(points), 24, 1.0)


@pytest.mark.parametrize("mask", [np.zeros((8, 8)), np.full((8, 8), 1.5), np.ones((8, 9)), np.full((8, 8), np.nan)])
def test_masks_that_determine_nothing_are_refused(mask: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match="`mask` must be"):
        Compositor(mask)
