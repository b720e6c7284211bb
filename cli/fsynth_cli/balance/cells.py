"""The colours of a photo in a few kilobytes, to tell what gains would clip when the pixels are long forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth.balance import eq4
from fsynth.balance.develop import CLIPPED, as_float, brightest, develop, is_clipped, to_linear_srgb
from fsynth.balance.gains import Gains

_STEPS = 24  # cells a channel, even in the root of light


@dataclass(frozen=True, eq=False)
class Cells:
    """A histogram of camera RGB.

    Attributes:
        colours: (n, 3) float32, 1 = saturation, the mean colour of each cell that has pixels.
        shares: (n,) float32, the share of the pixels that each cell has.
    """

    colours: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, camera: np.ndarray) -> Cells:
        """Those of a photo (H, W, 3), uint16 with 65535 = saturation or float with 1 = saturation."""
        pixels = as_float(camera).reshape(-1, 3)
        # Clipped pixels keep to themselves.
        steps = np.where(pixels >= CLIPPED, _STEPS, np.sqrt(np.clip(pixels, 0, 1)) * _STEPS).astype(np.int32)
        cell = (steps[:, 0] * (_STEPS + 1) + steps[:, 1]) * (_STEPS + 1) + steps[:, 2]
        counts = np.bincount(cell, minlength=(_STEPS + 1) ** 3)
        sums = np.stack([np.bincount(cell, pixels[:, channel], len(counts)) for channel in range(3)], axis=1)
        taken = counts > 0
        colours = sums[taken] / counts[taken, None]
        return cls(colours.astype(np.float32), (counts[taken] / max(len(pixels), 1)).astype(np.float32))

    def clipped(self) -> float:
        """Share of the pixels that are saturated in the file."""
        return float(self.shares[is_clipped(self.colours)].sum())

    def newly_clipped(self, before: Gains, after: Gains, camera_to_srgb: np.ndarray) -> float:
        """Share of the pixels that reach white with ``after`` and did not with ``before``."""
        was, now = (
            brightest(to_linear_srgb(self.colours[None], gains, camera_to_srgb)[0]) >= 1 for gains in (before, after)
        )
        return float(self.shares[now & ~was & ~is_clipped(self.colours)].sum())

    def newly_clipped_by_shift(
        self, as_shot: Gains, camera_to_srgb: np.ndarray, photo_mean: np.ndarray, target_mean: np.ndarray
    ) -> float:
        """The same for Eq. 4 on the picture as shot."""
        before = develop(self.colours[None], as_shot, camera_to_srgb)
        after = eq4.shift(before, photo_mean, target_mean)[0]
        return float(self.shares[(brightest(after) == 255) & (brightest(before[0]) < 255)].sum())
