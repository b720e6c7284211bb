"""One face to a clean target in the mean geometry: average, background, white balance, even light.

Everything here happens to one face at a time, from the kept results of its photos: processes can share the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsynth.faces import LANDMARKS_65
from fsynth.warp.numpy import sparse_image_warp
from fsynth_training.dataset.averaging import average_face
from fsynth_training.dataset.geometry import SIZE, Geometry, bust
from fsynth_training.dataset.light import WhiteBalance, apply_gains, even_light, skin_lab
from fsynth_training.dataset.photo_stage import Seen, load
from fsynth_training.dataset.rules import measure_texture
from fsynth_training.dataset.targets import continue_outwards, over_grey, tighten


@dataclass(frozen=True)
class FacePhotos:
    """The photos that become one target: their kept results, the set they belong to, and the first photo itself."""

    files: tuple[Path, ...]
    set: str
    photo: Path


@dataclass(frozen=True, eq=False)
class Look:
    """How targets look. balance: None leaves colours. even_light: sets that are lit from a side."""

    geometry: Geometry
    balance: WhiteBalance | None
    even_light: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Target:
    """texture: (224, 224, 3) float32 sRGB 0..1. matte: (224, 224) float32 0..1. landmarks: (65, 2) float64 px."""

    texture: np.ndarray
    matte: np.ndarray
    landmarks: np.ndarray


def measure_photo(file: Path, geometry: Geometry) -> tuple[dict[str, float], np.ndarray]:
    """What is measured of a photo in the mean geometry: values of rules, and the CIE Lab of its skin (3,)."""
    target = _in_mean_geometry([load(file)], geometry)
    return measure_texture(target.texture, geometry), skin_lab(target.texture[None], geometry)[0]


def make_target(face: FacePhotos, look: Look) -> Target:
    """The clean target of a face; smiles are still in it."""
    seen = [load(file) for file in face.files]
    target = _in_mean_geometry(seen, look.geometry)
    texture, matte = target.texture, target.matte
    if look.balance is not None:
        (lab,) = skin_lab(texture[None], look.geometry)
        texture = apply_gains(texture, look.balance.gains(lab, face.set), matte)
    if face.set in look.even_light:
        texture = even_light(texture, look.geometry)
    if all(len(one.mask) for one in seen):
        stays = bust(look.geometry)
        chin = look.geometry.mesh[152, 1]
        above_collar = np.arange(SIZE)[:, None] < chin + 8  # collars give way to the skin of the neck
        texture = continue_outwards(texture, matte * stays * above_collar)
        matte = matte * stays
    return Target(texture, matte, target.landmarks)


def make_background(face: FacePhotos, look: Look) -> np.ndarray:
    """The first photo of ``face`` in the mean geometry as it is, hair and surroundings included; uint8."""
    (image,), (points,) = _arrays([load(face.files[0])], masked=False)
    texture = _to_mean(image, points, look.geometry)[..., :3]
    if look.balance is not None:
        (lab,) = skin_lab(texture[None], look.geometry)
        texture = apply_gains(texture, look.balance.gains(lab, face.set), np.ones((SIZE, SIZE), np.float32))
    return to_bytes(texture)


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Values 0..1 as uint8 0..255."""
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def _in_mean_geometry(seen: Sequence[Seen], geometry: Geometry) -> Target:
    images, points = _arrays(seen, masked=True)
    image, landmarks = average_face(images, points) if len(seen) > 1 else (images[0], points[0])
    masked = image.shape[2] == 4
    if masked:
        image = np.concatenate([over_grey(image[..., :3], image[..., 3]), image[..., 3:]], axis=-1)
    warped = _to_mean(image, landmarks, geometry)
    matte = tighten(warped[..., 3]) if masked else np.ones((SIZE, SIZE), np.float32)
    return Target(warped[..., :3], matte, landmarks.astype(np.float64))


def _arrays(seen: Sequence[Seen], *, masked: bool) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Images (224, 224, 3 or, with a mask, 4) float32 0..1, and landmarks (65, 2)."""
    images = []
    for one in seen:
        image = one.image / np.float32(255)
        if masked and len(one.mask):
            image = np.concatenate([image, one.mask[..., None].astype(np.float32)], axis=-1)
        images.append(image)
    return images, [one.mesh[LANDMARKS_65, :2] for one in seen]


def _to_mean(image: np.ndarray, landmarks: np.ndarray, geometry: Geometry) -> np.ndarray:
    # The landmarks of the result are always the same: the spline is one matrix.
    warped = sparse_image_warp(image, landmarks.astype(np.float64), geometry.landmarks, mode="fixed")[0]
    return warped.astype(np.float32)
