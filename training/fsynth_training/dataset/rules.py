"""The rules by which a photo may become a target or not: each has a name, a measured value and a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from fsynth.faces import INTEROCULAR, LANDMARKS_65
from fsynth_training.dataset.colour import to_lab
from fsynth_training.dataset.config import Filters
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.screening import forehead_contrast, glasses_evidence, mouth_opening, pose_angles


@dataclass(frozen=True)
class Rule:
    """One rule. ``name`` is that of its threshold in ``Filters`` and of its column in photos.csv."""

    name: str
    title: str
    keeps: Literal["at most", "at least"]
    unit: str
    meaning: str

    def passes(self, value: float, threshold: float) -> bool:
        """Whether a photo with ``value`` may become a target; the sign of an angle doesn't count."""
        return abs(value) <= threshold if self.keeps == "at most" else value >= threshold


RULES = (
    Rule("yaw", "Turned aside", "at most", "°", "The head is turned, by the depth of the mesh's cheeks."),
    Rule("pitch", "Looking up or down", "at most", "°", "The head is tipped, by the depth of forehead and chin."),
    Rule("roll", "Leaning", "at most", "°", "The line through the eyes is not level in the photo."),
    Rule("lip_gap", "Lips parted", "at most", "", "Distance of the inner lips, in interocular distances."),
    Rule("mouth_width", "Wide mouth", "at most", "", "Width of the mouth, in interocular distances: smiles, mostly."),
    Rule("glasses", "Glasses", "at most", "", "Strength of level edges on the bridge of the nose and both cheeks."),
    Rule("forehead", "Covered forehead", "at most", "", "Colour difference of forehead and cheeks: hats, fringes."),
    Rule("sharpness", "Blurred", "at least", "", "Variance of the Laplacian of the aligned face."),
    Rule("colour", "Monochrome", "at least", "", "Spread of colours that brightness does not explain, CIE Lab."),
    Rule("interocular", "Too small", "at least", " px", "Distance between the eyes in the photo."),
)

FRONTAL_PITCH = 2.4
"""Degrees that ``pose_angles`` gives for a face that looks straight ahead: the median of 164 studio photographs."""


def measure_face(mesh: np.ndarray, transform: np.ndarray, image: np.ndarray) -> dict[str, float]:
    """What can be measured of an aligned face.

    Args:
        mesh: (468, 3) px of the aligned face.
        transform: (2, 3), photo to aligned pixels.
        image: (224, 224, 3) uint8 sRGB, the aligned face.

    Returns:
        The value of each rule but glasses and forehead, by its name; angles in degrees, signed.
    """
    yaw, pitch = pose_angles(mesh[None])[0]
    gap, width = mouth_opening(mesh[None, LANDMARKS_65, :2])[0] / INTEROCULAR
    scale = np.hypot(transform[0, 0], transform[1, 0])
    return {
        "yaw": float(yaw),
        "pitch": float(pitch - FRONTAL_PITCH),
        "roll": float(np.degrees(np.arctan2(-transform[1, 0], transform[0, 0]))),
        "lip_gap": float(gap),
        "mouth_width": float(width),
        "sharpness": sharpness(image),
        "colour": colour_spread(image),
        "interocular": float(INTEROCULAR / scale),
    }


def measure_texture(texture: np.ndarray, geometry: Geometry) -> dict[str, float]:
    """The values of the rules glasses and forehead; ``texture`` (224, 224, 3) float 0..1, in the mean geometry."""
    return {
        "glasses": float(glasses_evidence(texture[None], geometry)[0]),
        "forehead": float(forehead_contrast(texture[None], geometry)[0]),
    }


def sharpness(image: np.ndarray) -> float:
    """Variance of the Laplacian of luma (0..255) within the face of an aligned ``image`` (224, 224, 3) uint8."""
    luma = image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return float(ndimage.laplace(luma)[60:180, 50:174].var())


def colour_spread(image: np.ndarray) -> float:
    """How far a* and b* lie from a curve over L*, root mean square, in the face of an aligned ``image`` uint8.

    0 for a grey photo, up to 0.5 for a toned one, 2.5 to 12 for 1,201 photos in colour.
    """
    lab = to_lab(image[60:180:3, 60:164:3].reshape(-1, 3) / 255)
    lightness = lab[:, 0] / 100
    curve = np.stack([np.ones_like(lightness), lightness, lightness**2], axis=1)
    rest = lab[:, 1:] - curve @ np.linalg.lstsq(curve, lab[:, 1:], rcond=None)[0]
    return float(np.sqrt((rest**2).sum(axis=1).mean()))


def broken_rules(values: Mapping[str, float], filters: Filters) -> list[Rule]:
    """The rules that a photo with these ``values`` breaks; a value that was not measured breaks none."""
    known = [rule for rule in RULES if rule.name in values]
    return [rule for rule in known if not rule.passes(values[rule.name], getattr(filters, rule.name))]


def explain(rule: Rule, value: float, filters: Filters) -> str:
    """Why a rule drops a photo, such as ``yaw 17.2° > 5°``."""
    threshold = getattr(filters, rule.name)
    sign = ">" if rule.keeps == "at most" else "<"
    return f"{rule.name} {value:.4g}{rule.unit} {sign} {threshold:.4g}{rule.unit}"
