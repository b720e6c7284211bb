from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from fsynth_blender.png import encode_png


@pytest.mark.parametrize("shape", [(1, 1, 3), (64, 7, 4), (65, 130, 3), (200, 33, 4)])
def test_other_programs_read_the_same_pixels(shape: tuple[int, int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with Image.open(io.BytesIO(encode_png(image))) as read:
        read.load()
        assert read.mode == ("RGB" if shape[2] == 3 else "RGBA")
        np.testing.assert_array_equal(np.asarray(read), image)


def test_even_pictures_become_small_and_parts_of_arrays_are_taken() -> None:
    image = np.full((512, 512, 4), 90, np.uint8)
    assert len(encode_png(image[..., :3])) < 10_000
