"""What resampling lost of a photo, found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from scipy import ndimage

from fsynth.decoder.settings import LUMA
from fsynth.faces.resample import resample
from fsynth_training.dataset.fine import lost_luma
from fsynth_training.dataset.geometry import SIZE, to_texture

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


def test_what_was_lost_makes_the_target_what_the_photo_shows(geometry: Geometry, rng: np.random.Generator) -> None:
    photo = ndimage.gaussian_filter(rng.random((2 * SIZE, 2 * SIZE, 1)), (1, 1, 0)).repeat(3, axis=-1)
    photo = (np.clip(0.5 + 2 * (photo - photo.mean()), 0, 1) * 255).astype(np.uint8)
    to_half = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]])
    aligned = resample(photo, to_half, SIZE, SIZE)
    # Half a pixel of a target is one pixel of the photo: the sharp texture is known.
    landmarks = geometry.landmarks + np.array([0.5, 0])
    moved = np.roll(photo @ LUMA, -1, axis=1) / 255
    truth = moved.reshape(SIZE, 2, SIZE, 2).mean(axis=(1, 3))
    soft = to_texture(aligned / np.float32(255), landmarks, geometry) @ LUMA

    lost = lost_luma(photo, aligned, to_half, landmarks, geometry)

    inner = np.s_[60:190, 50:170]
    before, after = (np.abs(found - truth)[inner].mean() for found in (soft, soft + lost))
    assert before > 0.02
    assert after < 0.1 * before
