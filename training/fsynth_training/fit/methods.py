"""The one door to all fits: a folder with a dataset, a table of settings, a folder for the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import run_folder
from fsynth_training.fit.config import NetworkConfig, method_of, network_config, to_table
from fsynth_training.fit.distribution import Machines, start
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.samples import Morphs
from fsynth_training.tables import Source, from_table

if TYPE_CHECKING:
    from fsynth_training.augment.rows import ShardRows


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
        from fsynth_training.fit import linear

        settings = from_table(linear.LinearConfig, table, Source(where, FitError))
        dataset = Dataset.open(folder)
        run_folder.claim(run, to_table(settings), folder, dataset, laid_over="detail")
        linear.fit(dataset, settings, run, report=report)
        return
    config = network_config(table, where)
    start(machines, config.batch)
    from fsynth_training.fit import network_fit

    dataset = Dataset.open(folder)
    shards = _shards(dataset, folder, config)
    if machines.writes:
        run_folder.claim(run, to_table(config), folder, dataset, morphs=shards.manifest if shards else None)
    morphs = shards or _live(dataset, run, config, machines)
    network_fit.fit(dataset, config, run, morphs=morphs, machines=machines, report=report)


def _shards(dataset: Dataset, folder: Path, config: NetworkConfig) -> ShardRows | None:
    """The shards that the configuration names, if it does."""
    if not config.data.morphs or not config.data.shards:
        return None
    from fsynth_training.augment.rows import ShardRows
    from fsynth_training.augment.source import fingerprint

    shards = ShardRows(folder / config.data.shards)
    if shards.manifest.dataset != fingerprint(dataset):
        raise FitError(
            f"{shards.folder} holds morphs of another dataset than {folder}. Make others, or name their folder."
        )
    return shards


def _live(dataset: Dataset, run: Path, config: NetworkConfig, machines: Machines) -> Morphs | None:
    """Morphs that are made as they are needed, if the configuration asks for any."""
    if not config.data.morphs:
        return None
    from fsynth_training.augment.config import AugmentConfig
    from fsynth_training.augment.rows import LiveRows
    from fsynth_training.augment.source import prepare

    settings = AugmentConfig(seed=config.seed, plain=config.decoder.background)
    # Each process prepares its own: they start at the same moment.
    name = "morphs" if machines.writes else f"morphs-{machines.index}"
    return LiveRows(prepare(dataset, settings, run / name))
