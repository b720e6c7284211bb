"""The decoder that a fit came to, in the run's ``decoder.npz``: what export and evaluation start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fsynth.decoder import Decoder
from fsynth_training.fit import whole_files
from fsynth_training.fit.errors import FitError

NAME = "decoder.npz"


def save(decoder: Decoder, path: Path, about: Mapping[str, Any]) -> None:
    """Write ``decoder`` to ``path``, whole or not at all.

    Args:
        decoder: a Keras decoder.
        path: the .npz file.
        about: what is known of it, as JSON has it; "step" and "figures" (name to number) are shown on the model card.

    Raises:
        FitError: the disk does not take it.
    """
    weights = {name: np.asarray(weight, np.float32) for name, weight in decoder.named_weights().items()}
    whole_files.write_arrays(path, weights, {"settings": decoder.settings.to_dict(), **about})


def load(path: Path) -> tuple[Decoder, dict[str, Any]]:
    """The decoder in ``path``, and what was noted about it.

    Raises:
        FitError: the file is missing or damaged.
    """
    if not path.is_file():
        raise FitError(f"{path.parent} has no {path.name} yet: the fit has not come to its first checkpoint.")
    arrays, about = whole_files.read_arrays(path)
    settings = about.pop("settings")
    decoder = Decoder(mean_landmarks=arrays["mean_landmarks"], **settings)
    for name, weight in decoder.named_weights().items():
        if name not in arrays or arrays[name].shape != tuple(weight.shape):
            raise FitError(f"{path} has no weight {name} of shape {tuple(weight.shape)}, which its settings ask for.")
        weight.assign(arrays[name])
    return decoder, about
