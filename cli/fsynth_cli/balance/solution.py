"""What the shoot's solution says of one photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth.balance.gains import Gains


@dataclass(frozen=True, eq=False)
class Solution:
    """How one photo is balanced: with ``gains`` or, by Eq. 4, with ``shift``.

    Attributes:
        gains: for the photo's linear RGB.
        shift: mean Y, Cr, Cb of the face in the photo and of what it becomes, each (3,).
        source: row of the photo that the balance is carried over from; None if it is the photo's own.
    """

    gains: Gains | None = None
    shift: tuple[np.ndarray, np.ndarray] | None = None
    source: int | None = None
