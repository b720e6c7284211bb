"""``fsynth explore``: what the identity features of some photos say, as one web page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fsynth.errors import FsynthError
from fsynth_cli.inputs import find_inputs
from fsynth_cli.outputs import OutputError, Outputs

if TYPE_CHECKING:
    import numpy as np

    from fsynth import NormalizedFace, Normalizer
    from fsynth_training.explore.directions import Directions

SOME_FAILED = 3
"""Exit code when at least one photo gave no face."""

STEPS = 9
"""Faces on the way between two people."""

AMOUNTS = (-3.0, -1.5, 0.0, 1.5, 3.0)
"""How far the faces of a direction are moved, in standard deviations."""


@click.command(short_help="What the features of photos say, as a web page.")
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PAGE.html",
    default="explore.html",
    show_default=True,
    help="The page to write.",
)
@click.option("-r", "--recursive", is_flag=True, help="Take the photos in subfolders of a folder, too.")
@click.option("--same", is_flag=True, help="All photos are of one person.  [default: found by their features]")
@click.option("--weights", default="default", show_default=True, help="Name or file of the decoder's weights.")
@click.option(
    "--dataset",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the main directions from the people of this dataset.  [default: those of the default weights]",
)
@click.option("--overwrite", is_flag=True, help="Replace a page that exists already.")
@click.pass_context
def explore(
    ctx: click.Context,
    photos: tuple[Path, ...],
    output: Path,
    recursive: bool,
    same: bool,
    weights: str,
    dataset: Path | None,
    overwrite: bool,
) -> None:
    """Show what lies in the identity features of each PHOTO: one web page that holds all its pictures.

    The page has the normalized face of the largest face of each photo; the walk between the features of two people,
    from each to the next; what changes along the main directions of the feature space; and, of several photos of one
    person, what is the same in all of them.
    """
    if output.suffix.lower() not in {".html", ".htm"}:
        raise click.BadParameter(f"{output} must end in .html.", param_hint="--output")
    outputs = Outputs(overwrite=overwrite)
    inputs = find_inputs(photos, None, recursive=recursive)
    if not inputs:
        raise click.UsageError("There is no photo in the folder given. Subfolders count with --recursive.")
    try:
        outputs.check([output])
        import fsynth

        normalizer = fsynth.load(weights)
        directions = _directions(dataset)
        _check_width(directions, normalizer, weights)
    except FsynthError as error:
        raise click.ClickException(str(error)) from error

    names, faces, failures = [], [], []
    for item in inputs:
        try:
            faces.append(normalizer(item.photo))
            names.append(item.photo.stem)
        except (FsynthError, OSError) as error:
            text = str(error)
            failures.append(text if text.startswith(str(item.photo)) else f"{item.photo}: {text}")
    for failure in failures:
        click.echo(failure, err=True)
    if not faces:
        ctx.exit(SOME_FAILED)
    from fsynth_training.explore.page import page

    text = page(
        f"{len(faces)} photographs, {weights} weights", list(_sections(normalizer, names, faces, directions, same))
    )
    try:
        with outputs.open(output) as stream:
            stream.write(text.encode("utf-8", "replace"))
    except OutputError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{click.format_filename(output)} shows {len(faces)} of {len(inputs)} photos.")
    ctx.exit(SOME_FAILED if failures else 0)


def _directions(dataset: Path | None) -> Directions:
    from fsynth_training.explore import directions

    if dataset is None:
        return directions.shipped()
    from fsynth_training.dataset.store import Dataset

    return directions.learn(Dataset.open(dataset, verify=False))


def _check_width(directions: Directions, normalizer: Normalizer, weights: str) -> None:
    width = normalizer.engine.card.settings.feature_width
    if directions.mean.shape != (width,):
        raise click.ClickException(
            f"The main directions are of {directions.mean.size} features, and {weights} takes {width}: give the "
            "dataset that it was trained on with --dataset."
        )


def _sections(
    normalizer: Normalizer, names: list[str], faces: list[NormalizedFace], directions: Directions, same: bool
) -> Iterator[str]:
    import numpy as np

    from fsynth_training.explore import page
    from fsynth_training.explore.people import groups, person
    from fsynth_training.explore.walk import walk

    def shown(features: np.ndarray) -> np.ndarray:
        return (normalizer.decode(features).images * 255 + 0.5).astype(np.uint8)

    features = np.stack([face.features for face in faces])
    people = [list(range(len(faces)))] if same else groups(features, directions.mean)
    yield page.faces_section(names, faces)
    for rows in people:
        if len(rows) > 1:
            found = person([faces[row] for row in rows], directions.mean)
            yield page.person_section([names[row] for row in rows], found, shown(found.features[None])[0])
    for first, second in pairwise(rows[0] for rows in people):
        way = walk(features[first], features[second], STEPS)
        yield page.walk_section((names[first], names[second]), shown(way))
    moved = [
        (float(share), shown(np.stack([directions.along(number, amount) for amount in AMOUNTS])))
        for number, share in enumerate(directions.share)
    ]
    yield page.directions_section(moved, AMOUNTS, "the mean of all people")
