from __future__ import annotations

import itertools

import numpy as np
import pytest

from fsynth.faces import Face, eye_centres, views
from fsynth.faces.detector import INPUT_SIZE


@pytest.mark.parametrize("length", [1, 100, 256, 257, 300, 464, 465, 700, 3000])
def test_tiles_cover_a_side_and_overlap(length: int) -> None:
    starts = views._starts(length)
    assert starts[0] == 0
    assert starts[-1] == max(length - INPUT_SIZE, 0)
    assert all(0 < b - a <= INPUT_SIZE - views._OVERLAP for a, b in itertools.pairwise(starts))


def _views_of_a_search(shape: tuple[int, int], largest: float) -> tuple[int, list[float]]:
    """Number of views and the scales of a search in which the first look shows a face of ``largest`` pixels."""
    scale: float | None = views.coarsest_scale(shape)
    count, scales = 0, []
    while scale is not None:
        scales.append(scale)
        count += len(views._starts(round(shape[0] * scale))) * len(views._starts(round(shape[1] * scale)))
        scale = views.finer_scale(scale, largest)
    return count, scales


def test_a_portrait_is_searched_coarsely() -> None:
    assert _views_of_a_search((3000, 4000), 1500)[0] <= 5


def test_a_search_for_the_largest_face_ends_when_it_was_seen() -> None:
    coarsest = views.coarsest_scale((3000, 4000))
    assert views.finer_scale(coarsest, 375) is not None
    assert views.finer_scale(coarsest, 375, smallest_share=1.0) is None
    assert views.finer_scale(coarsest, 0, smallest_share=1.0) == views.finer_scale(coarsest, 0)


def test_a_photo_without_large_faces_is_searched_finely() -> None:
    count, scales = _views_of_a_search((4000, 6000), 0)
    assert scales[0] == pytest.approx(256 / 6000)
    assert scales[-1] * views.SMALLEST_FACE == pytest.approx(16)
    assert all(1 < b / a <= 4.01 for a, b in itertools.pairwise(scales))
    assert count <= 200


def test_a_small_photo_is_looked_at_once() -> None:
    assert _views_of_a_search((200, 256), 0) == (1, [1.0])


def test_every_face_size_is_seen_at_a_good_size() -> None:
    """Whatever the photo, each face of at least SMALLEST_FACE is 15 to 250 px in the views of some level."""
    for shape in ((300, 400), (3000, 4000), (4000, 6000), (12000, 16000)):
        _, scales = _views_of_a_search(shape, 0)
        for face in np.geomspace(views.SMALLEST_FACE, min(shape), 50):
            assert any(15 < face * scale < 250 for scale in scales)


def test_places_come_back_in_photo_pixels(portrait: np.ndarray, face: Face) -> None:
    photo = np.full((1500, 2100, 3), 90, np.uint8)
    photo[900 : 900 + 512, 1300 : 1300 + 512] = portrait
    for scale in (0.15, 0.3, 0.5):
        best = views.look(photo, scale, 0.5).eyes[0]
        assert np.abs(best - eye_centres(face.mesh) - [1300, 900]).max() < 2 / scale  # two pixels of the view


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 2), (257, 256)])
def test_extreme_shapes(shape: tuple[int, int]) -> None:
    photo = np.full((*shape, 3), 130, np.uint8)
    assert views.look(photo, views.coarsest_scale(shape), 0.5).boxes.shape == (0, 4)
