"""The folder of a run: what it was told, its checkpoints, the decoder it came to, and what can be watched.

::

    run.json              configuration, dataset (with the sha256 of its dataset.json), version of fsynth
    checkpoints/          step-000500.npz, the last two
    decoder.npz           the decoder so far: best by validation, or the latest where no one is held out
    history.json          every figure of every checkpoint
    samples.png           photos of held-out people: target above, output below
    tensorboard/          the same for TensorBoard
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fsynth.version import __version__
from fsynth_training.augment.manifest import Manifest
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import whole_files
from fsynth_training.fit.errors import FitError
from fsynth_training.tables import difference


def claim(
    run: Path, config: Mapping[str, Any], folder: Path, dataset: Dataset, *, morphs: Manifest | None = None,
    laid_over: str = "",
) -> None:  # fmt: skip
    """Make ``run`` the folder of this fit, or check that it is one of the same configuration and data.

    Args:
        run: the folder; it may exist if an earlier fit of the same kind left it.
        config: the configuration as plain values.
        folder: the dataset's folder. dataset: what was opened there.
        morphs: of the shards that are fitted to, if there are any.
        laid_over: the part of the configuration that comes after the fit, and may differ from what it was.

    Raises:
        FitError: the folder holds something else, a fit of another configuration (the message names the first key that
            differs) or of other data.
    """
    digest = hashlib.sha256((folder / "dataset.json").read_bytes()).hexdigest()
    shards = None if morphs is None else {"count": morphs.count, "config": dict(morphs.config)}
    if (run / "run.json").is_file():
        about = read(run)
        kept = {**config, laid_over: about["config"][laid_over]} if laid_over in about["config"] else config
        differing = difference(about["config"], kept)
        if differing is not None:
            raise FitError(
                f"{run} holds a fit of another configuration: {differing}. Go on with the configuration it has, or "
                "name another folder with -o."
            )
        if about["dataset"]["sha256"] != digest:
            raise FitError(
                f"{run} holds a fit to another dataset ({about['dataset']['folder']}), or {folder} has changed since. "
                "Name another folder with -o."
            )
        differing = difference({"morphs": about["dataset"]["morphs"]}, {"morphs": shards})
        if differing is not None:
            raise FitError(f"{run} holds a fit to other shards: {differing}. Name another folder with -o.")
        if kept != config:
            whole_files.write_json(run / "run.json", {**about, "config": config})
        return
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise FitError(f"{run} exists and is no run of fsynth train fit. Name another folder with -o.")
    about = {
        "config": config,
        "dataset": {
            "folder": os.path.abspath(folder),
            "sha256": digest,
            "encoder": dataset.encoder,
            "config": dict(dataset.config),
            "morphs": shards,
            "targets": len(dataset.textures),
            "photos": len(dataset.features),
            "people": len(dataset.validation),
            "held_out": int(dataset.validation.sum()),
        },
        "fsynth": __version__,
    }
    whole_files.write_json(run / "run.json", about)


def read(run: Path) -> dict[str, Any]:
    """What ``claim`` noted in ``run``.

    Raises:
        FitError: ``run`` is no folder of a fit.
    """
    try:
        about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FitError(f"{run} is no run of fsynth train fit: it has no run.json.") from error
    except (OSError, ValueError) as error:
        raise FitError(f"{run / 'run.json'} cannot be read: {error}.") from error
    if not isinstance(about, dict) or not {"config", "dataset", "fsynth"} <= set(about):
        raise FitError(f"{run / 'run.json'} was not written by fsynth train fit.")
    return about
