"""Everyday names for expressions, in terms of ARKit's shapes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from fsynth_morphable.errors import ArgumentError

EVERYDAY: dict[str, dict[str, float]] = {
    "smile": {"mouthSmileLeft": 1, "mouthSmileRight": 1, "cheekSquintLeft": 0.5, "cheekSquintRight": 0.5},
    "frown": {"mouthFrownLeft": 1, "mouthFrownRight": 1, "browDownLeft": 0.7, "browDownRight": 0.7},
    "blink": {"eyeBlinkLeft": 1, "eyeBlinkRight": 1},
    "surprise": {"browInnerUp": 1, "browOuterUpLeft": 1, "browOuterUpRight": 1, "eyeWideLeft": 1, "eyeWideRight": 1},
    "kiss": {"mouthPucker": 1},
}
"""How much of which of ARKit's shapes 1 of each is."""


def resolve_expression(expression: Mapping[str, float], shapes: Sequence[str]) -> dict[str, float]:
    """Turn everyday names into the shapes of a head; what names the same shape twice adds up, to at most 1.

    Args:
        expression: amounts in 0..1 by the name of a shape or an everyday name. Upper and lower case are the same.
        shapes: the names of the head's shapes.

    Returns:
        Amounts in 0..1 by the name of a shape, those that are not 0.

    Raises:
        ArgumentError: there is no such shape, or the amount is out of range.
    """
    by_name = {name.lower(): name for name in shapes}
    resolved: dict[str, float] = {}
    for name, amount in expression.items():
        if not 0 <= amount <= 1:
            raise ArgumentError(f"The expression {name!r} must be from 0 to 1, it is {amount:g}.")
        shares = EVERYDAY.get(name.lower(), {name: 1.0})
        if name.lower() in EVERYDAY:
            shares = {shape: share for shape, share in shares.items() if shape.lower() in by_name}
        elif name.lower() not in by_name:
            shares = {}
        if not shares:
            raise ArgumentError(_unknown(name, shapes))
        for shape, share in shares.items():
            own = by_name[shape.lower()]
            resolved[own] = min(1.0, resolved.get(own, 0.0) + share * amount)
    return {name: amount for name, amount in resolved.items() if amount}


def _unknown(name: str, shapes: Sequence[str]) -> str:
    if not shapes:
        return f"The head has no expression {name!r}: its model has no shapes."
    near = difflib.get_close_matches(name, [*EVERYDAY, *shapes], n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else f" Try one of {', '.join(EVERYDAY)}."
    return f"The head has no expression {name!r}.{hint}"
