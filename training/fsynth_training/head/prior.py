"""How people's heads vary: the distribution of the directions' coefficients that explains the photographs best.

Expectation-maximisation: each photograph is fitted under the present belief; its most likely coefficients and what is
left unknown of them give the next belief. What no photograph shows, such as the back of the skull, stays as guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from fsynth_training.head.directions import Directions
from fsynth_training.head.people import People
from fsynth_training.head.photo_fit import Belief, LandmarkModel, PhotoFit, fit_photo

ROUNDS = 3
NOISE = 1.0
"""px of an aligned face. FaceMesh's errors are alike at neighbouring points, which the sum over all of them does not
know: so more than a single point's error. With less, depths are made up to explain what only other shapes can."""

_OUTLINE_NOISIER = 2.0
# Of expressions in photographs that are said to be neutral: how a face is at rest belongs to the person.
_NEUTRAL_SPREAD = 0.02
_FIRST_SPREAD = 0.25  # in all others
_SPREAD_RANGE = (0.03, 0.4)

# The outline of FaceMesh: its points follow the silhouette rather than the skin.
_OUTLINE = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
            152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Prior:
    """A normal distribution of the K coefficients of the directions: mean (K,), covariance (K, K)."""

    mean: np.ndarray
    covariance: np.ndarray

    def beside(self, other: Prior) -> Prior:
        """The distribution of the coefficients of both, independent of each other."""
        return Prior(np.append(self.mean, other.mean), block_diag(self.covariance, other.covariance))


def landmark_noise(landmarks: int = 468, noise_inside: float = NOISE) -> np.ndarray:
    """(468,) px: how far off each point of FaceMesh may be."""
    noise = np.full(landmarks, noise_inside)
    noise[list(_OUTLINE)] *= _OUTLINE_NOISIER
    return noise


def first_guess(ways: Directions) -> Prior:
    """Directions that vary independently, each as guessed."""
    return Prior(np.zeros(len(ways.names)), np.diag(ways.deviations**2))


def learn_prior(
    model: LandmarkModel,
    symmetric: np.ndarray,
    prior: Prior,
    people: People,
    *,
    noise: float = NOISE,
    rounds: int = ROUNDS,
) -> tuple[Prior, list[PhotoFit]]:
    """Learn the distribution, and return it with the last fits.

    Args:
        model: of FaceMesh's 468 points; its modes are the K directions, then the expressions.
        symmetric: (K,) bool, of the directions. prior: to begin with. people: to learn from.
        noise: px, see ``NOISE``.
    """
    count = len(symmetric)
    expressions = model.modes.shape[2] - count
    neutral = ((people.source == "london") & ~people.smiling) | (people.source == "canada")
    mood, spread = np.zeros(expressions), np.full(expressions, _FIRST_SPREAD)
    noises = landmark_noise(len(model.mean), noise)
    fits: list[PhotoFit | None] = [None] * len(people.meshes)
    found: list[PhotoFit] = []
    for number in range(rounds):
        still = _belief(prior, np.zeros(expressions), np.full(expressions, _NEUTRAL_SPREAD))
        moved = _belief(prior, mood, spread)
        for i, mesh in enumerate(people.meshes):
            before = fits[i]
            fits[i] = fit_photo(
                model,
                mesh[:, :2].astype(np.float64),
                still if neutral[i] else moved,
                noises,
                pose=None if before is None else before.pose,
                coefficients=None if before is None else before.coefficients,
                steps=5 if before is None else 2,
            )
        found = [fit for fit in fits if fit is not None]
        prior = _update(np.array([fit.coefficients[:count] for fit in found]),
                        np.mean([fit.covariance[:count, :count] for fit in found], axis=0), symmetric)  # fmt: skip
        faces = [fit for fit, is_neutral in zip(found, neutral, strict=True) if not is_neutral]
        if faces:
            likely = np.array([fit.coefficients[count:] for fit in faces])
            unknown = np.mean([np.diag(fit.covariance)[count:] for fit in faces], axis=0)
            mood = likely.mean(axis=0)
            spread = np.clip(np.sqrt(likely.var(axis=0) + unknown), *_SPREAD_RANGE)
        error = np.mean([np.linalg.norm(fit.residuals, axis=1).mean() for fit in found]) / 55
        print(f"round {number + 1}: {error:.2%} of the interocular distance left over {len(found)} photographs")
    return prior, found


def _belief(prior: Prior, mood: np.ndarray, spread: np.ndarray) -> Belief:
    count = len(prior.mean)
    precision = np.zeros((count + len(mood),) * 2)
    precision[:count, :count] = np.linalg.inv(prior.covariance)
    precision[count:, count:] = np.diag(spread**-2.0)
    return Belief(np.concatenate([prior.mean, mood]), precision)


def _update(likely: np.ndarray, unknown: np.ndarray, symmetric: np.ndarray) -> Prior:
    """The distribution of coefficients of people and of their mirror images, of which ``likely`` (P, K) are known."""
    mean = likely.mean(axis=0) * symmetric
    difference = likely - mean
    covariance = difference.T @ difference / len(likely) + unknown
    covariance *= symmetric[:, None] == symmetric[None]
    return Prior(mean, (covariance + covariance.T) / 2 + 1e-8 * np.eye(len(mean)))
