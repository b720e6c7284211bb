"""What the evaluation computes from pictures alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from PIL import Image
from scipy import ndimage

from fsynth_training.evaluate.evaluate_first import ITA_GROUPS, contact_sheet, sharpness, typology_angle


def test_sharpness_is_the_variance_of_scipys_laplacian_in_the_mask(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (3, 32, 40, 3), dtype=np.uint8)
    mask = np.zeros((32, 40), np.float32)
    mask[:20, 5:] = 1  # up to the border, where no Laplacian is defined

    luma = images @ [0.299, 0.587, 0.114]
    inner = mask[1:-1, 1:-1] > 0.5
    expected = np.mean([ndimage.laplace(picture)[1:-1, 1:-1][inner].var() for picture in luma])

    np.testing.assert_allclose(sharpness(images, mask), expected)


def test_blur_lowers_sharpness(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (2, 32, 32, 3)).astype(np.float64)
    blurred = ndimage.gaussian_filter(images, (0, 1, 1, 0))

    assert sharpness(blurred, np.ones((32, 32))) < 0.1 * sharpness(images, np.ones((32, 32)))


def test_typology_angles_are_those_of_the_formula() -> None:
    # arctan((L* - 50) / b*), Chardon 1991: 45 degrees, 0, minus 45, and 55 for very light skin.
    lab = np.array([[70, 10, 20], [50, 10, 15], [30, 10, 20], [50 + 10 * np.tan(np.radians(55)), 5, 10]])

    np.testing.assert_allclose(typology_angle(lab), [45, 0, -45, 55])


def test_skin_tone_groups_leave_no_angle_out() -> None:
    limits = [lower for _, lower in ITA_GROUPS]

    assert limits == sorted(limits, reverse=True)
    assert limits[-1] == -90


def test_contact_sheets_place_pictures_row_by_row(tmp_path: Path) -> None:
    pictures = [np.full((4, 4, 3), value, np.uint8) for value in (10, 20, 30, 40, 50)]

    contact_sheet(pictures, 3, tmp_path / "sheet.png")

    with Image.open(tmp_path / "sheet.png") as sheet:
        found = np.asarray(sheet)[..., 0]
    np.testing.assert_array_equal(found[::4, ::4], [[10, 20, 30], [40, 50, 255]])
    assert found.shape == (8, 12)
