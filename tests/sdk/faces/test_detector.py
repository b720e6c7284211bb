from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fsynth.faces.detector import Detections, blend_overlapping, detect, detect_batch, intersection_over_union


def test_overlap_by_hand() -> None:
    box = np.array([0.0, 0, 10, 10])
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [2, 2, 7, 7], [10, 0, 20, 10]], float)
    np.testing.assert_allclose(intersection_over_union(box, others), [1, 50 / 150, 0, 25 / 100, 0])


def test_overlap_of_empty_boxes_is_no_division_by_zero() -> None:
    assert intersection_over_union(np.zeros(4), np.zeros((2, 4))).tolist() == [0, 0]


def test_blending_weighs_by_score() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], float)
    eyes = np.arange(12, dtype=float).reshape(3, 2, 2)
    blended = blend_overlapping(Detections(boxes, eyes, np.array([0.2, 0.6, 0.5])))
    assert blended.scores.tolist() == [0.6, 0.5]
    np.testing.assert_allclose(blended.boxes, [[0.75, 0, 10.75, 10], [50, 50, 60, 60]])
    np.testing.assert_allclose(blended.eyes, [0.25 * eyes[0] + 0.75 * eyes[1], eyes[2]])


def test_nothing_to_blend() -> None:
    empty = blend_overlapping(Detections(np.empty((0, 4)), np.empty((0, 2, 2)), np.empty(0)))
    assert empty.boxes.shape == (0, 4)
    assert empty.eyes.shape == (0, 2, 2)
    assert empty.best_score == 0


def test_a_batch_sees_what_single_views_show(portrait: np.ndarray) -> None:
    views = np.stack([np.asarray(Image.fromarray(portrait).resize((256, 256))), np.zeros((256, 256, 3), np.uint8)])
    together = detect_batch(views, 0.5)
    for view, found in zip(views, together, strict=True):
        alone = detect(view, 0.5)
        np.testing.assert_allclose(found.boxes, alone.boxes, atol=1e-3)
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-5)
    assert [len(found.scores) for found in together] == [1, 0]


@pytest.mark.parametrize("size", [14, 20, 40, 80, 160, 250])
def test_sizes_that_one_view_covers(portrait: np.ndarray, size: int) -> None:
    """The face, 104 px from brow to chin in the portrait, is seen from 14 to 250 px with its eyes in place."""
    side = round(512 * size / 104)
    whole = np.asarray(Image.fromarray(portrait).resize((side, side), Image.Resampling.LANCZOS))
    view = np.zeros((256, 256, 3), np.uint8)
    eye = np.array([223.0, 108.0]) * side / 512
    corner = np.maximum(np.round(eye - 128).astype(int), 0)
    tile = whole[corner[1] : corner[1] + 256, corner[0] : corner[0] + 256]
    view[: tile.shape[0], : tile.shape[1]] = tile
    found = detect(view, 0.5)
    assert len(found.scores) == 1
    assert np.linalg.norm(found.eyes[0].mean(axis=0) - (eye - corner)) < 0.12 * size
