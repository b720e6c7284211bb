# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a head each bone moves. Weights are smooth, and add up to 1 for each vertex."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_EYES = {"eye_left": "eye_left", "cornea_left": "eye_left", "eye_right": "eye_right", "cornea_right": "eye_right"}

_TEETH = "teeth_lower"

_JAW = "jawOpen"
"""The shape that shows what the jaw moves."""

_SLANT = 0.6
"""By how much the border between neck and head rises towards the nape: the chin is the head's."""

_BORDER = 0.7
"""How far up from the middle of the neck the head has taken over, as a share of the way to the head's joint."""

_STIFF = 4e-4
"""Square metres: nearer to the jaw's joint than their root, what a shape does there says little of turning."""


class Weights:
    """The weights of a head's vertices. Blender's axes, metres, the origin in the neck."""

    def __init__(self, joints: Mapping[str, np.ndarray], teeth: np.ndarray, opening: np.ndarray) -> None:
        """Learn the turning of the jaw from ``opening`` (V, 3), what ``jawOpen`` does to ``teeth`` (V, 3) of it."""
        self._joints = joints
        self._angle = 0.0
        if "jaw" in joints and len(teeth):
            turned = _turning(teeth - joints["jaw"])
            self._angle = float((turned * opening).sum() / (turned**2).sum())

    def of(self, name: str, vertices: np.ndarray, shape_keys: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The weights (V,) float32 of a part's ``vertices`` (V, 3) by bone, without those that move nothing."""
        if _EYES.get(name) in self._joints:
            return {_EYES[name]: np.ones(len(vertices), np.float32)}
        if name == _TEETH and self._angle:
            return {"jaw": np.ones(len(vertices), np.float32)}  # they are stiff
        head = self._head(vertices) if name == "skin" else np.ones(len(vertices), np.float32)
        jaw = head * self._jaw(vertices, shape_keys.get(_JAW))
        weights = {"neck": 1 - head, "head": head - jaw, "jaw": jaw}
        return {bone: weight.astype(np.float32) for bone, weight in weights.items() if weight.max() > 0}

    def _head(self, vertices: np.ndarray) -> np.ndarray:
        if "head" not in self._joints:
            return np.ones(len(vertices), np.float32)
        height = vertices[:, 2] - _SLANT * vertices[:, 1]
        return _step(height / (_BORDER * self._joints["head"][2]))

    def _jaw(self, vertices: np.ndarray, opening: np.ndarray | None) -> np.ndarray:
        if opening is None or not self._angle:
            return np.zeros(len(vertices), np.float32)
        turned = self._angle * _turning(vertices - self._joints["jaw"])
        share = (turned * opening).sum(axis=1) / ((turned**2).sum(axis=1) + _STIFF * self._angle**2)
        return np.clip(share, 0, 1)


def _turning(places: np.ndarray) -> np.ndarray:
    """How places (V, 3) move per radian around the X axis, which points to the head's left."""
    return np.stack([np.zeros(len(places)), -places[:, 2], places[:, 1]], axis=1)


def _step(values: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smoothly in between."""
    share = np.clip(values, 0, 1)
    smooth: np.ndarray = share * share * (3 - 2 * share)
    return smooth
