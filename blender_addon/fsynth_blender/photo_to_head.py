# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from a photo to a head, step by step. What ``work.make`` does once fsynth is needed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import loaded
from .joints import find_joints
from .messages import for_artists
from .parts import cut, origin_of
from .png import encode_png
from .work import TEXTURE_SIZES, Made, Request, SeveralFaces, WorkError

if TYPE_CHECKING:
    from fsynth import Face, NormalizedFace
    from fsynth_morphable import MorphableModel
    from fsynth_morphable.head import Head

Begin = Callable[[float, str], None]
"""Called with how much is done, 0..1, and what comes next."""

_SMALLEST = 1 / 3
"""Faces smaller than this share of the largest are passers-by."""

_CROP = 96
"""Width and height of the pictures to choose a face from."""

_MARGIN = 0.25
"""How much around a face they show, in widths of the face."""

_STEPS = {
    "shape": (0.4, "Fitting the shape"),
    "look": (0.5, "Reading eyes and hair"),
    "skin": (0.55, "Reading the skin"),
    "texture": (0.6, "Painting the texture"),
    "shape keys": (0.8, "Making shape keys"),
}
"""Of ``make_head``: how much is done before each, and what artists read."""

_LARGEST_SLIDER = 3.0
"""Standard deviations: further out heads stop looking like heads."""


def photo_to_head(request: Request, begin: Begin) -> Made:
    """See ``work.make``. ``begin`` raises ``Cancelled`` where the artist wants it.

    Raises:
        WorkError, SeveralFaces: see ``work.make``.
    """
    if request.texture_size not in TEXTURE_SIZES:
        raise WorkError(f"The texture must be {', '.join(map(str, TEXTURE_SIZES))} pixels wide.")
    begin(0.0, "Loading")
    with for_artists():
        return _photo_to_head(request, begin)


def _photo_to_head(request: Request, begin: Begin) -> Made:
    import fsynth
    from fsynth_morphable.create import make_head

    photo = Path(request.photo)
    model = loaded.model(request.model)
    if model.landmarks is None:
        raise WorkError(
            f"The model {model.name} has not been prepared yet. Add it in the extension's preferences first."
        )
    begin(0.05, "Reading the photo")
    pixels = fsynth.read_photo(photo)
    sha256 = _sha256(photo)
    begin(0.1, "Looking for faces")
    faces = _find(pixels, photo)
    index = _chosen(request, faces, pixels)
    begin(0.25, "Normalizing the face")
    face = loaded.normalizer(request.weights, request.device).faces(pixels, [faces[index]])[0]
    photo_image, photo_landmarks = _aligned(pixels, face)
    del pixels
    head = make_head(
        face.image,
        face.landmarks,
        model=model,
        photo_image=photo_image,
        photo_landmarks=photo_landmarks,
        fit_photo=request.fit_photo,
        texture_size=request.texture_size,
        hair=request.hair_tint,
        begin=lambda step: begin(*_STEPS[step]),
    )
    begin(0.85, "Encoding the texture")
    images = _encode(head)
    begin(0.95, "Cutting the head into parts")
    return _collect(replace(request, face=index), head, model, images, sha256, len(faces))


def _collect(
    request: Request, head: Head, model: MorphableModel, images: Mapping[str, bytes], sha256: str, faces: int
) -> Made:
    assert head.identity is not None
    origin = origin_of(head)
    joints = find_joints(head, model, origin)
    parts = cut(head, origin, joints)
    if not request.shape_keys:
        parts = tuple(replace(part, shape_keys={}) for part in parts)
    return Made(
        request=request,
        parts=parts,
        images=images,
        shapes=tuple(head.shape_keys) if request.shape_keys else (),
        identity=head.identity,
        identity_range=(-_LARGEST_SLIDER, _LARGEST_SLIDER),
        iris=_colour(head.iris),
        hair=None if head.hair is None else _colour(head.hair),
        joints=joints,
        origin=origin,
        sha256=sha256,
        faces=faces,
        licence=model.licence,
    )


def _find(pixels: np.ndarray, photo: Path) -> list[Face]:
    """The faces that may be meant, largest first; at least one."""
    import fsynth

    faces = fsynth.find_faces(pixels, smallest_share=_SMALLEST)
    if not faces:
        raise WorkError(
            f"No face was found in {photo.name}. A face should be at least about 20 pixels wide, and not covered."
        )
    widths = [float(np.max(face.box[2:] - face.box[:2])) for face in faces]
    return [face for face, width in zip(faces, widths, strict=True) if width >= _SMALLEST * max(widths)]


def _chosen(request: Request, faces: list[Face], pixels: np.ndarray) -> int:
    if request.face is None:
        if len(faces) > 1:
            raise SeveralFaces(tuple(_crop(pixels, face) for face in faces))
        return 0
    if not 0 <= request.face < len(faces):
        people = "one face" if len(faces) == 1 else f"{len(faces)} faces"
        raise WorkError(f"The photo shows {people}, so there is no face number {request.face + 1}.")
    return request.face


def _crop(pixels: np.ndarray, face: Face) -> bytes:
    from PIL import Image

    middle, side = (face.box[:2] + face.box[2:]) / 2, float(np.max(face.box[2:] - face.box[:2])) * (1 + 2 * _MARGIN)
    height, width, _ = pixels.shape
    # What lies outside the photo repeats its edge.
    places = np.linspace(-side / 2, side / 2, 3 * _CROP)
    columns = np.clip(np.rint(middle[0] + places), 0, width - 1).astype(int)
    rows = np.clip(np.rint(middle[1] + places), 0, height - 1).astype(int)
    stream = io.BytesIO()
    Image.fromarray(pixels[np.ix_(rows, columns)]).reduce(3).save(stream, "PNG")
    return stream.getvalue()


def _aligned(pixels: np.ndarray, face: NormalizedFace) -> tuple[np.ndarray, np.ndarray]:
    """The aligned face and its landmarks, with up to four times as many pixels each way if the photo has them."""
    from fsynth.faces.resample import resample

    aligned = face.aligned
    scale = int(np.clip(round(1 / float(np.sqrt(np.linalg.det(aligned.transform[:, :2])))), 1, 4))
    size = scale * len(aligned.image)
    # Pixel centres are on integers.
    transform = scale * aligned.transform + np.array([[0, 0, (scale - 1) / 2]] * 2)
    return resample(pixels, transform, size, size), scale * aligned.landmarks + (scale - 1) / 2


def _encode(head: Head) -> dict[str, bytes]:
    """The texture in PNG files: its colours, and with alpha the brows and lashes that are cut out."""
    from fsynth_morphable.gltf import cut_out_texture

    if head.texture is None:
        return {}
    return {"colour": encode_png(head.texture[..., :3]), "hair": encode_png(cut_out_texture(head))}


def _sha256(photo: Path) -> str:
    with photo.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _colour(colour: np.ndarray | None) -> tuple[float, float, float]:
    from fsynth_morphable.eyes import BROWN

    red, green, blue = (BROWN if colour is None else colour).tolist()
    return red, green, blue
