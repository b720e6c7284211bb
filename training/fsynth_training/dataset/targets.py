"""Clean targets: every open photograph as an even, white-balanced texture on a plain background.

The steps are those of the model card, in its order. Everything happens in the mean geometry, where one
pixel is the same place of every face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from fsynth_training.dataset.geometry import SIZE, Geometry, bust, to_texture
from fsynth_training.dataset.light import even_light, white_balance
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.dataset.screening import forehead_contrast, glasses_evidence, pose_angles
from fsynth_training.dataset.smiles import Smile, relax_mouths

BACKGROUND = 0.80
"""The background of every normalized face, gamma-encoded sRGB grey: close to the London studio's."""

_SIDE_LIT = ("congress", "gpo_congress", "sfhq_t2i", "interfaces_cc0")


@dataclass(frozen=True, eq=False)
class Targets:
    """Clean targets of N photographs, in the mean geometry.

    Attributes:
        textures: (N, 224, 224, 3) float32 sRGB 0..1; beyond the head its colours go on.
        mattes: (N, 224, 224) float32 0..1, how much of a pixel is head and neck.
        landmarks: (N, 65, 2) float64 px.
        index: (N,) rows of the prepared set they come from.
    """

    textures: np.ndarray
    mattes: np.ndarray
    landmarks: np.ndarray
    index: np.ndarray


def on_background(aligned: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """``over_grey`` of ``aligned`` (N, 224, 224, 3) uint8."""
    return over_grey(aligned / np.float32(255), masks)


def over_grey(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The persons of ``image`` (..., 224, 224, 3) float 0..1 on the plain background, float32 0..1.

    ``mask`` (..., 224, 224): how much of a pixel is person.
    """
    alpha = tighten(mask)[..., None]
    return image * alpha + np.float32(BACKGROUND) * (1 - alpha)


def tighten(mask: np.ndarray) -> np.ndarray:
    """A person mask without its fringe, which still shows the old background."""
    return np.clip((mask - 0.35) / 0.5, 0, 1)


def continue_outwards(texture: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Continue the colours of a head beyond its outline, so that hair averaged over people holds no background.

    ``texture`` (224, 224, 3); ``matte`` (224, 224), how much of a pixel is head.
    """
    inside = ndimage.binary_erosion(matte > 0.9, iterations=2)
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    outside = ndimage.gaussian_filter(texture[nearest[0], nearest[1]], (4, 4, 0))
    weight = ndimage.gaussian_filter(inside.astype(np.float32), 1.0)[..., None]
    return texture * weight + outside * (1 - weight)


def build(prepared: PreparedSet, masks: np.ndarray, geometry: Geometry) -> tuple[Targets, Smile]:
    """All steps: background, mean geometry, white balance, even light, what must go, smiles.

    Args:
        prepared: photographs of the open sets.
        masks: (N, 224, 224) float32, how much of a pixel is person.
        geometry: ``mean_geometry`` of ``prepared``.
    """
    persons = on_background(prepared.aligned, masks)
    pairs = zip(persons, prepared.landmarks, strict=True)
    textures = np.stack([to_texture(image, points, geometry) for image, points in pairs])
    flat = zip(masks, prepared.landmarks, strict=True)
    mattes = np.stack([to_texture(mask[..., None], points, geometry)[..., 0] for mask, points in flat])
    mattes = tighten(mattes)

    angles = pose_angles(prepared.mesh)
    london = prepared.source == "london"
    angles -= np.median(angles[london], axis=0)
    keep = london | (
        (np.abs(angles[:, 0]) < 12)
        & (np.abs(angles[:, 1]) < 13)
        & (glasses_evidence(textures, geometry) < 0.09)
        & (forehead_contrast(textures, geometry) < 28)
    )
    textures = white_balance(textures, prepared.source, mattes, geometry)
    for row in np.flatnonzero(keep & np.isin(prepared.source, _SIDE_LIT)):
        textures[row] = even_light(textures[row], geometry)
    stays = bust(geometry)
    index = np.flatnonzero(keep)
    above_collar = np.arange(SIZE)[:, None] < geometry.mesh[152, 1] + 8  # collars give way to the skin of the neck
    filled = np.stack([continue_outwards(textures[row], mattes[row] * stays * above_collar) for row in index])
    targets = Targets(filled, mattes[index] * stays, prepared.landmarks[index].astype(np.float64), index)
    return without_smiles(targets, prepared, geometry)


def without_smiles(targets: Targets, prepared: PreparedSet, geometry: Geometry) -> tuple[Targets, Smile]:
    """Learn the smile on London's pairs and take it out of every photo whose lips part or whose mouth is wide."""
    source, smiling = prepared.source[targets.index], prepared.smiling[targets.index]
    identity = prepared.identity[targets.index]
    neutral_rows = {identity[i]: i for i in np.flatnonzero((source == "london") & ~smiling)}
    pairs = np.array([(neutral_rows[identity[i]], i) for i in np.flatnonzero(smiling) if identity[i] in neutral_rows])
    textures, landmarks, smile = relax_mouths(targets.textures, targets.landmarks, pairs, geometry)
    return replace(targets, textures=textures, landmarks=landmarks), smile
