"""Random morphs (paper section 5.1): a face halfway to somewhere between itself and one of its nearest neighbours.

``morphed_face(source, index)`` is a pure function: the same on any machine, in any order and process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth.warp.numpy import interpolate_spline, sparse_image_warp
from fsynth_training.augment.source import MorphSource


@dataclass(frozen=True)
class Morph:
    """What a morph is made of.

    Attributes:
        index: its number; with the seed it determines all that follows.
        face: row of the dataset of the seed face A. neighbour: of B, one of its k nearest.
        surround: row of the face that gives hair and neck.
        background: row of the dataset's backgrounds, -1 for a plain one.
        landmark_weight, texture_weight: of B, 0..1; A has the rest.
    """

    index: int
    face: int
    neighbour: int
    surround: int
    background: int
    landmark_weight: float
    texture_weight: float


@dataclass(frozen=True, eq=False)
class MorphedFace:
    """A morph and its images.

    Attributes:
        morph: what it is made of.
        texture: (S, S, 3) uint8 sRGB in the mean geometry; beyond the head its colours go on.
        matte: (S, S) uint8, how much of a pixel of texture is head and neck.
        landmarks: (65, 2) float32 px, (x, y).
        image: (S, S, 3) uint8 sRGB: the head on its background, warped to the landmarks.
    """

    morph: Morph
    texture: np.ndarray
    matte: np.ndarray
    landmarks: np.ndarray
    image: np.ndarray


def draw(source: MorphSource, index: int) -> Morph:
    """The random choices of morph ``index``: A uniformly, B uniformly among its k nearest, weights in [0, 1]."""
    config = source.config
    rng = np.random.default_rng((config.seed, index))
    start = int(rng.integers(len(source.rows)))
    near = source.neighbours[start]
    neighbour, other = (int(near[i]) for i in rng.integers(len(near), size=2))
    face = int(source.rows[start])
    landmark_weight, texture_weight = (float(weight) for weight in rng.uniform(size=2))
    images = len(source.dataset.backgrounds) if config.background == "images" else 0
    return Morph(
        index=index,
        face=face,
        neighbour=neighbour,
        surround=face if config.surround == "seed" else other,
        background=int(rng.integers(images)) if images else -1,
        landmark_weight=landmark_weight,
        texture_weight=texture_weight,
    )


def morphed_face(source: MorphSource, index: int) -> MorphedFace:
    """Morph ``index`` of ``source``: blended, composited into its surround (section 5.2), warped to its landmarks."""
    morph = draw(source, index)
    data = source.dataset
    texture = to_bytes(composite_texture(source, morph))
    share = np.float32(morph.landmark_weight)
    landmarks = (1 - share) * data.landmarks[morph.face] + share * data.landmarks[morph.neighbour]
    matte = np.asarray(data.mattes[morph.surround])
    plain = np.float32(source.config.plain * 255)
    background = plain if morph.background < 0 else data.backgrounds[morph.background].astype(np.float32)
    image, _ = sparse_image_warp(on_background(texture, matte, background), data.mean_landmarks, landmarks)
    return MorphedFace(morph, texture, matte, landmarks, to_bytes(image / np.float32(255)))


def on_background(texture: np.ndarray, matte: np.ndarray, background: np.ndarray | np.float32) -> np.ndarray:
    """The head in ``texture`` (S, S, 3) uint8, by its ``matte`` (S, S) uint8, on a background: float32, all 0..255."""
    flat: np.ndarray = background + (matte / np.float32(255))[..., None] * (texture - background)
    return flat


def composite_texture(source: MorphSource, morph: Morph) -> np.ndarray:
    """Eq. 3 for the blend of A's and B's textures on the surround's, (S, S, 3) float32, not clipped.

    By linearity: o = b + P((1 - w) a + w b' - b), whose four terms are kept images.
    """
    face, neighbour, surround = (
        source.parts[source.position[row]] for row in (morph.face, morph.neighbour, morph.surround)
    )
    weight = np.float32(morph.texture_weight)
    composite = source.dataset.textures[morph.surround] / np.float32(255)
    composite += (1 - weight) * face + weight * neighbour - surround
    return composite


def mesh_of(source: MorphSource, landmarks: np.ndarray) -> np.ndarray:
    """The mean mesh moved along with its landmarks, (468, 2) px: what an encoder cuts its chip by."""
    data = source.dataset
    moved: np.ndarray = interpolate_spline(data.mean_landmarks, landmarks, data.mean_mesh)
    return moved


def to_bytes(values: np.ndarray) -> np.ndarray:
    """0..1 to 0..255 uint8, rounded."""
    return (np.clip(values, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
