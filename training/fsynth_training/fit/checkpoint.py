"""Checkpoints: everything that training changes, so that going on equals never having stopped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fsynth_training.fit import whole_files
from fsynth_training.fit.errors import FitError

KEPT = 2
"""How many checkpoints stay."""

_NAME = re.compile(r"step-(\d+)\.npz")


def save(
    folder: Path, step: int, state: Mapping[str, Any], optimizer: Sequence[Any], history: Sequence[Mapping[str, float]]
) -> None:
    """Write a checkpoint after ``step`` steps and remove all but the last ``KEPT``.

    Args:
        folder: of checkpoints.
        step: steps that were made.
        state: the model's variables by name.
        optimizer: the optimizer's variables in their order.
        history: one row of figures for each checkpoint so far.

    Raises:
        FitError: the disk does not take it; the checkpoints before it stay.
    """
    arrays = {f"model/{name}": np.asarray(variable) for name, variable in state.items()}
    arrays |= {f"optimizer/{index}": np.asarray(variable) for index, variable in enumerate(optimizer)}
    whole_files.write_arrays(folder / f"step-{step:08d}.npz", arrays, {"step": step, "history": list(history)})
    for path in _checkpoints(folder)[:-KEPT]:
        path.unlink()


def restore(folder: Path, state: Mapping[str, Any], optimizer: Sequence[Any]) -> tuple[int, list[dict[str, float]]]:
    """Put the last checkpoint into the variables; return its step and history: 0 and none if there is no checkpoint.

    Raises:
        FitError: the checkpoint is damaged, or does not fit the variables.
    """
    paths = _checkpoints(folder)
    if not paths:
        return 0, []
    arrays, about = whole_files.read_arrays(paths[-1])
    variables = {f"model/{name}": variable for name, variable in state.items()}
    variables |= {f"optimizer/{index}": variable for index, variable in enumerate(optimizer)}
    for name, variable in variables.items():
        if name not in arrays or arrays[name].shape != tuple(variable.shape):
            raise FitError(
                f"{paths[-1]} has no {name} of shape {tuple(variable.shape)}: it is of another version of fsynth."
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return int(about["step"]), list(about["history"])


def _checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in ``folder``, oldest first."""
    return sorted(path for path in folder.glob("step-*.npz") if _NAME.fullmatch(path.name))
