"""How far the light of a photograph moves the skin of its normalized face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_training.dataset.colour import difference, to_lab
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.light import skin_lab
from fsynth_training.evaluate.lights import lights, relight
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.synthesize import Maker


@dataclass(frozen=True)
class LightMove:
    """CIEDE2000 by which a light moves the skin of outputs (mean, worst) and the mean colour of the photographs."""

    mean: float
    worst: float
    photo: float


def light_moves(maker: Maker, photos: EvaluationPhotos, geometry: Geometry) -> dict[str, LightMove]:
    """The move by each of ``lights`` laid over ``photos``; ``geometry`` is that of the maker's textures."""

    def skin(images: np.ndarray) -> np.ndarray:
        return skin_lab(maker.synthesize(photos.seen_again(images)).textures, geometry)

    def mean_colour(images: np.ndarray) -> np.ndarray:
        return to_lab(images.reshape(len(images), -1, 3).mean(axis=1) / 255)

    before, moves = skin(photos.aligned), {}
    for name, gains in lights().items():
        lit = relight(photos.aligned, gains)
        moved = difference(before, skin(lit))
        photo = difference(mean_colour(photos.aligned), mean_colour(lit))
        moves[name] = LightMove(float(moved.mean()), float(moved.max()), float(photo.mean()))
    return moves
