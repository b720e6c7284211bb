"""How near a normalized face is to the person's own neutral, evenly lit photograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth.faces.alignment import INTEROCULAR
from fsynth_training.dataset.colour import difference
from fsynth_training.dataset.geometry import Geometry, to_texture
from fsynth_training.dataset.light import skin_lab
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.synthesize import Synthesized

ITA_GROUPS = (("light", 41.0), ("intermediate", 28.0), ("tan", 10.0), ("brown or dark", -90.0))
"""Skin-tone groups by the least individual typology angle, degrees (Chardon 1991): very light counts as light,
brown and dark are one."""


@dataclass(frozen=True)
class SkinGroup:
    """Mean CIEDE2000 between the skin of outputs and of photographs of people of one skin tone; NaN without people."""

    people: int
    difference: float


@dataclass(frozen=True)
class Accuracy:
    """Outputs beside neutral photographs of the same people, row by row.

    Attributes:
        landmark_error: mean distance in percent of the interocular distance.
        texture_error: mean absolute difference in the face, sRGB 0..1.
        sharpness: of the outputs' faces; photo_sharpness: of the photographs'.
        skin: mean CIEDE2000 between the skin of output and photograph; skin_groups: the same by skin tone.
    """

    landmark_error: float
    texture_error: float
    sharpness: float
    photo_sharpness: float
    skin: float
    skin_groups: dict[str, SkinGroup]


def accuracy(made: Synthesized, neutral: EvaluationPhotos, geometry: Geometry) -> Accuracy:
    """Compare ``made`` (N) with ``neutral`` (N), photographs of the same people; ``geometry`` is that of ``made``."""
    pairs = zip(neutral.aligned, neutral.landmarks, strict=True)
    truth = np.stack([to_texture(image / np.float32(255), points, geometry) for image, points in pairs])
    there, here = skin_lab(truth, geometry), skin_lab(made.textures, geometry)
    error = difference(there, here)
    face = geometry.face > 0.5
    return Accuracy(
        landmark_error=float(np.linalg.norm(made.landmarks - neutral.landmarks, axis=2).mean() / INTEROCULAR * 100),
        texture_error=float(np.abs(made.textures - truth)[:, face].mean()),
        sharpness=sharpness(made.images, face),
        photo_sharpness=sharpness(neutral.aligned, face),
        skin=float(error.mean()),
        skin_groups=by_skin_tone(error, typology_angle(there)),
    )


def sharpness(images: np.ndarray, mask: np.ndarray) -> float:
    """Variance of the Laplacian of luma (0..255) within ``mask`` (H, W) bool, mean over ``images`` (N, H, W, 3)."""
    luma = images @ np.array([0.299, 0.587, 0.114])
    laplacian = (
        -4 * luma[:, 1:-1, 1:-1] + luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1] + luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:]
    )
    return float(laplacian[:, mask[1:-1, 1:-1]].var(axis=1).mean())


def typology_angle(lab: np.ndarray) -> np.ndarray:
    """Individual typology angle in degrees of skin colours (N, 3), CIE Lab."""
    return np.degrees(np.arctan2(lab[:, 0] - 50, lab[:, 2]))


def by_skin_tone(error: np.ndarray, angle: np.ndarray) -> dict[str, SkinGroup]:
    """The mean of ``error`` (N,) in each of ``ITA_GROUPS``; ``angle`` (N,) degrees."""
    groups, upper = {}, np.inf
    for name, lower in ITA_GROUPS:
        inside = (angle >= lower) & (angle < upper)
        groups[name] = SkinGroup(int(inside.sum()), float(error[inside].mean()) if inside.any() else float("nan"))
        upper = lower
    return groups
