"""Scenes with a known light and exposure for ``benchmarks/balance.py``: held-out portraits, as negatives, read back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage
from tests.sdk.balance.synthetic import Shot, make_dng, true_gains

from fsynth.balance.develop import develop
from fsynth.balance.gains import Gains
from fsynth.balance.raw_file import RawPhoto, read_raw
from fsynth.balance.srgb import from_linear, to_linear
from fsynth.balance.temperature import Temperature
from fsynth.faces import LANDMARKS_65, AlignedFace, align, find_faces, read_photo
from fsynth_training.dataset.open_sets import held_out_london, london_pairs

LIGHTS = {
    "2500 K": Temperature(2500, 0.0),
    "2856 K": Temperature(2856, 0.0),
    "3500 K": Temperature(3500, 0.0),
    "4500 K": Temperature(4500, 0.002),
    "6500 K": Temperature(6500, 0.003),
    "10000 K": Temperature(10000, 0.003),
    "4000 K, green": Temperature(4000, 0.02),
    "5000 K, magenta": Temperature(5000, -0.015),
}
EXPOSURES = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
WALLS = {
    "brick": (0.45, 0.22, 0.15),
    "foliage": (0.14, 0.30, 0.10),
    "wood": (0.42, 0.26, 0.12),
    "blue": (0.16, 0.25, 0.45),
}
"""Linear sRGB of walls; London's own is near white, which suits peers that look for white."""

ITA_LIMITS = {"light": 41.0, "intermediate": 28.0, "tan": 10.0, "brown or dark": -91.0}


@dataclass(frozen=True, eq=False)
class Scene:
    """A portrait taken in a known light.

    Attributes:
        person, light: names.
        shot: light and exposure.
        truth: (H, W, 3) uint8 sRGB, the studio portrait.
        raw: the negative of it, read back.
        truth_gains: the gains that give the truth.
        as_shot: (H, W, 3) uint8 sRGB, developed with the camera's white balance.
        face: the face as found in ``as_shot``.
    """

    person: str
    light: str
    shot: Shot
    truth: np.ndarray
    raw: RawPhoto
    truth_gains: Gains
    as_shot: np.ndarray
    face: AlignedFace

    @property
    def landmarks(self) -> np.ndarray:
        """(65, 2) landmarks of the face, pixels of ``as_shot``, of the truth and of the negative."""
        return self.face.face.mesh[LANDMARKS_65, :2]


def portraits(faces: Path) -> dict[str, np.ndarray]:
    """The 20 held-out people of London: identity -> neutral studio portrait (275, 275, 3) uint8 sRGB."""
    pairs = london_pairs(faces, held_out_london(faces))
    return {person: halved(read_photo(neutral)) for person, neutral, _ in pairs}


def halved(picture: np.ndarray) -> np.ndarray:
    """``picture`` (H, W, 3) uint8 at half the size, averaged in linear light."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    blocks = to_linear(picture)[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3)
    return from_linear(blocks.mean(axis=(1, 3)))


def before_wall(picture: np.ndarray, wall: tuple[float, float, float]) -> np.ndarray:
    """``picture`` (H, W, 3) uint8 with all that is bright and colourless, the studio's wall, in the colour ``wall``."""
    linear = to_linear(picture)
    low, high = linear.min(axis=-1), linear.max(axis=-1)
    share = np.clip((low - 0.3) / 0.2, 0, 1) * np.clip((0.25 - (high - low) / high.clip(1e-3)) / 0.1, 0, 1)
    regions, _ = ndimage.label(share > 0)
    border = np.unique(np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]]))
    share *= np.isin(regions, border)  # not the highlights on skin
    return from_linear(linear * (1 + share[..., None] * (np.float32(wall) - 1)))


def scenes(faces: Path, *, lights_each: int, noise: bool = True, walls: bool = False) -> Iterator[Scene]:
    """``lights_each`` scenes a person, lights and exposures spread evenly; those without a found face are left out.

    With ``walls`` each person stands before one of ``WALLS``, which is then the truth.
    """
    names = list(LIGHTS)
    for row, (person, studio) in enumerate(portraits(faces).items()):
        truth = before_wall(studio, list(WALLS.values())[row % len(WALLS)]) if walls else studio
        for turn in range(lights_each):
            light = names[(row + turn * (len(names) // min(lights_each, len(names)))) % len(names)]
            exposure = EXPOSURES[(3 * row + 5 * turn) % len(EXPOSURES)]
            scene = take(person, light, truth, Shot(LIGHTS[light], exposure, noise=noise), seed=100 * row + turn)
            if scene is not None:
                yield scene


def take(person: str, light: str, truth: np.ndarray, shot: Shot, seed: int = 0) -> Scene | None:
    """One scene, written as DNG and read back through LibRaw; None if no face is found in it."""
    with tempfile.TemporaryDirectory() as folder:
        raw = read_raw(make_dng(Path(folder) / "scene.dng", truth, shot, seed))
    as_shot = develop(raw.camera, raw.as_shot, raw.camera_to_srgb)
    found = find_faces(as_shot, smallest_share=1)
    if not found:
        print(f"no face found: {person}, {light}, {shot.exposure:+} EV", flush=True)
        return None
    return Scene(person, light, shot, truth, raw, true_gains(shot), as_shot, align(as_shot, found[0]))
