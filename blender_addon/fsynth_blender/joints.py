# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a head's bones begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .parts import turn

if TYPE_CHECKING:
    from fsynth_morphable import MorphableModel
    from fsynth_morphable.head import Head

_EARS = [0, 27]
"""Rows of the landmarks where the jaw begins at the right and the left ear."""

_HEAD_FROM_EARS: np.ndarray = np.array([0.0, -0.005, -0.015])
"""Metres (Y up, the face along +Z): from the jaw's joints to where the skull turns on the spine, behind and below."""


def find_joints(head: Head, model: MorphableModel, origin: np.ndarray) -> dict[str, np.ndarray]:
    """Places (3,) float32 in metres, Blender's axes, by name; see ``work.Made.joints``.

    ``origin``: (3,) metres in the model's own axes, what lies at Blender's origin.
    """
    from fsynth_morphable.eyes import Eyeball

    places = {"neck": origin}
    if head.landmarks is not None and len(head.landmarks) > max(_EARS):
        ears = head.landmarks[_EARS].mean(axis=0)
        places |= {"head": ears + _HEAD_FROM_EARS, "jaw": ears}
    for name in ("eye_left", "eye_right"):
        if name in model.part_names:
            places[name] = Eyeball.of(model, head.vertices, name).centre
    return {name: turn(place - origin) for name, place in places.items()}
