"""Looks for faces of every size in a photo, through square views of falling scale."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from fsynth.faces.detector import INPUT_SIZE, Detections, blend_overlapping, detect_batch

SMALLEST_FACE = 32
"""The smallest face that is looked for, in photo pixels from brow to chin (15 px between the eyes)."""

SMALLEST_SHARE = 1 / 6
"""Nor are faces looked for that are smaller than this share of the largest: a portrait is searched coarsely."""

_SMALLEST_SEEN = 16  # px in a view: there the detector still scores about 0.8
_LARGEST_STEP = 4  # from one level to the next; in a view it sees faces of 10 to 300 px, so this leaves no gap
_OVERLAP = 48  # px between tiles: a face that may be cut by each of them was seen whole one level before
_BATCH = 8


def coarsest_scale(shape: tuple[int, ...]) -> float:
    """View pixels per photo pixel at which a photo of ``shape`` (H, W, ...) is one view; at most 1."""
    return min(INPUT_SIZE / max(shape[:2]), 1.0)


def finer_scale(scale: float, largest: float, smallest_share: float = SMALLEST_SHARE) -> float | None:
    """The scale of the next level of the search, up to four times ``scale``; None where the search ends.

    It ends where the smallest face wanted is large enough for the detector: ``SMALLEST_FACE``, or ``smallest_share`` of
    ``largest``, the size in photo pixels of the largest face found so far (0 for none).
    """
    finest = min(_SMALLEST_SEEN / max(SMALLEST_FACE, smallest_share * largest), 1.0)
    if scale > finest * 0.8:  # not worth another level
        return None
    steps = math.ceil(math.log(finest / scale, _LARGEST_STEP) - 1e-6)
    return finest if steps <= 1 else scale * float((finest / scale) ** (1 / steps))


def look(photo: np.ndarray, scale: float, threshold: float) -> Detections:
    """Candidates for faces in ``photo`` (H, W, 3) uint8 seen at ``scale``, in overlapping tiles; in photo pixels."""
    height, width = photo.shape[:2]
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    level = np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    corners = np.array([(x, y) for y in _starts(size[1]) for x in _starts(size[0])])
    to_photo = np.array([width / size[0], height / size[1]])
    boxes, eyes, scores = [], [], []
    for first in range(0, len(corners), _BATCH):
        batch = corners[first : first + _BATCH]
        views = np.zeros((len(batch), INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
        for view, (x, y) in zip(views, batch, strict=True):
            tile = level[y : y + INPUT_SIZE, x : x + INPUT_SIZE]
            view[: tile.shape[0], : tile.shape[1]] = tile
        for corner, seen in zip(batch, detect_batch(views, threshold), strict=True):
            boxes.append((seen.boxes.reshape(-1, 2, 2) + corner + 0.5) * to_photo - 0.5)
            eyes.append((seen.eyes + corner + 0.5) * to_photo - 0.5)
            scores.append(seen.scores)
    together = Detections(np.concatenate(boxes).reshape(-1, 4), np.concatenate(eyes), np.concatenate(scores))
    return blend_overlapping(together, overlap=0.5)


def _starts(length: int) -> list[int]:
    """Where the tiles along a side of ``length`` begin: evenly spread, overlapping by ``_OVERLAP`` at least."""
    if length <= INPUT_SIZE:
        return [0]
    count = -(-(length - _OVERLAP) // (INPUT_SIZE - _OVERLAP))
    return [int(start) for start in np.linspace(0, length - INPUT_SIZE, count).round()]
