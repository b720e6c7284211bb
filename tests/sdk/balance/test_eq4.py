from __future__ import annotations

import numpy as np
import pytest

from fsynth.balance import eq4
from fsynth.balance.skin import box_mask
from fsynth.errors import ArgumentError

pytestmark = pytest.mark.requires_extra("balance")

PHOTO, NORMAL = np.array([0.3, 0.62, 0.40]), np.array([0.6, 0.56, 0.46])


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(40, 200, (24, 30, 3)).astype(np.uint8)


def test_channels_are_those_of_the_paper() -> None:
    """BT.601 by hand: Y = .299 R + .587 G + .114 B, Cr = (R - Y) / 1.402 + 1/2, Cb = (B - Y) / 1.772 + 1/2."""
    rgb = np.random.default_rng(0).uniform(0, 1, (50, 3))
    y = rgb @ [0.299, 0.587, 0.114]
    expected = np.stack([y, (rgb[:, 0] - y) / 1.402 + 0.5, (rgb[:, 2] - y) / 1.772 + 0.5], axis=1)
    assert np.allclose(eq4.to_ycrcb(rgb), expected, atol=1e-12)
    assert np.allclose(eq4.from_ycrcb(expected), rgb, atol=1e-12)


def test_zero_the_mean_and_one_go_where_eq4_says() -> None:
    ends = np.stack([np.zeros(3), PHOTO, np.ones(3)])
    assert np.allclose(eq4.shift_ycrcb(ends, PHOTO, NORMAL), [np.zeros(3), NORMAL, np.ones(3)])
    below, above = PHOTO / 2, (1 + PHOTO) / 2
    assert np.allclose(eq4.shift_ycrcb(below, PHOTO, NORMAL), NORMAL / 2)
    assert np.allclose(eq4.shift_ycrcb(above, PHOTO, NORMAL), (1 + NORMAL) / 2)


def test_exchanging_the_means_inverts_the_map() -> None:
    values = np.random.default_rng(0).uniform(0, 1, (200, 3))
    assert np.allclose(eq4.shift_ycrcb(eq4.shift_ycrcb(values, PHOTO, NORMAL), NORMAL, PHOTO), values, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_picture_comes_back(picture: np.ndarray, dtype: type) -> None:
    given = picture if dtype == np.uint8 else picture.astype(np.uint16) * 257
    photo, normal = np.array([0.45, 0.52, 0.49]), np.array([0.5, 0.5, 0.5])
    moved = eq4.shift(given, photo, normal)
    assert moved.dtype == dtype
    back = eq4.unshift(moved, photo, normal)
    assert np.abs(back.astype(int) - given).max() <= 3


def test_the_face_gets_the_mean_of_the_normalized_face() -> None:
    """Exactly so for a face of one colour; the map isn't linear over the mean of many."""
    skin = np.full((224, 224, 3), (140, 90, 60), np.uint8)
    normal = np.full((224, 224, 3), (205, 165, 145), np.uint8)
    box = box_mask()
    moved = eq4.shift(skin, eq4.mean_colour(skin, box), eq4.mean_colour(normal, box))
    assert np.abs(moved.astype(int) - normal).max() <= 1


def test_equal_means_change_nothing(picture: np.ndarray) -> None:
    assert np.array_equal(eq4.shift(picture, PHOTO, PHOTO), picture)


def test_means_at_the_ends_give_finite_colours(picture: np.ndarray) -> None:
    for photo, normal in ((np.zeros(3), NORMAL), (np.ones(3), NORMAL), (PHOTO, np.zeros(3)), (PHOTO, np.ones(3))):
        assert np.isfinite(eq4.shift_ycrcb(eq4.to_ycrcb(picture / 255), photo, normal)).all()


def test_wrong_arguments_are_refused(picture: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match="uint8 or uint16"):
        eq4.shift(picture / 255, PHOTO, NORMAL)
    with pytest.raises(ArgumentError, match="no pixel"):
        eq4.mean_colour(picture, np.zeros(picture.shape[:2], bool))
