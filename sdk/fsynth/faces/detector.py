"""BlazeFace: boxes and eyes of the faces in square views of a photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth import networks

INPUT_SIZE = 256
"""Width and height of the network's input in pixels."""

_ANCHORS = np.concatenate(
    [
        np.repeat(np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2), per_cell, axis=0)
        for centres, per_cell in (((np.arange(16) + 0.5) * 16, 2), ((np.arange(8) + 0.5) * 32, 6))
    ]
)


@dataclass(frozen=True, eq=False)
class Detections:
    """Faces in one view, in its pixels: boxes (N, 4) left, top, right, bottom; eyes (N, 2, 2); scores (N,) 0..1."""

    boxes: np.ndarray
    eyes: np.ndarray
    scores: np.ndarray

    @property
    def best_score(self) -> float:
        """The highest score, 0 if nothing was detected."""
        return float(self.scores.max(initial=0.0))

    def select(self, which: np.ndarray) -> Detections:
        """The detections that ``which``, a mask or indices, selects."""
        return Detections(self.boxes[which], self.eyes[which], self.scores[which])


def detect(view: np.ndarray, threshold: float) -> Detections:
    """Detect faces in ``view``, (256, 256, 3) uint8 sRGB, whose score is at least ``threshold``, best first.

    Overlapping answers for one face are blended by their scores (Bazarevsky et al. 2019, section 3.3).
    Frontal faces of 10 to 300 px are found (13 px at a score of 0.7); a roll up to 90 degrees costs little.
    """
    return detect_batch(view[None], threshold)[0]


def detect_batch(views: np.ndarray, threshold: float) -> list[Detections]:
    """``detect`` for several ``views``, (N, 256, 256, 3) uint8, at once."""
    images = views.astype(np.float32) / 127.5 - 1
    outputs = networks.session("blazeface").run(["scores_16", "scores_32", "boxes_16", "boxes_32"], {"image": images})
    logits = np.concatenate(outputs[:2], axis=1)[:, :, 0].astype(np.float64)
    raw = np.concatenate(outputs[2:], axis=1).astype(np.float64).reshape(len(views), -1, 8, 2)
    return [_decode(*view, threshold) for view in zip(logits, raw, strict=True)]


def _decode(logits: np.ndarray, raw: np.ndarray, threshold: float) -> Detections:
    """Detections from logits (896,) and, per anchor, centre, size, two eyes and four other points (896, 8, 2)."""
    scores = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
    keep = scores >= threshold
    centres = raw[keep, 0] + _ANCHORS[keep]
    half = raw[keep, 1] / 2
    eyes = raw[keep, 2:4] + _ANCHORS[keep][:, None]
    # Coordinates so far count from the corner of the first pixel; fsynth counts from its centre.
    boxes = np.concatenate([centres - half, centres + half], axis=1) - 0.5
    return blend_overlapping(Detections(boxes, eyes - 0.5, scores[keep]))


def blend_overlapping(found: Detections, overlap: float = 0.3) -> Detections:
    """One detection for each group that overlaps by more than ``overlap`` (intersection over union), best first."""
    boxes, eyes, scores = [], [], []
    left = np.argsort(-found.scores, kind="stable")
    while left.size:
        same = intersection_over_union(found.boxes[left[0]], found.boxes[left]) > overlap
        same[0] = True
        group = left[same]
        weights = found.scores[group] / found.scores[group].sum()
        boxes.append(np.tensordot(weights, found.boxes[group], 1))
        eyes.append(np.tensordot(weights, found.eyes[group], 1))
        scores.append(found.scores[left[0]])
        left = left[~same]
    return Detections(np.reshape(boxes, (-1, 4)), np.reshape(eyes, (-1, 2, 2)), np.array(scores))


def intersection_over_union(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Overlap of ``box`` (4,) with each of ``boxes`` (N, 4), 0..1."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    area = np.prod(box[2:] - box[:2])
    union = np.maximum(area + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) - shared, 1e-9)
    return np.asarray(shared / union)
