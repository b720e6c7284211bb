"""``fsynth balance``: exposure and white balance of a shoot, from the faces in it."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fsynth_cli.balance.photos import Search
    from fsynth_cli.balance.record import RunRecord
    from fsynth_cli.balance.run import Run
    from fsynth_cli.balance.settings import Settings
    from fsynth_cli.outputs import Outputs

SOME_FAILED = 3
"""Exit code when at least one photo failed."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


@click.command(short_help="Exposure and white balance of photos, from the faces in them.")
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-r", "--recursive", is_flag=True, help="Take the photos in subfolders of a folder, too.")
@click.option(
    "--method",
    type=click.Choice(["gains", "eq4"]),
    default="gains",
    show_default=True,
    help="White balance and exposure in scene-linear light, or Eq. 4 of the paper, for finished pictures.",
)
@click.option(
    "--box",
    type=click.Choice(["skin", "paper"]),
    default="skin",
    show_default=True,
    help="What gains compare: the skin, or the paper's box in the middle of the face.",
)
@click.option("--daylight-prior", is_flag=True, help="Pull the light towards daylight, flash and glowing lamps.")
@click.option(
    "--faces",
    type=click.Choice(["all", "largest"]),
    default="all",
    show_default=True,
    help="Every face of a photo counts, by its size, or only the largest.",
)
@click.option("--per-photo", is_flag=True, help="Each photo for itself: don't group people and lights of the shoot.")
@click.option(
    "--reference",
    metavar="PHOTO",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Make all skin like that in this photo, finished by hand, or RAW with its sidecar.",
)
@click.option(
    "--strength",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="How much of the correction: 0 as shot, 1 all of it.",
)
@click.option("--max-ev", type=click.FloatRange(min=0), metavar="EV", help="Change the exposure by at most so much.")
@click.option("--exposure-only", is_flag=True, help="Keep the white balance.")
@click.option("--white-balance-only", is_flag=True, help="Keep the exposure.")
@click.option(
    "--no-face",
    type=click.Choice(["skip", "nearest", "fail"]),
    default="skip",
    show_default=True,
    help="A photo without a face: leave it out, balance it like the nearest in time, or count it as failed.",
)
@click.option(
    "--sidecar",
    type=click.Choice(["xmp", "pp3"]),
    help="What RAW photos get beside them: Adobe's .xmp or RawTherapee's .pp3.  [default: xmp, without --format]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["tiff16", "jpeg", "png", "avif", "heic"]),
    help="Finished pictures, in this format.  [default: only of photos that aren't RAW, in their own format]",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    default=95,
    show_default=True,
    help="Of JPEG, AVIF and HEIC.",
)
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help='Folder for all results.  [default: sidecars beside the photos, pictures in "balanced" there]',
)
@click.option("--overwrite", is_flag=True, help="Replace pictures, and settings in sidecars, that exist already.")
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done; write nothing at all.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes; fewer where memory is short.  [default: one a processor]",
)
@click.option(
    "--report",
    metavar="FILE.json",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write all that is known of each photo.",
)
@click.option(
    "--contact-sheet",
    metavar="FILE.html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a web page that shows each photo before and after, in one file.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the photos that failed.")
@click.pass_context
def balance(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    recursive: bool,
    resume: bool,
    dry_run: bool,
    jobs: int | None,
    report: Path | None,
    contact_sheet: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Make the skin of every person come out right, and the same through the whole shoot.

    PHOTO is a camera RAW file, a JPEG, TIFF, PNG, HEIC or AVIF, or a folder that stands for the photos in it. RAW
    photos get a sidecar, which Lightroom, Camera Raw or RawTherapee reads; others a new file in the folder "balanced".
    Photos are never changed. Folders named "balanced" within others are results and are not read.

    \b
    Exit codes:
      0    all done; photos without a face may have been left out
      1    fsynth can't work at all, as when an extra is missing
      2    the command line is wrong
      3    some photos failed; each is listed with its reason
    """
    started, clock = datetime.datetime.now().astimezone(), time.monotonic()
    _check_extra()
    from fsynth_cli.balance.photos import find_photos
    from fsynth_cli.balance.run import Run
    from fsynth_cli.balance.settings import Settings
    from fsynth_cli.outputs import Outputs

    settings = Settings(**options)
    outputs = Outputs(overwrite=settings.overwrite or resume)
    _check(settings, dry_run, resume, outputs, report, contact_sheet)
    search = find_photos(photos, settings.output_dir, recursive=recursive)
    _check_photos(search, settings, photos)
    for note in () if quiet else search.notes:
        click.echo(note, err=True)
    shown = _shown({"photos": [str(photo) for photo in photos], "recursive": recursive} | vars(settings))
    journal = _open_journal(photos, settings, resume=resume, dry_run=dry_run)
    run = Run(settings, search, journal, most_jobs=jobs, dry_run=dry_run)
    run.prepare()
    if resume and not journal.resumed and not quiet:
        click.echo("There is no interrupted run to go on with: this one begins anew.", err=True)
    interrupted = ended = False
    with contextlib.ExitStack() as stack:
        if contact_sheet is not None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fsynth-", ignore_cleanup_errors=True))
            run.sketches = Path(folder)
        try:
            with _terminated_like_interrupted():
                _execute(run, quiet)
            ended = True
        except KeyboardInterrupt:
            interrupted = True
        except click.ClickException:  # before anything was written
            ended = True
            raise
        finally:
            journal.close(done=ended and not run.unwritten)
        record = _record(run, shown, started, time.monotonic() - clock, interrupted)
        _print(record, quiet)
        _write_reports(record, outputs, report, None if interrupted else contact_sheet)
    failed = any(photo.status == "failed" for photo in record.photos)
    ctx.exit(INTERRUPTED if interrupted else SOME_FAILED if failed else 0)


def _check_extra() -> None:
    """Say at once, and not for each photo, that the extra is missing."""
    import importlib.util

    for package, name in (("colour", "colour-science"), ("rawpy", "rawpy"), ("tifffile", "tifffile")):
        if importlib.util.find_spec(package) is None:
            raise click.ClickException(
                f'Balancing photos needs {name}, which is not installed: pip install "fsynth[balance]"'
            )


def _check(
    settings: Settings,
    dry_run: bool,
    resume: bool,
    outputs: Outputs,
    report: Path | None,
    contact_sheet: Path | None,
) -> None:
    """Refuse options that don't go together."""
    from fsynth_cli.outputs import OutputError

    if settings.exposure_only and settings.white_balance_only:
        raise click.UsageError("--exposure-only and --white-balance-only together would leave nothing to do.")
    if settings.method == "eq4" and settings.sidecar:
        raise click.UsageError("No sidecar can hold Eq. 4's shift. Use --format, or --method gains.")
    if settings.method == "eq4" and settings.daylight_prior:
        raise click.UsageError("--daylight-prior is for --method gains.")
    if dry_run and (report or contact_sheet or resume):
        raise click.UsageError("--dry-run writes nothing: leave out --report, --contact-sheet and --resume.")
    for path, suffixes, option in (
        (report, (".json",), "--report"),
        (contact_sheet, (".html", ".htm"), "--contact-sheet"),
    ):
        if path is None:
            continue
        if path.suffix.lower() not in suffixes:
            raise click.BadParameter(f"{path} must end in {suffixes[0]}.", param_hint=option)
        try:
            outputs.check([path])
        except OutputError as error:
            raise click.BadParameter(str(error), param_hint=option) from error
    if settings.form == "heic":
        import importlib.util

        if importlib.util.find_spec("pillow_heif") is None:
            raise click.ClickException('Writing HEIC needs an extra: pip install "fsynth[heif]"')


def _check_photos(search: Search, settings: Settings, arguments: tuple[Path, ...]) -> None:
    from fsynth.balance.raw_file import is_raw

    if not search.photos and not search.problems:
        raise click.UsageError("There is no photo in the folder given. Subfolders count with --recursive.")
    if settings.method == "eq4" and settings.form is None and any(is_raw(found.photo) for found in search.photos):
        raise click.UsageError("No sidecar can hold Eq. 4's shift: with RAW photos, --method eq4 needs --format.")
    if settings.method == "eq4" and settings.reference is not None and is_raw(settings.reference):
        raise click.BadParameter("--method eq4 needs a finished picture.", param_hint="--reference")
    if settings.output_dir is not None and any(
        argument.is_dir() and argument.resolve() == settings.output_dir.resolve() for argument in arguments
    ):
        raise click.BadParameter(
            "The results would lie among the photos. Choose another folder, such as one inside it.",
            param_hint="--output-dir",
        )


def _open_journal(photos: tuple[Path, ...], settings: Settings, *, resume: bool, dry_run: bool) -> Any:
    from fsynth_cli.balance.journal import Journal, JournalError

    if dry_run:
        return Journal.nowhere()
    folder = settings.output_dir or (photos[0] if photos[0].is_dir() else photos[0].parent)
    decisive = {name: value for name, value in _shown(vars(settings)).items() if name != "overwrite"}
    try:
        return Journal.open(folder, decisive, resume=resume)
    except JournalError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        click.echo(
            f"{folder} can't be written to ({error.strerror or error}): --resume will not be possible.", err=True
        )
        return Journal.nowhere()


def _execute(run: Run, quiet: bool) -> None:
    from fsynth.errors import FsynthError
    from fsynth_cli.balance.reference import UnfitReferenceError

    hidden = quiet or not sys.stderr.isatty()
    with click.progressbar(length=run.steps, label="Balancing", hidden=hidden, file=sys.stderr) as bar:
        run.progress = bar.update
        try:
            run.execute()
        except UnfitReferenceError as error:
            raise click.BadParameter(str(error), param_hint="--reference") from error
        except FsynthError as error:
            raise click.ClickException(str(error)) from error


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A request to end (SIGTERM) ends the run as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _record(
    run: Run, shown: dict[str, Any], started: datetime.datetime, seconds: float, interrupted: bool
) -> RunRecord:
    from fsynth_cli.balance.record import RunRecord
    from fsynth_cli.balance.records import failed

    folders = [failed(folder, problem) for folder, problem in run.search.problems.items()]
    return RunRecord(
        settings=shown,
        photos=[*(run.records[number] for number in sorted(run.records)), *folders],
        people=run.people,
        started=started,
        seconds=seconds,
        dry_run=run.dry_run,
        interrupted=interrupted,
        resumed=run.journal.resumed,
    )


def _shown(options: dict[str, Any]) -> dict[str, Any]:
    """Options as in the help and in JSON's types."""
    names = {"form": "format"}
    return {
        names.get(name, name).replace("_", "-"): str(value) if isinstance(value, Path) else value
        for name, value in options.items()
    }


def _write_reports(record: RunRecord, outputs: Outputs, report: Path | None, contact_sheet: Path | None) -> None:
    from fsynth_cli.outputs import OutputError

    try:
        if report is not None:
            from fsynth_cli.balance.report import to_json

            with outputs.open(report) as stream:
                stream.write(to_json(record))
        if contact_sheet is not None:
            from fsynth_cli.balance.contact_sheet import write_contact_sheet

            with outputs.open(contact_sheet) as stream:
                write_contact_sheet(record, stream)
    except OutputError as error:
        raise click.ClickException(str(error)) from error


def _print(record: RunRecord, quiet: bool) -> None:
    if quiet:
        for photo in record.photos:
            if photo.status == "failed":
                click.echo(photo.reason, err=True)
        return
    from fsynth_cli.balance.table import make_table

    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None
    click.echo(make_table(record, width=width, colour=sys.stdout.isatty()))
