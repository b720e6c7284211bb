from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth.faces import eye_centres
from fsynth_training.evaluate import degrade, occlude
from fsynth_training.evaluate.degrade import CLEAN, Degradation, degradations
from fsynth_training.evaluate.photos import EvaluationPhotos


def test_every_kind_has_three_levels_under_names_of_their_own() -> None:
    found = degradations()

    assert found[0] is CLEAN
    assert len({d.name for d in found}) == len(found)
    levels = [len(list(group)) for _, group in itertools.groupby(found[1:], key=lambda d: d.kind)]
    assert levels == [3] * 13


def test_clean_changes_nothing(photos: EvaluationPhotos) -> None:
    np.testing.assert_array_equal(CLEAN.apply(photos.aligned[0], photos.mesh[0]), photos.aligned[0])


@pytest.mark.parametrize("degradation", degradations()[1:], ids=lambda d: d.name)
def test_degradations_change_a_copy(photos: EvaluationPhotos, degradation: Degradation) -> None:
    image, mesh = photos.aligned[0], photos.mesh[0]
    before = image.copy()

    worse = degradation.apply(image, mesh)

    assert worse.shape == image.shape
    assert worse.dtype == np.uint8
    assert np.abs(worse.astype(int) - image).mean() > 0.3
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    "kind", ["blur", "JPEG", "low resolution", "painting", "side light", "too dark", "mask", "hat"]
)
def test_levels_get_worse(photos: EvaluationPhotos, kind: str) -> None:
    image, mesh = photos.aligned[0], photos.mesh[0]
    change = [np.abs(d.apply(image, mesh).astype(float) - image).mean() for d in degradations() if d.kind == kind]

    assert change == sorted(change)


def patch(image: np.ndarray, centre: np.ndarray) -> np.ndarray:
    x, y = centre.round().astype(int)
    return image[y - 3 : y + 4, x - 3 : x + 4].astype(float)


def changed(image: np.ndarray, worse: np.ndarray, centre: np.ndarray) -> float:
    return float(np.abs(patch(worse, centre) - patch(image, centre)).mean())


def test_sunglasses_cover_both_eyes_and_leave_mouth_and_forehead(photos: EvaluationPhotos) -> None:
    image, mesh = photos.aligned[0], photos.mesh[0]

    worn = occlude.sunglasses(image, mesh, 1.0, 1.0)

    for eye in eye_centres(mesh):
        assert patch(worn, eye).mean() < 25
    for point in (13, 10, 152):
        assert changed(image, worn, mesh[point, :2]) == 0


def test_lenses_are_as_dark_as_they_are_opaque(photos: EvaluationPhotos) -> None:
    image, mesh = photos.aligned[0], photos.mesh[0]
    eye = eye_centres(mesh)[0]

    half = occlude.sunglasses(image, mesh, 0.5, 1.0)

    np.testing.assert_allclose(patch(half, eye), (patch(image, eye) + np.array([18, 18, 20])) / 2, atol=1)


def test_hats_cover_the_forehead_and_never_the_eyes(photos: EvaluationPhotos) -> None:
    image, mesh = photos.aligned[0], photos.mesh[0]
    for height in occlude.HAT_HEIGHTS.values():
        worn = occlude.hat(image, mesh, height)
        assert changed(image, worn, mesh[10, :2] - (0, 12)) > 5
        for point in (33, 263, 13):
            assert changed(image, worn, mesh[point, :2]) == 0


@pytest.mark.parametrize(
    ("worn", "mouth", "nose"), [("chin", False, False), ("mouth", True, False), ("nose", True, True)]
)
def test_masks_cover_what_they_are_worn_over(photos: EvaluationPhotos, worn: str, mouth: bool, nose: bool) -> None:
    image, mesh = photos.aligned[0], photos.mesh[0]

    covered = occlude.mask(image, mesh, worn)

    assert (changed(image, covered, mesh[13, :2]) > 0) == mouth
    assert (changed(image, covered, mesh[4, :2]) > 0) == nose
    assert changed(image, covered, mesh[152, :2] - (0, 6)) > 0
    assert changed(image, covered, mesh[33, :2]) == 0


def test_what_is_drawn_follows_the_face() -> None:
    """Drawn over a mesh that is moved, the same picture is moved."""
    blank = np.full((224, 224, 3), 200, np.uint8)
    rng = np.random.default_rng(3)
    mesh = rng.uniform(60, 150, (468, 2))
    for draw in (lambda i, m: occlude.hat(i, m, 0.5), lambda i, m: occlude.sunglasses(i, m, 1, 1)):
        np.testing.assert_array_equal(
            draw(blank, mesh + np.array([6, 0]))[60:160, 66:160], draw(blank, mesh)[60:160, 60:154]
        )


def test_side_light_comes_from_the_left_of_the_image(photos: EvaluationPhotos) -> None:
    grey = np.full((224, 224, 3), 128, np.uint8)

    lit = degrade.side_light(grey, photos.mesh[0], 0.2).astype(int)

    right_cheek, left_cheek = photos.mesh[0][50, :2], photos.mesh[0][280, :2]
    assert patch(lit, right_cheek).mean() > patch(lit, left_cheek).mean() + 30
    assert lit.max() <= 128


def test_monochrome_is_grey_of_the_same_luma(photos: EvaluationPhotos) -> None:
    grey = degrade.monochrome(photos.aligned[0], 1, 1).astype(int)

    assert np.ptp(grey, axis=2).max() == 0
    np.testing.assert_allclose(grey[..., 0], photos.aligned[0] @ [0.299, 0.587, 0.114], atol=0.51)


def test_low_resolution_keeps_means_and_loses_detail(photos: EvaluationPhotos) -> None:
    image = photos.aligned[0].astype(float)

    small = degrade.low_resolution(photos.aligned[0], 8).astype(float)

    np.testing.assert_allclose(small.mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=1)
    assert np.abs(np.diff(small, 2, axis=1)).mean() < 0.5 * np.abs(np.diff(image, 2, axis=1)).mean()


def test_painting_takes_the_calmest_square_of_four(rng: np.random.Generator) -> None:
    image = rng.integers(0, 256, (12, 12, 3)).astype(np.uint8)
    radius, y, x = 2, 6, 5
    luma = image @ np.array([0.299, 0.587, 0.114])
    squares = [
        (slice(y - radius if down < 0 else y, y + 1 if down < 0 else y + radius + 1),
         slice(x - radius if right < 0 else x, x + 1 if right < 0 else x + radius + 1))
        for down in (-1, 1) for right in (-1, 1)
    ]  # fmt: skip
    calmest = min(squares, key=lambda square: luma[square].var())

    painted = degrade.painting(image, radius)

    np.testing.assert_allclose(painted[y, x], image[calmest].mean(axis=(0, 1)), atol=0.51)


def test_painting_leaves_edges_sharp() -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    image[:, 8:] = 200

    np.testing.assert_array_equal(degrade.painting(image, 3), image)
