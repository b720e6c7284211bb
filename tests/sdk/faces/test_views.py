from __future__ import annotations

import itertools

import numpy as np
import pytest

from fsynth.faces import views
from fsynth.faces.detector import INPUT_SIZE, Detections


@pytest.mark.parametrize("length", [1, 100, 256, 257, 300, 464, 465, 700, 3000])
def test_tiles_cover_a_side_and_overlap(length: int) -> None:
    starts = views._starts(length)
    assert starts[0] == 0
    assert starts[-1] == max(length - INPUT_SIZE, 0)
    assert all(0 < b - a <= INPUT_SIZE - views._OVERLAP for a, b in itertools.pairwise(starts))


def _levels(shape: tuple[int, int], face: float, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[float]]:
    """Number of views and scales of the levels, for a detector that always sees one face of ``face`` photo pixels."""
    count, scales = 0, []
    real = views._look_at_level

    def spy(photo: np.ndarray, scale: float, threshold: float) -> list[Detections]:
        scales.append(scale)
        return list(real(photo, scale, threshold))

    def detect_batch(batch: np.ndarray, threshold: float) -> list[Detections]:
        nonlocal count
        count += len(batch)
        size = face * scales[-1]
        box = np.array([[0, 0, size, size]])
        seen = Detections(box, np.zeros((1, 2, 2)), np.array([0.9]))
        return [seen if size >= 10 else seen.select(np.zeros(1, bool)) for _ in batch]

    monkeypatch.setattr(views, "_look_at_level", spy)
    monkeypatch.setattr(views, "detect_batch", detect_batch)
    views.look(np.zeros((*shape, 3), np.uint8), 0.5)
    return count, scales


def test_a_portrait_is_searched_coarsely(monkeypatch: pytest.MonkeyPatch) -> None:
    count, _ = _levels((3000, 4000), 1500, monkeypatch)
    assert count <= 8


def test_a_photo_without_large_faces_is_searched_finely(monkeypatch: pytest.MonkeyPatch) -> None:
    count, scales = _levels((4000, 6000), 0, monkeypatch)
    assert scales[0] == pytest.approx(256 / 6000)
    assert scales[-1] * views.SMALLEST_FACE == pytest.approx(16)
    assert all(1 < b / a <= 4.01 for a, b in itertools.pairwise(scales))
    assert count <= 200


def test_a_small_photo_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _levels((200, 256), 0, monkeypatch)[0] == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 2), (257, 256)])
def test_extreme_shapes(shape: tuple[int, int]) -> None:
    photo = np.full((*shape, 3), 130, np.uint8)
    assert views.look(photo, 0.5).boxes.shape == (0, 4)
