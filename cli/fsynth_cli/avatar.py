"""``fsynth avatar``: a photo to a 3-D head."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from fsynth.errors import FsynthError
from fsynth_morphable.errors import ArgumentError, HeadError

if TYPE_CHECKING:
    import numpy as np

    from fsynth import NormalizedFace
    from fsynth_morphable.head import Head

SUFFIXES = (".glb", ".obj", ".ply")


@click.command(short_help="A photo to a 3-D head.")
@click.argument("photo", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The head: .glb, .obj or .ply.  [default: <photo>.glb beside the photo]",
)
@click.option("--model", default="fsynth", show_default=True, help="Name or path of the morphable model.")
@click.option(
    "--expression",
    "expressions",
    metavar="NAME=AMOUNT",
    multiple=True,
    help="How much, 0 to 1, of an expression: smile, blink, ..., or one of ARKit's shapes. May be repeated.",
)
@click.option(
    "--preview", is_flag=True, help="Also write pictures: <name>.preview.png and, turning, <name>.preview.webp."
)
@click.option("--fit-photo", is_flag=True, help="Take shape and skin detail from the photo itself, too.")
@click.option(
    "--texture-size",
    type=click.Choice(["512", "1024", "2048", "4096"]),
    default="1024",
    show_default=True,
    help="Width of the texture in pixels.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that exist already.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing.")
@click.option("--weights", default="default", show_default=True, help="Name or file of the decoder's weights.")
@click.option("--engine", type=click.Choice(["onnx", "tensorflow"]), default="onnx", show_default=True)
@click.option("--device", type=click.Choice(["cpu", "cuda", "dml", "coreml"]), default="cpu", show_default=True)
def avatar(
    photo: Path,
    output: Path | None,
    model: str,
    expressions: tuple[str, ...],
    preview: bool,
    fit_photo: bool,
    texture_size: str,
    overwrite: bool,
    quiet: bool,
    weights: str,
    engine: Literal["onnx", "tensorflow"],
    device: str,
) -> None:
    """Make a 3-D head of the person in PHOTO, of its largest face if there are several.

    .glb holds everything: mesh, texture, materials and ARKit's 52 shapes, with the expression switched on. .obj and
    .ply hold the head with its expression. The photo is never changed.

    \b
    Exit codes:
      0    the head is written
      1    the photo shows no face, or something needed is missing or damaged
      2    the command line is wrong
    """
    started = time.monotonic()
    path = photo.with_suffix(".glb") if output is None else output
    if path.suffix.lower() not in SUFFIXES:
        raise click.BadParameter(f"{path} must end in one of {', '.join(SUFFIXES)}.", param_hint="--output")
    pictures = [path.with_suffix(f".preview{kind}") for kind in (".png", ".webp")] if preview else []
    for file in (path, *pictures):
        if file.exists() and not overwrite:
            raise click.BadParameter(f"{file} exists already. Add --overwrite to replace it.", param_hint="--output")
    amounts = dict(_amount(text) for text in expressions)
    try:
        head = _make(photo, weights, engine, device, model, int(texture_size), fit_photo, path.stem)
        head = _pose(head, amounts)
        path.parent.mkdir(parents=True, exist_ok=True)
        files = head.save(path, overwrite=overwrite)
        if preview:
            from fsynth_morphable.preview import save_preview

            files += [save_preview(head, picture, overwrite=overwrite) for picture in pictures]
    except (FsynthError, HeadError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if not quiet:
        for file in files:
            click.echo(click.format_filename(file))
        click.echo(
            f"{len(head.vertices)} vertices, {len(head.shape_keys)} shapes, in {time.monotonic() - started:.1f} s."
        )


def _amount(text: str) -> tuple[str, float]:
    name, equals, amount = text.partition("=")
    try:
        return name.strip(), float(amount) if equals else 1.0
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} must be a name and a number, such as smile=0.6.", param_hint="--expression"
        ) from error


def _pose(head: Head, amounts: dict[str, float]) -> Head:
    try:
        return head.with_expression(amounts)
    except ArgumentError as error:
        raise click.BadParameter(str(error), param_hint="--expression") from error


def _make(
    photo: Path,
    weights: str,
    engine: Literal["onnx", "tensorflow"],
    device: str,
    model: str,
    texture_size: int,
    fit_photo: bool,
    name: str,
) -> Head:
    import fsynth
    from fsynth.faces import read_photo
    from fsynth_morphable.create import make_head
    from fsynth_morphable.models import load

    morphable = load(model)
    pixels = read_photo(photo)
    face = fsynth.load(weights, engine=engine, device=device)(pixels)
    photo_image, photo_landmarks = _aligned(pixels, face, enlarged=fit_photo)
    return make_head(
        face.image,
        face.landmarks,
        model=morphable,
        photo_image=photo_image,
        photo_landmarks=photo_landmarks,
        fit_photo=fit_photo,
        texture_size=texture_size,
        name=name,
    )


def _aligned(pixels: np.ndarray, face: NormalizedFace, *, enlarged: bool) -> tuple[np.ndarray, np.ndarray]:
    """The aligned face and its landmarks; enlarged, with four times as many pixels each way, if the photo has them."""
    from fsynth.faces.resample import resample

    aligned = face.aligned
    if not enlarged:
        return aligned.image, aligned.landmarks
    import numpy as np

    shrunk = 1 / float(np.sqrt(np.linalg.det(aligned.transform[:, :2])))
    scale = int(np.clip(round(shrunk), 1, 4))
    size = scale * len(aligned.image)
    # Pixel centres are on integers.
    transform = scale * aligned.transform + np.array([[0, 0, (scale - 1) / 2]] * 2)
    return resample(pixels, transform, size, size), scale * aligned.landmarks + (scale - 1) / 2
