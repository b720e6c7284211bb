# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders: how like the person an avatar is, its identity coefficients, and its expression.

An avatar's identity is ``strength`` times the coefficients of the photo, plus what the artist added to them. Vertices
and all shape keys of all parts move by the difference, so that what the artist sculpted stays. That takes less than 100
ms, but for the first time, when the model is read from its file. Importing this module imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .scene.avatar import ARMATURE, check_editable, head_of, parts_of
from .work import WorkError

if TYPE_CHECKING:
    import bpy
    import numpy as np

STRENGTH_RANGE = (0.0, 1.5)
SLIDERS = 10
"""How many of the identity coefficients get sliders; the first ones matter most."""


def strength(avatar: bpy.types.Collection) -> float:
    """How much of the photo's identity is on, 1 for the person as fitted."""
    return float(head_of(avatar)["fsynth_strength"])


def changes(avatar: bpy.types.Collection) -> list[float]:
    """What was added to the first coefficients, standard deviations, SLIDERS or fewer of them, as sliders show it."""
    return list(head_of(avatar)["fsynth_changes"])


def identity(avatar: bpy.types.Collection) -> np.ndarray:
    """The coefficients that are on, (K,) float32 standard deviations: the photo's times the strength, plus changes."""
    return _identity(head_of(avatar), strength(avatar), changes(avatar))


def set_identity(
    avatar: bpy.types.Collection, *, strength: float | None = None, changes: Sequence[float] | None = None
) -> None:
    """Shape the head by the strength of likeness and by changes to its first coefficients; None leaves one as it is.

    Raises:
        WorkError: the model's file is gone, the avatar is linked from another file, or the meshes' vertices are no
            longer the model's (their topology was edited).
    """
    import numpy as np

    head = head_of(avatar)
    strength = float(head["fsynth_strength"]) if strength is None else strength
    changes = list(head["fsynth_changes"]) if changes is None else [float(change) for change in changes]
    difference = _identity(head, strength, changes) - identity(avatar)
    if difference.any():
        _move(avatar, head["fsynth_model"], difference.astype(np.float32))
    head["fsynth_strength"], head["fsynth_changes"] = strength, changes


def expression(avatar: bpy.types.Collection) -> dict[str, float]:
    """The values of all shape keys by name; empty where the avatar has none."""
    keys = head_of(avatar).data.shape_keys
    return {} if keys is None else {key.name: key.value for key in keys.key_blocks[1:]}


def set_expression(
    avatar: bpy.types.Collection, expression: Mapping[str, float], *, others: float | None = None
) -> None:
    """Set shape keys by their own names or by everyday ones ("smile", "frown", "blink", "surprise", "kiss").

    The other parts follow the head's shape keys by drivers, also when an artist moves those by hand.

    Args:
        avatar: what ``scene.build`` made.
        expression: amounts in 0..1 by name.
        others: what all shape keys that are not named get; None leaves them as they are.

    Raises:
        WorkError: the avatar has no such shape key, or an amount is out of range.
    """
    from fsynth_morphable.errors import ArgumentError
    from fsynth_morphable.expressions import resolve_expression

    keys = head_of(avatar).data.shape_keys
    blocks = {} if keys is None else {key.name: key for key in keys.key_blocks[1:]}
    try:
        # Those that are 0 are left out of what comes back.
        amounts = dict.fromkeys((name for name in expression if name in blocks), 0.0)
        amounts |= resolve_expression(expression, tuple(blocks))
    except ArgumentError as error:
        raise WorkError(str(error)) from error
    if others is not None:
        amounts = dict.fromkeys(blocks, others) | amounts
    for name, amount in amounts.items():
        blocks[name].value = amount


def _identity(head: bpy.types.Object, strength: float, changes: Sequence[float]) -> np.ndarray:
    import numpy as np

    coefficients = np.array(head["fsynth_identity"], np.float32) * np.float32(strength)
    coefficients[: len(changes)] += np.array(changes[: len(coefficients)], np.float32)
    return coefficients


def _move(avatar: bpy.types.Collection, model_name: str, difference: np.ndarray) -> None:
    """Move all vertices by what a difference (K,) of coefficients does to the model's surface."""
    import numpy as np

    from . import loaded
    from .messages import for_artists
    from .parts import rows_of, turn
    from .scene.shape_keys import shift

    parts = {name: held for name, held in parts_of(avatar).items() if name != ARMATURE}
    for held in parts.values():
        check_editable(held.data)
    with for_artists():
        model = loaded.model(model_name)
        by = turn(model.surface(np.tensordot(difference, model.identity[: len(difference)], axes=1)))
    rows = rows_of(model)
    for name, held in parts.items():
        if name not in rows or len(rows[name]) != len(held.data.vertices):
            raise WorkError(
                f"The mesh of {held.name} has other vertices than the model {model_name}, so the sliders can't shape "
                "it. Undo what added or removed vertices, or use Refit."
            )
    for name, held in parts.items():
        shift(held.data, by[rows[name]])
