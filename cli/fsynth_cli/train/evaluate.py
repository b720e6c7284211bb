"""``fsynth train evaluate``: weights, beside baselines, as figures and one page."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(short_help="Measure weights as the paper's figures do.")
@click.argument("weights", nargs=-1, required=True, metavar="WEIGHTS...", type=click.Path(path_type=Path))
@click.option(
    "--photos",
    required=True,
    metavar="FACES",
    type=click.Path(exists=True, path_type=Path),
    help="A folder with a folder for each person; a CSV with the columns file, identity and expression (neutral or "
    "smiling, where it is known); or the folder with lfw/ and london/.",
)
@click.option(
    "-o", "--output", required=True, metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
    help="For index.html, evaluation.json and contact sheets.",
)  # fmt: skip
@click.option(
    "--dataset", metavar="FOLDER", type=_FOLDER,
    help="A prepared dataset: adds the mean face, the nearest face and ridge regression on it.",
)  # fmt: skip
@click.option(
    "--cache", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
    help="Where measurements are kept for the next run.  [default: FOLDER/cache in the output]",
)  # fmt: skip
@click.option(
    "--robustness", default=100, show_default=True, metavar="PEOPLE", type=click.IntRange(min=0),
    help="People whose photographs are degraded; 0 leaves that part out.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def evaluate(
    weights: tuple[Path, ...],
    photos: Path,
    output: Path,
    dataset: Path | None,
    cache: Path | None,
    robustness: int,
    quiet: bool,
) -> None:
    """Measure WEIGHTS, .onnx files or "default", on photographs of people whom they never saw.

    Writes one page with the paper's figures: likeness by two recognisers, the distances between photo and face, what
    leaks of pose and smile, accuracy, skin colour, light, pose and robustness, for each of WEIGHTS and for baselines.
    """
    from fsynth.errors import FsynthError

    try:
        from fsynth_training.evaluate.run import Request, evaluate
    except ImportError as error:
        raise click.ClickException(
            f'Evaluating needs the package {error.name}. Install it: pip install "fsynth[train]"'
        ) from error
    request = Request(tuple(weights), photos, output, cache or output / "cache", dataset=dataset, robustness=robustness)
    try:
        evaluation = evaluate(request, (lambda message: None) if quiet else _say)
    except FsynthError as error:
        raise click.ClickException(str(error)) from error
    if not quiet:
        judge = next(iter(evaluation["judges"]))
        for maker in evaluation["makers"]:
            figures = maker["likeness"][judge]
            click.echo(f"{maker['name']}: rank-1 {figures['rank1']:.3f}, AUC {figures['auc_other']:.3f} ({judge})")
        click.echo(f"{output / 'index.html'}")


def _say(message: str) -> None:
    click.echo(message, err=True)
