"""The report of ``fsynth normalize``: one HTML file that holds its pictures and loads nothing."""

from __future__ import annotations

import base64
import datetime
import io
import shutil
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from fsynth.version import __version__

if TYPE_CHECKING:
    from fsynth import NormalizedFace
    from fsynth_cli.outputs import Outputs

PREVIEW = 480
"""Largest side in pixels of the input photo as the report shows it."""


class Report:
    """Collects results on disk as they come, so that a report of any length needs little memory."""

    def __init__(self, settings: str, body: BinaryIO) -> None:
        """``settings`` says in words how the faces were made; ``body`` is an empty file for the results so far."""
        self._settings = settings
        self._body = body
        self._failures: list[str] = []
        self._photos = 0
        self._faces = 0

    def add_photo(self, path: Path, photo: np.ndarray, faces: list[NormalizedFace], seconds: float) -> None:
        """Add ``photo`` (H, W, 3) uint8 and what became of each of its faces."""
        self._photos += 1
        rows = "".join(self._face(face, number, len(faces)) for number, face in enumerate(faces, start=1))
        height, width = photo.shape[:2]
        note = f"{width} × {height} px · {len(faces)} face{'s' * (len(faces) != 1)} · {seconds:.2f} s"
        section = (
            f'<article><header><h2>{escape(path.name)}</h2><p title="{escape(str(path))}">{note}</p></header>'
            f'<div class="photo">{_input_figure(photo, faces)}<div class="faces">{rows}</div></div></article>\n'
        )
        self._body.write(section.encode("utf-8", "replace"))

    def add_failure(self, failure: str) -> None:
        """Add a photo that gave no face: the sentence that names it and says why."""
        self._failures.append(failure)

    def write(self, outputs: Outputs, path: Path) -> None:
        """Write the whole page to ``path``."""
        template = (resources.files("fsynth_cli") / "report.html").read_text(encoding="utf-8")
        values = {
            "counts": self._counts(),
            "failures": self._failure_list(),
            "settings": escape(self._settings),
            "version": __version__,
            "date": datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M"),
        }
        before, after = (Template(part).substitute(values) for part in template.split("$body"))
        self._body.seek(0)
        with outputs.open(path) as stream:
            stream.write(before.encode("utf-8", "replace"))
            shutil.copyfileobj(self._body, stream)
            stream.write(after.encode("utf-8", "replace"))

    def _counts(self) -> str:
        items = [f"<li>{_count(self._photos, 'photo')}</li>", f"<li>{_count(self._faces, 'face')}</li>"]
        if self._failures:
            items.append(f'<li class="bad"><b>{len(self._failures)}</b> without a result</li>')
        return "\n".join(items)

    def _failure_list(self) -> str:
        if not self._failures:
            return ""
        rows = "".join(f"<li>{escape(failure)}</li>" for failure in self._failures)
        return f'<section class="failures"><h2>Without a result</h2><ul>{rows}</ul></section>'

    def _face(self, face: NormalizedFace, number: int, total: int) -> str:
        """The three pictures of one face, in a row."""
        assert face.aligned is not None
        self._faces += 1
        picture = f"n{self._faces}"
        height, width = face.image.shape[:2]
        dots = "".join(f'<circle cx="{x + 0.5:.1f}" cy="{y + 0.5:.1f}" r="1.6"/>' for x, y in face.landmarks)
        drawn = f'<use href="#{picture}"/><g class="dots">{dots}</g>'
        which = f'<b class="number">{number}</b>' if total > 1 else ""
        return (
            '<div class="face">'
            + _figure(f"{which}Aligned", "the face, aligned", *_size(face.aligned.image), _image(face.aligned.image))
            + _figure("Normalized", "the face, normalized", width, height, _image(face.image, picture), "main")
            + _figure(
                f"{len(face.landmarks)} landmarks", "the normalized face with its landmarks", width, height, drawn
            )
            + "</div>"
        )


def _count(number: int, noun: str) -> str:
    return f"<b>{number}</b> {noun if number == 1 else noun + 's'}"


def _input_figure(photo: np.ndarray, faces: list[NormalizedFace]) -> str:
    """The input photo, small, with a frame around each face."""
    image = Image.fromarray(photo)
    image.thumbnail((PREVIEW, PREVIEW), Image.Resampling.LANCZOS, reducing_gap=3.0)
    scale = image.width / photo.shape[1]
    marks = ""
    for number, face in enumerate(faces, start=1):
        assert face.aligned is not None
        left, top, right, bottom = ((np.asarray(face.aligned.face.box) + 0.5) * scale).tolist()
        marks += f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" rx="4"/>'
        if len(faces) > 1:
            marks += f'<text x="{left + 4:.1f}" y="{top + 15:.1f}">{number}</text>'
    content = _image(np.asarray(image)) + f'<g class="boxes">{marks}</g>'
    return _figure("Photo", "the photo", image.width, image.height, content, "input")


def _figure(caption: str, label: str, width: int, height: int, content: str, kind: str = "") -> str:
    return (
        f'<figure class="{kind}"><svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{content}</svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _image(pixels: np.ndarray, name: str = "") -> str:
    """``pixels`` (H, W, 3) uint8 as an SVG image that carries its own data, to be used again by ``name``."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=92)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    width, height = _size(pixels)
    identity = f'id="{name}" ' if name else ""
    return f'<image {identity}width="{width}" height="{height}" href="data:image/jpeg;base64,{data}"/>'


def _size(pixels: np.ndarray) -> tuple[int, int]:
    """Width and height."""
    return pixels.shape[1], pixels.shape[0]
