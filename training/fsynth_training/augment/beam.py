"""The same morphs on Apache Beam, for a million of them on a cluster: one element a shard, the same bytes as elsewhere.

    python -m fsynth_training.augment.beam DATASET -o SHARDS --count 1000000 [--config FILE.toml] [Beam's options]

DATASET and SHARDS are folders that all machines see under the same path. Beam's own options, such as ``--runner``, go
at the end; without a runner it runs here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from fsynth.errors import EngineError, FsynthError
from fsynth_training.augment.config import AugmentConfig, read_config
from fsynth_training.augment.errors import AugmentError
from fsynth_training.augment.manifest import Manifest, Shard, read_manifest
from fsynth_training.augment.records import make_record
from fsynth_training.augment.shards import SOURCE, begin, open_once, write_shard

_HERE = "--runner=BundleBasedDirectRunner"
"""Beam's own default would first download a program to run pipelines with."""


def import_beam() -> Any:
    """Apache Beam, or EngineError with the line that installs it."""
    try:
        import apache_beam
    except ImportError as error:
        raise EngineError(
            'This needs Apache Beam. Install it: pip install "fsynth[train,beam]". Without it, '
            "fsynth train augment makes the same shards on one machine."
        ) from error
    return apache_beam


def morph_shards(dataset_folder: Path, folder: Path, config: AugmentConfig, shards: list[tuple[int, int, int]]) -> Any:
    """A ``PTransform`` from a pipeline to its finished shards, dictionaries of ``Shard``.

    Args:
        dataset_folder: of the dataset.
        folder: for the shards, with what ``begin`` left there.
        config: settings.
        shards: (number, first morph, number of morphs) of each shard to make.
    """
    beam = import_beam()

    def make(shard: tuple[int, int, int]) -> Iterator[dict[str, Any]]:
        number, first, length = shard
        source = open_once(dataset_folder, folder / SOURCE, config)
        yield asdict(write_shard(folder, number, first, (make_record(source, i) for i in range(first, first + length))))

    return "Shards" >> beam.Create(shards) | "Spread" >> beam.Reshuffle() | "Morph" >> beam.FlatMap(make)


def make_shards(
    dataset_folder: Path, folder: Path, count: int, config: AugmentConfig, options: list[str] | None = None
) -> Manifest:
    """``fsynth_training.augment.shards.make_shards`` as a Beam pipeline with Beam's ``options``.

    Finished shards of an earlier run stay. The manifest takes up new ones when the pipeline has ended.

    Raises:
        EngineError: Apache Beam or TensorFlow is not installed.
        AugmentError, DatasetError: as there.
    """
    beam = import_beam()
    manifest, _ = begin(dataset_folder, folder, count, config)
    shards = [(number, *manifest.plan()[number]) for number in manifest.missing()]
    if shards:
        with beam.Pipeline(argv=[_HERE, *(options or [])]) as pipeline:
            _ = (
                pipeline
                | morph_shards(dataset_folder, folder, config, shards)
                | "Gather" >> beam.combiners.ToList()
                | "Manifest" >> beam.Map(_take_up, folder)
            )
    finished = read_manifest(folder)
    if finished is None or finished.missing():
        raise AugmentError(f"The pipeline ended and {folder} still lacks shards. Run it again: finished shards stay.")
    return finished


def _take_up(shards: list[dict[str, Any]], folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest is not None
    new = {entry["number"]: Shard(**entry) for entry in shards}
    replace(manifest, shards={**manifest.shards, **new}).write(folder)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("dataset", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--count", required=True, type=click.IntRange(min=1))
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def main(dataset: Path, output: Path, count: int, config: Path | None, options: tuple[str, ...]) -> None:
    """Make COUNT morphs of DATASET with Apache Beam; OPTIONS are Beam's."""
    try:
        manifest = make_shards(dataset.resolve(), output.resolve(), count, read_config(config), list(options))
    except FsynthError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count} morphs in {len(manifest.shards)} shards in {output}.")


if __name__ == "__main__":
    main()
