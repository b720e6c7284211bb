"""``fsynth train prepare``: photographs to a training dataset."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fsynth.errors import ArgumentError, FsynthError
from fsynth_cli.train.steps import Steps

if TYPE_CHECKING:
    import numpy as np

    from fsynth_training.dataset.build import Preparation
    from fsynth_training.dataset.photo_list import Photo
    from fsynth_training.dataset.selection import Record
    from fsynth_training.dataset.store import Dataset

SOME_FAILED = 3
"""Exit code when at least one photo can't be read or shows no face."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

INSTALL = 'fsynth train needs more packages: pip install "fsynth[train]"'


@click.command(short_help="A folder of photographs to a training dataset.")
@click.argument("photos", metavar="PHOTOS", type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="DATASET",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the dataset to.",
)
@click.option(
    "--config",
    default="paper",
    show_default=True,
    metavar="NAME|FILE.toml",
    help="What is dropped and how targets look: paper, default, or a file.",
)
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change one value of the configuration.")
@click.option(
    "--identities",
    metavar="folders|cluster|FILE.csv",
    help="Whose photos they are: names of folders, clusters of features, or a CSV with the columns file and identity."
    "  [default: folders, or the column identity of PHOTOS]",
)
@click.option("--encoder", default="faceres", show_default=True, help="Network whose features are kept.")
@click.option(
    "--features",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.npy",
    help="Identity features of your own instead: (photos, width), in the order of PHOTOS.",
)
@click.option(
    "--selfie",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="selfie.onnx",
    help="Selfie segmentation, for configurations with a plain background.",
)
@click.option(
    "--second-encoder",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.onnx",
    help="A second recogniser of ArcFace's chip, which helps to judge outputs in `fsynth train fit`.",
)
@click.option(
    "--geometry",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DATASET",
    help="Take the mean geometry of another dataset.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes.  [default: one for each core]")
@click.option("--overwrite", is_flag=True, help="Replace DATASET if it exists.")
@click.option("--keep-work", is_flag=True, help="Keep DATASET.partial: preparing again with other rules is then quick.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the photos that failed.")
@click.pass_context
def prepare(
    ctx: click.Context,
    photos: Path,
    output: Path,
    config: str,
    changes: tuple[str, ...],
    identities: str | None,
    encoder: str,
    features: Path | None,
    selfie: Path | None,
    second_encoder: Path | None,
    geometry: Path | None,
    workers: int | None,
    overwrite: bool,
    keep_work: bool,
    quiet: bool,
) -> None:
    """Make a training dataset of PHOTOS, a folder or a CSV.

    Faces are found and aligned; photos that break a rule of the configuration are dropped; the photos of a person are
    averaged; textures, landmarks and identity features are kept. DATASET/report.html shows what was dropped and why.

    A CSV has the column file (relative to the CSV), and may have identity, set, expression (neutral or smiling) and
    role (target, or features for photos that give identity features and never pixels).

    What is done photo by photo is kept in DATASET.partial until all is done: after a power cut or Ctrl-C, the same
    command goes on from there. Photos are never changed.

    \b
    Exit codes:
      0    every photo shows a face, whether it was dropped or not
      1    no dataset could be made
      2    the command line is wrong
      3    some photos can't be read or show no face; each is listed with its reason
    """
    started = time.monotonic()
    steps = Steps(hidden=quiet or not sys.stderr.isatty())
    try:
        from fsynth_training.dataset.store import check_free

        check_free(output, overwrite=overwrite)
        listed, how = _settings(
            photos, output, config, changes, identities, encoder, features, selfie, second_encoder, geometry, workers
        )
        given = _read_features(features, len(listed)) if features else None
        dataset, records = _build(listed, how, given, steps)
        settings = f"{photos.name}, {how.encoder or 'given'} features, {config} configuration"
        dataset.write(output, overwrite=overwrite, pages={"report.html": _report(records, how, settings, dataset)})
        if not keep_work:
            shutil.rmtree(how.work, ignore_errors=True)
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{INSTALL} ({error.name} is missing)") from error
    except ArgumentError as error:
        raise click.UsageError(str(error)) from error
    except FsynthError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on from here.", err=True)
        ctx.exit(INTERRUPTED)
    finally:
        steps.end()
    failed = _tell_failures(records)
    if not quiet:
        click.echo(_summary(dataset, records, output, time.monotonic() - started))
    ctx.exit(SOME_FAILED if failed else 0)


def _settings(
    photos: Path,
    output: Path,
    config: str,
    changes: Sequence[str],
    identities: str | None,
    encoder: str,
    features: Path | None,
    selfie: Path | None,
    second_encoder: Path | None,
    geometry: Path | None,
    workers: int | None,
) -> tuple[list[Photo], Preparation]:
    """The photos, and how they are prepared."""
    from fsynth.encoder import NAMES
    from fsynth_training.dataset.build import Preparation
    from fsynth_training.dataset.config import read_config
    from fsynth_training.dataset.geometry import geometry_of
    from fsynth_training.dataset.photo_list import by_folders, list_photos, with_identities
    from fsynth_training.dataset.store import Dataset

    if features is None and encoder not in NAMES:
        raise ArgumentError(f"There is no encoder {encoder!r}: it is {' or '.join(NAMES)}.")
    settings = read_config(config, changes)
    if settings.segmentation and selfie is None:
        raise ArgumentError(
            f"The configuration {config} cuts people out of their background, which needs --selfie selfie.onnx. Make "
            "it with python -m fsynth_training.convert.selfie, or leave it out with --set segmentation=false."
        )
    listed = list_photos(photos)
    if identities == "folders":
        listed = by_folders(listed)
    elif identities not in (None, "cluster"):
        listed = with_identities(listed, Path(str(identities)))
    return listed, Preparation(
        config=settings,
        work=output.with_name(f"{output.name}.partial"),
        encoder=encoder if features is None else None,
        segmentation=selfie if settings.segmentation else None,
        second_encoder=second_encoder,
        workers=workers or _cores(),
        clustered=identities == "cluster",
        geometry=geometry_of(Dataset.open(geometry, verify=False).mean_mesh.astype(float)) if geometry else None,
    )


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_features(path: Path, photos: int) -> np.ndarray:
    """Features (P, V, W) float32 of ``photos`` photos, V 1 or 2, from a .npy file of (P, W) or (P, 2, W)."""
    import numpy as np

    try:
        features = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ArgumentError(f"{path} is no .npy file of numbers ({error}).") from error
    if features.ndim == 2:
        features = features[:, None]
    if features.ndim != 3 or features.dtype.kind != "f" or features.shape[1] not in (1, 2) or not features.shape[2]:
        raise ArgumentError(
            f"{path} has shape {features.shape} and type {features.dtype}, but floats of shape (photos, width) were "
            "expected, or (photos, 2, width) with those of the mirrored photos."
        )
    if len(features) != photos:
        raise ArgumentError(f"{path} has features of {len(features)} photos, but there are {photos}.")
    return features.astype(np.float32)


def _build(
    photos: list[Photo], how: Preparation, features: np.ndarray | None, steps: Steps
) -> tuple[Dataset, tuple[Record, ...]]:
    """The dataset; where no photo becomes a target, the report of why is left in the work folder."""
    from dataclasses import replace

    from fsynth_training.dataset.build import build
    from fsynth_training.dataset.errors import DatasetError
    from fsynth_training.dataset.selection import NothingLeftError
    from fsynth_training.dataset.store import write_file

    try:
        return build(photos, replace(how, progress=steps.show), features)
    except NothingLeftError as error:
        page = how.work / "report.html"
        write_file(page, _report(error.records, how, "no dataset was made", None))
        raise DatasetError(f"{error} {page} shows each photo.") from error


def _report(records: Sequence[Record], how: Preparation, settings: str, dataset: Dataset | None) -> bytes:
    from fsynth_training.dataset.report import make_report

    return make_report(records, how.config, settings, dataset)


def _tell_failures(records: Sequence[Record]) -> int:
    """Name each photo that gave nothing, on standard error; return their number."""
    from fsynth_training.dataset.report import sentence

    failed = [record for record in records if record.failure]
    for record in failed:
        click.echo(sentence(record), err=True)
    return len(failed)


def _summary(dataset: Dataset, records: Sequence[Record], output: Path, seconds: float) -> str:
    people = len(set(dataset.target_identity.tolist()))
    dropped = sum(bool(record.broken) for record in records)
    failed = sum(bool(record.failure) for record in records)
    text = (
        f"{click.format_filename(output)}: {_count(len(dataset.textures), 'target')} of "
        f"{people} {'person' if people == 1 else 'people'}, features of {_count(len(dataset.features), 'photo')}, "
        f"in {seconds / 60:.1f} min. {_count(dropped, 'photo')} dropped by a rule; see report.html."
    )
    return f"{text} {_count(failed, 'photo')} failed." if failed else text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
