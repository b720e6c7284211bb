"""The one door to all fits: a folder with a dataset, a table of settings, a folder for the run."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import run_folder
from fsynth_training.fit.config import NetworkConfig, method_of, network_config, to_table
from fsynth_training.fit.distribution import Machines, start
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.samples import Morphs
from fsynth_training.fit.tables import from_table


def fit(
    folder: Path,
    table: Mapping[str, Any],
    run: Path,
    *,
    where: str = "The configuration",
    machines: Machines | None = None,
    report: Callable[[str], None] = print,
) -> None:
    """Fit to the dataset in ``folder`` as ``table`` says, in the folder ``run``; go on if it holds such a fit.

    Args:
        folder: of the dataset.
        table: the configuration as ``tomllib`` reads it; its key ``method`` chooses what the others are.
        run: made if missing.
        where: what messages call the source of ``table``.
        machines: the processes that fit together; one if None.
        report: takes lines of text about the progress.

    Raises:
        FitError: the configuration or the run's folder is wrong, or the fit can't go on.
        DatasetError: the dataset is missing or damaged.
    """
    machines = machines or Machines()
    if method_of(table, where) == "basis":
        # The settings of that method are LinearConfig's, beside the fit itself.
        linear = importlib.import_module("fsynth_training.fit.linear")
        config: Any = from_table(linear.LinearConfig, table, where)
        dataset = _open(folder, run, config, machines)
        linear.fit(dataset, config, run, report=report)
        return
    config = network_config(table, where)
    start(machines, config.batch)
    dataset = _open(folder, run, config, machines)
    from fsynth_training.fit import network_fit

    morphs = _morphs(dataset, folder, config)
    network_fit.fit(dataset, config, run, morphs=morphs, machines=machines, report=report)


def _open(folder: Path, run: Path, config: Any, machines: Machines) -> Dataset:
    dataset = Dataset.open(folder)
    if machines.writes:
        run_folder.claim(run, to_table(config), folder, dataset)
    return dataset


def _morphs(dataset: Dataset, folder: Path, config: NetworkConfig) -> Morphs | None:
    """Random morphs, from shards or made as they are needed."""
    if not config.data.morphs:
        return None
    raise FitError("data.morphs is above 0, and this version cannot make morphs yet: set data.morphs = 0.")
