"""``fsynth normalize``: photos to normalized faces, one photo at a time."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from fsynth.errors import FsynthError, NoFaceError
from fsynth_cli.inputs import Input, find_inputs
from fsynth_cli.outputs import OutputError, Outputs

if TYPE_CHECKING:
    from fsynth import Normalizer
    from fsynth_cli.report import Report

SOME_FAILED = 3
"""Exit code when at least one photo gave no result."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


@dataclass(frozen=True)
class Wanted:
    """What is to be written for each photo."""

    kinds: list[str]
    every_face: bool
    outputs: Outputs
    report: Report | None


@dataclass
class Tally:
    """What has come of the photos so far."""

    photos: int = 0
    faces: int = 0
    failures: list[str] = field(default_factory=list)


@click.command(short_help="Photos to normalized faces.")
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; made if missing.  [default: beside each photo]",
)
@click.option("-r", "--recursive", is_flag=True, help="Take the photos in subfolders of a folder, too.")
@click.option(
    "--faces",
    type=click.Choice(["all", "largest"]),
    default="all",
    show_default=True,
    help="Every face of a photo, or only the largest.",
)
@click.option("--landmarks", is_flag=True, help="Also write the landmarks: <name>.landmarks.json.")
@click.option("--texture", is_flag=True, help="Also write the unwarped texture: <name>.texture.png.")
@click.option("--side-by-side", is_flag=True, help="Also write the face before and after: <name>.side-by-side.png.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PAGE.html",
    help="Also write a web page that shows all results, in one file.",
)
@click.option("--overwrite", is_flag=True, help="Replace results that exist already.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the photos that failed.")
@click.option("--weights", default="default", show_default=True, help="Name or file of the decoder's weights.")
@click.option("--engine", type=click.Choice(["onnx", "tensorflow"]), default="onnx", show_default=True)
@click.option("--device", type=click.Choice(["cpu", "cuda", "dml", "coreml"]), default="cpu", show_default=True)
@click.pass_context
def normalize(
    ctx: click.Context,
    photos: tuple[Path, ...],
    output_dir: Path | None,
    recursive: bool,
    faces: str,
    landmarks: bool,
    texture: bool,
    side_by_side: bool,
    report: Path | None,
    overwrite: bool,
    quiet: bool,
    weights: str,
    engine: Literal["onnx", "tensorflow"],
    device: str,
) -> None:
    """Write the normalized face of everyone in each PHOTO: <name>.normalized.png.

    PHOTO is an image file, or a folder that stands for the photos in it. The second face of a photo goes to
    <name>.face2.normalized.png, and so on, largest face first. Photos are never changed.

    \b
    Exit codes:
      0    every photo gave a face
      1    fsynth can't work at all, as when weights are damaged; see fsynth doctor
      2    the command line is wrong
      3    some photos failed; each is listed with its reason
    """
    started = time.monotonic()
    inputs = find_inputs(photos, output_dir, recursive=recursive)
    if not inputs:
        raise click.UsageError("There is no photo in the folder given. Subfolders count with --recursive.")
    outputs = Outputs(overwrite=overwrite)
    page = _open_report(ctx, report, outputs, f"{weights} weights, {engine} engine on {device}")
    chosen = {"normalized": True, "texture": texture, "side-by-side": side_by_side, "landmarks": landmarks}
    wanted = Wanted([kind for kind, on in chosen.items() if on], faces == "all", outputs, page)
    normalizer = _load(weights, engine, device)

    tally = Tally()
    interrupted = False
    try:
        with _progress(inputs, quiet) as each:
            for item in each:
                _try_one(normalizer, item, wanted, tally)
    except KeyboardInterrupt:
        interrupted = True
    for failure in tally.failures:
        click.echo(failure, err=True)
    if page is not None and report is not None and not interrupted:
        try:
            page.write(outputs, report)
        except OutputError as error:
            raise click.ClickException(str(error)) from error
    if not quiet:
        click.echo(_summary(tally, len(inputs), output_dir, time.monotonic() - started, interrupted))
    ctx.exit(INTERRUPTED if interrupted else SOME_FAILED if tally.failures else 0)


def _open_report(ctx: click.Context, path: Path | None, outputs: Outputs, settings: str) -> Report | None:
    if path is None:
        return None
    if path.suffix.lower() not in {".html", ".htm"}:
        raise click.BadParameter(f"{path} must end in .html.", param_hint="--report")
    try:
        outputs.check([path])
    except OutputError as error:
        raise click.BadParameter(str(error), param_hint="--report") from error
    import tempfile

    from fsynth_cli.report import Report

    return Report(settings, ctx.with_resource(tempfile.TemporaryFile()))


def _load(weights: str, engine: Literal["onnx", "tensorflow"], device: str) -> Normalizer:
    import fsynth

    try:
        return fsynth.load(weights, engine=engine, device=device)
    except FsynthError as error:
        raise click.ClickException(str(error)) from error


@contextlib.contextmanager
def _progress(inputs: list[Input], quiet: bool) -> Iterator[Iterator[Input]]:
    """The inputs one after the other, with a progress bar on a terminal's standard error."""
    hidden = quiet or len(inputs) == 1 or not sys.stderr.isatty()
    with click.progressbar(inputs, label="Normalizing", show_pos=True, hidden=hidden, file=sys.stderr) as bar:
        yield iter(bar)


def _try_one(normalizer: Normalizer, item: Input, wanted: Wanted, tally: Tally) -> None:
    """Normalize one photo; if that fails, note why, so that the others go on."""
    try:
        tally.faces += _normalize_one(normalizer, item, wanted)
        tally.photos += 1
        return
    except (FsynthError, OSError) as error:
        reason = str(error)
    except MemoryError:
        reason = "There is not enough memory for this photo."
    failure = reason if reason.startswith(str(item.photo)) else f"{item.photo}: {reason}"
    tally.failures.append(failure)
    if wanted.report is not None:
        wanted.report.add_failure(failure)


def _normalize_one(normalizer: Normalizer, item: Input, wanted: Wanted) -> int:
    """Write everything that is wanted of one photo; return the number of its faces."""
    from fsynth.faces import read_photo
    from fsynth_cli.results import result_paths, write_results

    started = time.monotonic()
    wanted.outputs.check(result_paths(item.stem, 1, wanted.kinds).values())
    photo = read_photo(item.photo)
    faces = normalizer.all(photo) if wanted.every_face else [normalizer(photo)]
    if not faces:
        raise NoFaceError("No face was found. A face should be at least about 20 pixels wide and not covered.")
    files = [result_paths(item.stem, number, wanted.kinds) for number in range(1, len(faces) + 1)]
    for paths in files:
        wanted.outputs.check(paths.values())
    for number, (face, paths) in enumerate(zip(faces, files, strict=True), start=1):
        write_results(wanted.outputs, paths, face, item.photo, number)
    if wanted.report is not None:
        wanted.report.add_photo(item.photo, photo, faces, time.monotonic() - started)
    return len(faces)


def _summary(tally: Tally, total: int, output_dir: Path | None, seconds: float, interrupted: bool) -> str:
    where = "beside the photos" if output_dir is None else f"in {click.format_filename(output_dir)}"
    text = f"{_count(tally.faces, 'face')} from {_count(tally.photos, 'photo')} {where}, in {seconds:.1f} s."
    if tally.failures:
        text += f" {_count(len(tally.failures), 'photo')} failed."
    if interrupted:
        left = total - tally.photos - len(tally.failures)
        text += f" Stopped; {_count(left, 'photo')} left."
    return text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
