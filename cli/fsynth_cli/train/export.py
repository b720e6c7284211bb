"""``fsynth train export``: a trained decoder to weights that ``fsynth.load`` opens."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fsynth.errors import FsynthError


@click.command(short_help="A trained decoder to weights.")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The .onnx file.")
@click.option(
    "--evaluation",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="evaluation.json",
    help="What fsynth train evaluate found of these weights, for the card; the same run gives the same weights again.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
def export(run: Path, output: Path, evaluation: Path | None, overwrite: bool) -> None:
    """Write the decoder of RUN, a folder of fsynth train fit, as weights.

    Beside weights.onnx go its sha256 and a model card, weights.md: data, figures, settings, configuration.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        from fsynth_training.fit.export import export as export_run

        written = export_run(run, output, overwrite=overwrite, evaluation=evaluation)
    except FsynthError as error:
        raise click.ClickException(str(error)) from error
    except ImportError as error:
        raise click.ClickException(
            f'Exporting needs the package {error.name}. Install it: pip install "fsynth[train]"'
        ) from error
    size = written.weights.stat().st_size / 1e6
    click.echo(f"{written.weights}: {size:.1f} MB, sha256 {written.sha256}. Model card: {written.card}")
