"""Whether a synthesized face is the person's: distances between embeddings, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata


@dataclass(frozen=True)
class Resemblance:
    """What one judge says of N outputs made from N photographs.

    Attributes:
        auc_same: area under the ROC curve, output against its own photo, strangers' photos as negatives.
        auc_other: the same against another photo of the person.
        rank1, rank5: share of outputs whose person's *other* photo is the nearest, or among the five nearest, of one
            photo of each person.
        stability: mean centred cosine between outputs of one person's photos; ``impostor`` between strangers' outputs,
            the alarm for artefacts that are the same on everybody.
        distance: mean distance between output and its own photo. beyond: share of them that is not less than the
            judge's distance for one person (the paper's figure 14).

    What needs a second photo of a person is NaN where no person has one.
    """

    auc_same: float
    auc_other: float
    rank1: float
    rank5: float
    stability: float
    impostor: float
    distance: float
    beyond: float


def auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Area under the ROC curve of scores, the Mann-Whitney statistic; NaN where one of them is empty."""
    if not (len(positives) and len(negatives)):
        return float("nan")
    ranks = rankdata(np.concatenate([positives, negatives]))
    wins = ranks[: len(positives)].sum() - len(positives) * (len(positives) + 1) / 2
    return float(wins / (len(positives) * len(negatives)))


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Euclidean distances (N, M) between rows of (N, W) and (M, W)."""
    products = first.astype(np.float64) @ second.astype(np.float64).T
    squares = (first.astype(np.float64) ** 2).sum(axis=1)[:, None] + (second.astype(np.float64) ** 2).sum(axis=1)
    return np.sqrt(np.maximum(squares - 2 * products, 0))


def ranks_of_other_photos(distance: np.ndarray, source: np.ndarray, person: np.ndarray) -> np.ndarray:
    """The rank, 0 the nearest, of another photo of the person among one photo of each person.

    Args:
        distance: (M, N) from outputs to photographs.
        source: (M,) int, the photograph that each output was made from.
        person: (N,) int, 0 to P - 1, whose each photograph is.

    Returns:
        (M,) int; -1 for outputs whose person has no other photo. The gallery holds everybody's first photo, and of the
        person in question one that the output was not made from.
    """
    firsts = np.unique(person, return_index=True)[1]
    ranks = np.full(len(source), -1)
    for row, photo in enumerate(source):
        others = np.flatnonzero((person == person[photo]) & (np.arange(len(person)) != photo))
        if len(others):
            gallery = firsts.copy()
            gallery[person[photo]] = others[photo % len(others)]
            order = np.argsort(distance[row, gallery])
            ranks[row] = int(np.flatnonzero(order == person[photo])[0])
    return ranks


def rank_share(ranks: np.ndarray, within: int) -> float:
    """The share of ``ranks`` (N,) that is below ``within``, of those that are not -1."""
    return _mean(ranks[ranks >= 0] < within)


def centred_cosines(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Cosines (N, N) between ``vectors`` (N, W) seen from ``mean`` (W,)."""
    unit = vectors - mean
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    return unit @ unit.T


def resemblance(made: np.ndarray, photos: np.ndarray, identity: np.ndarray, same_person: float) -> Resemblance:
    """Compare outputs with the photographs they were made from.

    Args:
        made, photos: (N, W), the judge's embeddings of outputs and photographs.
        identity: (N,), whose each is.
        same_person: the judge's distance below which two embeddings are one person's.
    """
    _, person = np.unique(identity, return_inverse=True)
    distance = distances(made, photos)
    same = person[:, None] == person
    own = np.eye(len(person), dtype=bool)
    ranks = ranks_of_other_photos(distance, np.arange(len(person)), person)
    cosine = centred_cosines(made, photos.mean(axis=0))
    return Resemblance(
        auc_same=auc(-distance[own], -distance[~same]),
        auc_other=auc(-distance[same & ~own], -distance[~same]),
        rank1=rank_share(ranks, 1),
        rank5=rank_share(ranks, 5),
        stability=_mean(cosine[same & ~own]),
        impostor=_mean(cosine[~same]),
        distance=_mean(distance[own]),
        beyond=_mean(distance[own] >= same_person),
    )


def equal_error_distance(same: np.ndarray, different: np.ndarray) -> tuple[float, float]:
    """The distance at which as many pairs of one person are further apart as pairs of two are nearer, and that share.

    Args:
        same: (P,) distances between photographs of one person. different: (Q,) between those of two.
    """
    same, different = np.sort(same), np.sort(different)
    candidates = np.concatenate([same, different])
    rejected = 1 - np.searchsorted(same, candidates, side="right") / len(same)
    accepted = np.searchsorted(different, candidates, side="left") / len(different)
    best = int(np.abs(rejected - accepted).argmin())
    return float(candidates[best]), float((rejected[best] + accepted[best]) / 2)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
