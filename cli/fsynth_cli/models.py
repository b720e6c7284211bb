"""``fsynth models``: the morphable models that heads can be made from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import numpy as np

    from fsynth_morphable import MorphableModel


@click.group(short_help="Models of heads: list them, look at one, add one.")
def models() -> None:
    """Morphable models of the human head.

    The model `fsynth` comes with fsynth. Others, such as Basel's, ICT-FaceKit and FLAME, have licences of their own:
    get them from their makers and add them here.
    """


@models.command("list")
def list_models() -> None:
    """List the models that `--model` knows by name."""
    from fsynth_morphable.models import available

    with _sentences():
        for entry in available():
            click.echo(f"{entry.name:<16} {click.format_filename(entry.path)}")


@models.command()
@click.argument("model", default="fsynth")
def info(model: str) -> None:
    """Show what is in MODEL, a name or a file.  [default: fsynth]"""
    from fsynth_morphable.models import load

    with _sentences():
        for label, value in _rows(load(model)):
            click.echo(f"{label:<16} {value}")


@models.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", help="What to call the model.  [default: the format's name, such as basel2017]")
@click.option("--seed", default=0, show_default=True, help="Of the cameras that look for the landmarks.")
@click.option("--overwrite", is_flag=True, help="Replace a model of that name.")
def add(path: Path, name: str | None, seed: int, overwrite: bool) -> None:
    """Add the model in PATH, and find its landmarks.

    \b
    PATH is one of
      01_MorphableModel.mat     Basel Face Model 2009
      model2017-1_*.h5          Basel Face Model 2017 or 2019
      a folder with FaceXModel  ICT-FaceKit
      flame2023.pkl             FLAME; nothing in the pickle is run
      a file of fsynth's        .npz

    The model is copied into fsynth's folder (set FSYNTH_HOME to choose another), so that PATH may go afterwards. Its
    landmarks are found in pictures of its mean head, which takes about a minute.
    """
    from fsynth_morphable.models import add as add_model

    with _sentences():
        added = add_model(path, _detect, name=name, seed=seed, overwrite=overwrite)
    click.echo(f"Added `{added.name}`. Use it with --model {added.name}. Licence: {added.licence}.")


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """Let errors raised on purpose end the command with their sentence."""
    from fsynth.errors import FsynthError
    from fsynth_morphable.errors import HeadError

    try:
        yield
    except (HeadError, FsynthError) as error:
        raise click.ClickException(str(error)) from error


def _detect(image: np.ndarray) -> np.ndarray | None:
    from fsynth.faces import find_faces
    from fsynth.faces.landmarks import LANDMARKS_65

    faces = find_faces(image, smallest_share=1)
    return faces[0].mesh[LANDMARKS_65, :2] if faces else None


def _rows(model: MorphableModel) -> Iterator[tuple[str, str]]:
    import numpy as np

    vertices = model.vertices()
    width, height, depth = 100 * np.ptp(vertices, axis=0)
    yield "name", model.name
    yield "licence", model.licence
    yield "source", model.source
    yield "vertices", f"{len(vertices)}"
    if model.subdivision is not None:
        yield "control mesh", f"{len(model.mean)} vertices"
    triangles = int((model.polygons[:, 3] < 0).sum())
    yield "polygons", f"{len(model.polygons)}: {len(model.polygons) - triangles} quads, {triangles} triangles"
    yield "size", f"{width:.1f} x {height:.1f} x {depth:.1f} cm (width, height, depth)"
    yield "units", "metres, Y up, the face along +Z"
    yield "identity", f"{len(model.identity)} modes, in standard deviations"
    low, high = model.expression_range
    yield "expressions", f"{len(model.expression)}, from {low:g} to {high:g}" if len(model.expression) else "none"
    colours = 0 if model.colour_basis is None else len(model.colour_basis)
    yield "colours", "none" if model.colour_mean is None else f"mean and {colours} modes"
    yield "UVs", "none" if model.uvs is None else f"{len(model.uvs)}"
    counts = np.bincount(model.polygon_part, minlength=len(model.part_names))
    yield "parts", ", ".join(f"{name} ({count})" for name, count in zip(model.part_names, counts, strict=True))
    yield (
        "landmarks",
        "none yet: fsynth models add finds them" if model.landmarks is None else f"{len(model.landmarks)}",
    )
