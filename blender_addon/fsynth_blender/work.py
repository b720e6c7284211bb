# SPDX-License-Identifier: GPL-3.0-or-later
"""From a photo to everything that Blender needs of a head. Knows nothing of Blender, so that it may run anywhere.

Nothing heavy is imported before ``make`` is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from .parts import Part

TEXTURE_SIZES = (512, 1024, 2048)
"""Pixels. Larger ones would show no more: faces come from at most 896 pixels."""

DEVICES = ("cpu", "cuda", "dml", "coreml")


class WorkError(Exception):
    """What went wrong, in a sentence for an artist."""


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """The work was stopped because the artist asked for it."""


class SeveralFaces(Exception):  # noqa: N818 - a question
    """The photo shows several people and the request names none of them.

    ``crops``: one PNG file (96 x 96 pixels) for each face, largest face first, as bytes. A face's place among them is
    what ``Request.face`` wants.
    """

    def __init__(self, crops: tuple[bytes, ...]) -> None:
        super().__init__(crops)
        self.crops = crops

    def __str__(self) -> str:
        return f"The photo shows {len(self.crops)} people. Choose one of them."


@dataclass(frozen=True)
class Request:
    """What to make.

    Attributes:
        photo: path of the photo.
        face: which of the faces, 0 is the largest; None where the photo should show one only.
        model: name or path of the morphable model, see ``fsynth_morphable.load``.
        texture_size: width and height of the texture in pixels, one of ``TEXTURE_SIZES``.
        shape_keys: whether to make ARKit's shapes.
        hair_tint: colour of the hair, sRGB in 0..1, or None for what the photo shows.
        fit_photo: take shape and the skin's detail from the photo, too, see ``fsynth_morphable.make_head``.
        weights: name or path of the decoder's weights, see ``fsynth.load``.
        device: one of ``DEVICES``.
    """

    photo: str | Path
    face: int | None = None
    model: str = "fsynth"
    texture_size: int = 1024
    shape_keys: bool = True
    hair_tint: tuple[float, float, float] | None = None
    fit_photo: bool = False
    weights: str = "default"
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class Made:
    """A head, ready for ``scene.build``. Blender's axes: metres, Z up, the face along -Y, the head's own left at +X.

    Attributes:
        request: what was asked for; its ``face`` is the one that was taken.
        parts: skin, eyes, ... see ``parts.Part``. The skin comes first.
        images: PNG files by name, "colour" and, with alpha, "hair"; empty where the model has no UVs.
        shapes: names of all shape keys, those of ARKit in the model's order; empty without shape keys.
        identity: (K,) float32 coefficients in standard deviations.
        identity_range: lowest and highest that sliders should offer.
        iris: sRGB in 0..1, measured in the photo.
        hair: sRGB in 0..1, or None for a bare head.
        joints: places (3,) metres by name: "neck", "head", "jaw", "eye_left", "eye_right", those that the model has.
        origin: (3,) metres in the model's own axes (Y up), what lies at Blender's origin: the neck.
        sha256: of the photo's file, in hexadecimal digits.
        faces: how many faces the photo shows.
        licence: under which terms the model, and so what is made of it, may be used.
    """

    request: Request
    parts: tuple[Part, ...]
    images: Mapping[str, bytes]
    shapes: tuple[str, ...]
    identity: np.ndarray
    identity_range: tuple[float, float]
    iris: tuple[float, float, float]
    hair: tuple[float, float, float] | None
    joints: Mapping[str, np.ndarray]
    origin: np.ndarray
    sha256: str
    faces: int
    licence: str


def make(
    request: Request,
    *,
    progress: Callable[[float, str], None] = lambda share, stage: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Made:
    """Make the head that is asked for; takes seconds, so call it in the background (``job.Job``).

    Args:
        request: what to make.
        progress: called with how much is done, 0..1, and what comes next, in a few words.
        cancelled: asked between steps; when it says True, ``Cancelled`` is raised.

    Raises:
        WorkError: it can't be made; the message is for the artist.
        SeveralFaces: ``request.face`` is None and the photo shows several people.
        Cancelled: see ``cancelled``.
    """
    from .photo_to_head import photo_to_head

    def begin(share: float, stage: str) -> None:
        if cancelled():
            raise Cancelled
        progress(share, stage)

    return photo_to_head(request, begin)
