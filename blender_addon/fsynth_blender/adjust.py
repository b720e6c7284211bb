# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders: how like the person an avatar is, its identity coefficients, and its expression.

An avatar's identity is ``strength`` times the coefficients of the photo, and what the artist added to them. Vertices and
all shape keys of all parts follow, in less than 100 ms (but for the first time, when the model is read from its file).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import bpy
    import numpy as np

STRENGTH_RANGE = (0.0, 1.5)
SLIDERS = 10
"""How many of the identity coefficients get sliders; the first ones matter most."""


def strength(avatar: bpy.types.Collection) -> float:
    """How much of the photo's identity is on, 1 for the person as fitted."""
    raise NotImplementedError


def identity(avatar: bpy.types.Collection) -> np.ndarray:
    """The coefficients that are on, (K,) float32 standard deviations: the photo's times the strength, plus changes."""
    raise NotImplementedError


def changes(avatar: bpy.types.Collection) -> np.ndarray:
    """What was added to the first coefficients, (SLIDERS,) or fewer, as sliders show it."""
    raise NotImplementedError


def set_identity(
    avatar: bpy.types.Collection, *, strength: float | None = None, changes: Sequence[float] | None = None
) -> None:
    """Shape the head by the strength of likeness and by changes to its first coefficients; None leaves one as it is.

    Raises:
        WorkError: the model's file is gone, or the meshes' vertices are no longer the model's (they were edited).
    """
    raise NotImplementedError


def expression(avatar: bpy.types.Collection) -> dict[str, float]:
    """The values of all shape keys, 0..1 by name."""
    raise NotImplementedError


def set_expression(avatar: bpy.types.Collection, expression: Mapping[str, float], *, others: float | None = None) -> None:
    """Set shape keys by their own names or by everyday ones ("smile", "frown", "blink", "surprise", "kiss").

    ``others``: what all shape keys that are not named get; None leaves them as they are.

    The other parts follow the head's shape keys by drivers: setting one of ``head_of(avatar).data.shape_keys`` is enough.

    Raises:
        WorkError: the avatar has no such shape key.
    """
    raise NotImplementedError
