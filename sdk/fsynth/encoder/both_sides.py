"""Identity features from both sides of a face."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Encodes(Protocol):
    """An encoder, or an engine that runs one."""

    def encode(self, chips: np.ndarray) -> np.ndarray:
        """Chips (N, S, S, 3) uint8 sRGB -> features (N, W) float32."""


def encode_both_sides(encoder: Encodes, chips: np.ndarray) -> np.ndarray:
    """The mean of what ``encoder`` sees in each chip and in its mirror image.

    Who it is stays the same in a mirror; where the head turns and the light comes from does not, and goes out of the
    mean. The decoder that ships with fsynth takes these features: rank-1 of its faces is .04 higher than with those of
    the chip alone (docs/evaluation.md).

    Args:
        encoder: what runs the network.
        chips: (N, S, S, 3) uint8 sRGB, as ``Encoder.crop`` cuts them.

    Returns:
        (N, W) float32.
    """
    return (encoder.encode(chips) + encoder.encode(np.ascontiguousarray(chips[:, :, ::-1]))) / 2
