"""``fsynth train fit``: a dataset to a trained decoder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from fsynth.errors import EngineError, FsynthError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


@click.command(short_help="Train a decoder on a dataset.")
@click.argument("dataset", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-c", "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A TOML file.")
@click.option("-p", "--preset", help="Settings that ship with fsynth; --list-presets names them.  [default: default]")
@click.option(
    "-s", "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change one setting: loss.identity=0."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of the run; made if missing."
)
@click.option(
    "--backend", type=click.Choice(["tensorflow", "jax"]), help="What Keras computes with.  [default: tensorflow]"
)
@click.option(
    "--machines", type=click.IntRange(1), default=1, show_default=True, help="Processes that fit together (JAX)."
)
@click.option("--machine", type=click.IntRange(0), default=0, show_default=True, help="Which of them this is, from 0.")
@click.option("--coordinator", default="", metavar="HOST:PORT", help="Where process 0 listens.")
@click.option("--list-presets", is_flag=True, is_eager=True, expose_value=False, callback=lambda *a: _list_presets(*a),
              help="Name the presets and exit.")  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def fit(
    ctx: click.Context,
    dataset: Path,
    config: Path | None,
    preset: str | None,
    settings: tuple[str, ...],
    output: Path,
    backend: str | None,
    machines: int,
    machine: int,
    coordinator: str,
    quiet: bool,
) -> None:
    """Train a decoder on DATASET, which fsynth train prepare made.

    The same command goes on where an earlier one ended, however it ended; the result is the same as without the break.
    The run's folder holds checkpoints, decoder.npz, samples.png, and tensorboard/ to watch with tensorboard --logdir.

    Several machines run the same command, each with its --machine, on a shared disk; only the first of them writes.
    """
    if config is not None and preset is not None:
        raise click.UsageError("Give --config or --preset, not both.")
    try:
        _choose_backend(backend)
        table, where = _table(config, preset, settings)
        from fsynth_training.fit.distribution import Machines
        from fsynth_training.fit.methods import fit as fit_method

        fit_method(
            dataset,
            table,
            output,
            where=where,
            machines=Machines(machines, machine, coordinator),
            report=(lambda line: None) if quiet else click.echo,
        )
    except FsynthError as error:
        raise click.ClickException(str(error)) from error
    except ImportError as error:
        extra = "jax" if error.name == "jax" else '"fsynth[train]"'
        raise click.ClickException(
            f"Fitting needs the package {error.name}. Install it: pip install {extra}"
        ) from error
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on at the last checkpoint.", err=True)
        ctx.exit(INTERRUPTED)
    if not quiet:
        click.echo(f"To weights: fsynth train export {click.format_filename(output)} -o weights.onnx")


def _table(config: Path | None, preset: str | None, settings: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    """The configuration and what messages call it."""
    from fsynth_training.fit.config import read_file, read_preset, with_settings

    if config is not None:
        table, where = read_file(config), str(config)
    else:
        table, where = read_preset(preset or "default"), f"The preset {preset or 'default'}"
    return with_settings(table, settings), f"{where} with --set" if settings else where


def _choose_backend(backend: str | None) -> None:
    """Set what Keras computes with, before it is imported for the first time."""
    if "keras" in sys.modules:
        import keras

        if backend not in (None, keras.backend.backend()):
            raise EngineError(
                f"Keras runs on {keras.backend.backend()} in this process already: start another for {backend}."
            )
    elif backend is not None:
        os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _list_presets(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from fsynth_training.fit.config import presets

        click.echo("\n".join(presets()))
        ctx.exit()
