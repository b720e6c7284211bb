"""``fsynth train augment``: random morphs of a dataset, as shards for training."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from fsynth.errors import FsynthError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


@click.command(short_help="Random morphs of a dataset, on many backgrounds.")
@click.argument("dataset", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    "shards",
    metavar="SHARDS",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the shards; made if missing.",
)
@click.option("--count", required=True, type=click.IntRange(min=1), help="Number of morphs.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes.  [default: one for each core]")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.toml",
    help="Settings; docs/augmentation.md lists them.",
)
@click.option("--features/--no-features", default=None, help="Encode each morph, whatever the settings say.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def augment(
    ctx: click.Context,
    dataset: Path,
    shards: Path,
    count: int,
    workers: int | None,
    config: Path | None,
    features: bool | None,
    quiet: bool,
) -> None:
    """Make new faces of those in DATASET, each a random morph of two, and write them to TFRecord shards.

    Run again after it was stopped, it goes on and ends with the same files; with a larger --count it makes the rest.
    """
    started = time.monotonic()
    try:
        from fsynth_training.augment.config import read_config
        from fsynth_training.augment.shards import make_shards

        settings = read_config(config)
        if features is not None:
            settings = replace(settings, features=features)
        with click.progressbar(
            length=count, label="Morphing", show_pos=True, hidden=quiet or not sys.stderr.isatty(), file=sys.stderr
        ) as bar:
            manifest = make_shards(
                dataset,
                shards,
                count,
                settings,
                workers=workers or os.cpu_count() or 1,
                progress=lambda done, _: bar.update(done - bar.pos),
            )
    except FsynthError as error:
        raise click.ClickException(str(error)) from error
    except ImportError as error:
        raise click.ClickException(
            f'The package {error.name} is not installed. Install what training needs: pip install "fsynth[train]"'
        ) from error
    except KeyboardInterrupt:
        click.echo("Stopped. Run the same command again to go on.", err=True)
        ctx.exit(INTERRUPTED)
    if not quiet:
        size = sum(shard.bytes for shard in manifest.shards.values()) / 1e6
        click.echo(
            f"{count} morphs in {len(manifest.shards)} shards, {size:.0f} MB, "
            f"in {click.format_filename(shards)}, in {time.monotonic() - started:.1f} s."
        )
