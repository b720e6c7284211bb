"""The page of ``fsynth explore``: one HTML file that holds its pictures and loads nothing."""

from __future__ import annotations

import base64
import datetime
import io
import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template

import numpy as np
from PIL import Image

from fsynth import NormalizedFace
from fsynth.version import __version__
from fsynth_training.explore.people import Person

DIFFERENCE_FULL = 0.15
"""Standard deviation of luma that the map of differences shows as full colour."""


def page(settings: str, sections: Sequence[str]) -> str:
    """The whole page; ``settings`` says in words how it was made."""
    template = Template((resources.files("fsynth_training.explore") / "page.html").read_text(encoding="utf-8"))
    date = datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
    return template.substitute(settings=escape(settings), body="\n".join(sections), version=__version__, date=date)


def faces_section(names: Sequence[str], faces: Sequence[NormalizedFace]) -> str:
    """Each photo beside its normalized face."""
    figures = ""
    for name, face in zip(names, faces, strict=True):
        assert face.aligned is not None
        figures += _figure(face.aligned.image, name) + _figure(face.image, "normalized")
    return _section("The faces", "Each photograph, aligned, and the normalized face that its features give.", figures)


def walk_section(names: tuple[str, str], images: np.ndarray) -> str:
    """The walk between two people; images (N, S, S, 3) uint8."""
    sources = [_source(image) for image in images]
    strip = "".join(f'<figure><img src="{source}" alt=""></figure>' for source in sources)
    middle = len(sources) // 2
    slider = (
        f'<div class="walk" data-frames=\'{json.dumps(sources)}\'><img src="{sources[middle]}" alt="a face between '
        f'the two"><input type="range" min="0" max="{len(sources) - 1}" value="{middle}" '
        f'aria-label="from one person to the other"></div>'
    )
    said = "Features between the two people's, on the way over the sphere. Drag the slider."
    return (
        f"<section><h2>From {escape(names[0])} to {escape(names[1])}</h2><p>{said}</p>"
        f'<div class="strip">{strip}</div>{slider}</section>'
    )


def directions_section(rows: Sequence[tuple[float, np.ndarray]], amounts: Sequence[float], whose: str) -> str:
    """What the main directions change; rows of (share of the variance, images (N, S, S, 3) uint8)."""
    body = ""
    for number, (share, images) in enumerate(rows, start=1):
        figures = "".join(
            _figure(image, f"{amount:+g} sd" if amount else "as is")
            for image, amount in zip(images, amounts, strict=True)
        )
        body += f'<h3>Direction {number}, {100 * share:.0f} % of the variance</h3><div class="strip">{figures}</div>'
    said = f"How people differ most: {whose}, moved along the principal directions of the features."
    return f"<section><h2>The main directions of the feature space</h2><p>{said}</p>{body}</section>"


def person_section(names: Sequence[str], person: Person, common: np.ndarray) -> str:
    """What is the same over one person's photos; common (S, S, 3) uint8 is the face of the mean features."""
    figures = _figure(common, "what the photos have in common") + _figure(_heat(person.difference), "where they differ")
    for name, face in zip(names, person.faces, strict=True):
        figures += _figure(face.image, name)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{value:.2f}</td>' for value in row)}</tr>"
        for name, row in zip(names, person.agreement, strict=True)
    )
    table = f"<table><tr><th></th>{head}</tr>{body}</table>"
    said = "Photos of one person: the face of their mean features, and how alike their features are (cosine)."
    return _section("The same person", said, figures, table)


def _section(title: str, said: str, figures: str, more: str = "") -> str:
    return f'<section><h2>{escape(title)}</h2><p>{escape(said)}</p><div class="row">{figures}</div>{more}</section>'


def _figure(pixels: np.ndarray, caption: str) -> str:
    name = escape(caption)
    return f'<figure><img src="{_source(pixels)}" alt="{name}"><figcaption>{name}</figcaption></figure>'


def _source(pixels: np.ndarray) -> str:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _heat(difference: np.ndarray) -> np.ndarray:
    """Differences (S, S) as a picture: none is white, much is dark red."""
    share = np.clip(difference / DIFFERENCE_FULL, 0, 1)[..., None]
    return (255 * (1 - share * (1 - np.array([0.55, 0.05, 0.1]))) + 0.5).astype(np.uint8)
