"""How well the shape basis explains the landmarks of people it has not seen."""

from __future__ import annotations

import numpy as np

from fsynth.faces import INTEROCULAR, LANDMARKS_65
from fsynth_training.head.people import People
from fsynth_training.head.photo_fit import Belief, LandmarkModel, fit_photo
from fsynth_training.head.prior import Prior

_INNER = np.setdiff1d(np.arange(65), [*range(8), *range(27, 35), 54, 64])  # without jaw, forehead and chin
_NOISE, _NOISE_OUTLINE = 0.7, 2.0  # px
_EXPRESSION_SPREAD = 0.15


def print_errors(face: LandmarkModel, prior: Prior, mixture: np.ndarray, people: People) -> None:
    """Print the mean errors of the 47 inner landmarks of neutral faces, for more and more modes.

    Args:
        face: of the 468 points, its modes the K directions and then the expressions.
        mixture: (K, modes), what the modes are made of.
    """
    for count in (20, 40, 60, mixture.shape[1]):
        alone, moved = (errors(face, prior, mixture[:, :count], people, expressions=e).mean() for e in (False, True))
        print(f"{len(people.meshes)} people held out, {count} modes: {alone:.2%} of the interocular distance, "
              f"with expressions {moved:.2%}")  # fmt: skip


def errors(face: LandmarkModel, prior: Prior, mixture: np.ndarray, people: People, *, expressions: bool) -> np.ndarray:
    """(P,) mean distance of the inner ones of the 65 landmarks after the fit to all 65, per interocular distance."""
    directions = len(mixture)
    rows = face.modes[LANDMARKS_65]
    modes = rows[:, :, :directions] @ mixture
    precision = np.ones(mixture.shape[1])
    if expressions:
        modes = np.concatenate([modes, rows[:, :, directions:]], axis=2)
        precision = np.append(precision, np.full(rows.shape[2] - directions, _EXPRESSION_SPREAD**-2))
    model = LandmarkModel(face.mean[LANDMARKS_65] + rows[:, :, :directions] @ prior.mean, modes)
    belief = Belief(np.zeros(len(precision)), np.diag(precision))
    noise = np.full(65, _NOISE_OUTLINE)
    noise[_INNER] = _NOISE
    fits = [fit_photo(model, mesh[LANDMARKS_65, :2].astype(np.float64), belief, noise) for mesh in people.meshes]
    return np.array([np.linalg.norm(fit.residuals[_INNER], axis=1).mean() / INTEROCULAR for fit in fits])
