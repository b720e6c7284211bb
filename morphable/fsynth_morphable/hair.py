"""Short hair on the scalp; brows and lashes."""

from __future__ import annotations

import numpy as np

from fsynth_morphable.atlas import Atlas
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.texture_fit import TextureFit

_BROWN: np.ndarray = np.array([0.20, 0.15, 0.12], np.float32)


def paint_scalp(skin: np.ndarray, cover: np.ndarray, hair: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Colours (P, 3) of skin (P, 3) under closely cut hair.

    ``cover``: (P,), how dense the hair is. ``hair``: (3,) its colour. ``grain``: (P,) noise of standard deviation 1, which
    makes single hairs of it and frays the hairline.
    """
    share = np.clip(cover * 1.5 - 0.25 + 0.22 * grain * (cover < 0.95), 0, 1)
    share = (0.9 * share)[:, None]
    strands = hair * (1 + 0.16 * grain)[:, None]
    mixed: np.ndarray = skin * (1 - share) + strands * share
    return mixed


def paint_hair(
    name: str,
    texels: np.ndarray,
    colour: np.ndarray,
    atlas: Atlas,
    model: MorphableModel,
    fit: TextureFit,
    hair: np.ndarray | None,
) -> None:
    """Colour and alpha of brows and lashes, in place."""
    colour[texels, :3] = _BROWN if hair is None else np.minimum(hair, _BROWN)
    colour[texels, 3] = 0.5
