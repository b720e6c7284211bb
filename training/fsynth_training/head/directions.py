"""What can vary about a head: the targets as directions, symmetric and asymmetric, with how much each may vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_training.head.source import Source

FOLDERS = (
    "eyes", "nose", "mouth", "ears", "head", "cheek", "chin", "forehead", "eyebrows", "neck", "asym", "macrodetails",
)  # fmt: skip
"""Folders of targets that shape a head."""

_OPPOSITES = (
    ("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("concave", "convex"),
    ("compress", "uncompress"), ("square", "round"), ("pointed", "triangle"),
)  # fmt: skip
_RACES = ("african", "asian", "caucasian")
_GENDERS = ("female", "male")

# Standard deviations, in units of a whole target: heads drawn with more get conical skulls.
_DEVIATIONS = {
    "head": 0.10, "forehead": 0.15, "neck": 0.15, "ears": 0.25, "asym": 0.15, "macrodetails": 0.30, "chin": 0.25,
    "cheek": 0.25, "eyebrows": 0.25, "eyes": 0.25, "nose": 0.25, "mouth": 0.25,
}  # fmt: skip
_ONE_SIDED = 0.08


@dataclass(frozen=True, eq=False)
class Directions:
    """K ways in which a head may differ from the mean.

    Attributes:
        names: K names. offsets: (K, N, 3) float32 metres of the whole body's vertices.
        deviations: (K,) float64, a first guess of the standard deviation of each coefficient among people.
        symmetric: (K,) bool.
    """

    names: list[str]
    offsets: np.ndarray
    deviations: np.ndarray
    symmetric: np.ndarray

    def __add__(self, other: Directions) -> Directions:
        return Directions(
            self.names + other.names,
            *(np.concatenate([getattr(self, a), getattr(other, a)]) for a in ("offsets", "deviations", "symmetric")),
        )


def mean_body(source: Source) -> np.ndarray:
    """(N, 3) metres: the mean of the young adults of all three races and both genders."""
    vertices = source.vertices.copy()
    for gender in _GENDERS:
        for race in _RACES:
            vertices += source.dense(source.targets[f"macrodetails/{race}-{gender}-young"]) / 6
        vertices += source.dense(source.targets[_universal(gender, "young", "average", "average")]) / 2
    return vertices


def directions(source: Source, head: np.ndarray) -> Directions:
    """All directions, without what only moves, turns or scales the head.

    Args:
        head: (N,) float, how much each vertex of the body counts as head, 0..1; the rest does not hold it in place.
    """
    names, offsets, deviations, symmetric = [], [], [], []

    def add(name: str, offset: np.ndarray, deviation: float, is_symmetric: bool) -> None:
        if np.abs(offset[head > 0]).max() > 1e-5:
            names.append(name)
            offsets.append(offset)
            deviations.append(deviation)
            symmetric.append(is_symmetric)

    for name, offset in {**_targets(source), **_macros(source)}.items():
        folder = name.split("/")[0]
        deviation = _DEVIATIONS[folder]
        mirrored = offset[source.mirror] * [-1, 1, 1]
        even, odd = (offset + mirrored) / 2, (offset - mirrored) / 2
        if name.split("/")[1].startswith("l-"):
            add(name.replace("/l-", "/both-"), 2 * even, deviation, True)
            add(name.replace("/l-", "/either-"), 2 * odd, _ONE_SIDED, False)
        elif np.abs(even).max() > np.abs(odd).max():
            add(name, even, deviation, True)
        else:
            add(name, odd, min(deviation, _DEVIATIONS["asym"]), False)
    still = _without_similarity(np.array(offsets), mean_body(source), head)
    return Directions(names, still.astype(np.float32), np.array(deviations), np.array(symmetric))


def _targets(source: Source) -> dict[str, np.ndarray]:
    """One direction for each pair of opposite targets and for each single one; right-side ones mirror the left."""
    found: dict[str, np.ndarray] = {}
    for name, shape in source.targets.items():
        folder, file = name.split("/")
        if folder == "macrodetails" or file.startswith(("r-", "asymm-", "measure-")) or file == "head-age-incr":
            continue
        stem, _, end = file.rpartition("-")
        if folder == "asym":
            if end == "l":
                found[f"asym/{stem}"] = (source.dense(shape) - source.dense(source.targets[f"asym/{stem}-r"])) / 2
            continue
        lows = [low for low, high in _OPPOSITES if high == end]
        opposite = next((low for low in lows if f"{folder}/{stem}-{low}" in source.targets), None)
        if opposite:
            other = source.targets[f"{folder}/{stem}-{opposite}"]
            found[f"{folder}/{stem}-{opposite}|{end}"] = (source.dense(shape) - source.dense(other)) / 2
        elif not any(low == end and f"{folder}/{stem}-{high}" in source.targets for low, high in _OPPOSITES):
            found[name] = source.dense(shape)
    return found


def _macros(source: Source) -> dict[str, np.ndarray]:
    """Differences between races, genders and ages, and of weight and muscle."""

    def people(race: str, gender: str, age: str = "young") -> np.ndarray:
        return source.dense(source.targets[f"macrodetails/{race}-{gender}-{age}"])

    def build(age: str, muscle: str, weight: str) -> np.ndarray:
        return np.mean([source.dense(source.targets[_universal(g, age, muscle, weight)]) for g in _GENDERS], axis=0)

    mean = np.mean([people(race, gender) for race in _RACES for gender in _GENDERS], axis=0)
    found = {}
    for race in _RACES:
        found[f"macrodetails/{race}"] = np.mean([people(race, gender) for gender in _GENDERS], axis=0) - mean
        found[f"macrodetails/{race}-gender"] = (people(race, "male") - people(race, "female")) / 2
        found[f"macrodetails/{race}-old"] = np.mean(
            [people(race, g, "old") - people(race, g) for g in _GENDERS], axis=0
        )
    found["macrodetails/universal-gender"] = (
        source.dense(source.targets[_universal("male", "young", "average", "average")])
        - source.dense(source.targets[_universal("female", "young", "average", "average")])
    ) / 2
    found["macrodetails/universal-old"] = build("old", "average", "average") - build("young", "average", "average")
    found["macrodetails/weight"] = (build("young", "average", "max") - build("young", "average", "min")) / 2
    found["macrodetails/muscle"] = (build("young", "max", "average") - build("young", "min", "average")) / 2
    return found


def _universal(gender: str, age: str, muscle: str, weight: str) -> str:
    return f"macrodetails/universal-{gender}-{age}-{muscle}muscle-{weight}weight"


def _without_similarity(offsets: np.ndarray, mean: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Subtract from each of ``offsets`` (K, N, 3) its best translation, rotation and scale, judged on the head."""
    centre = (mean * head[:, None]).sum(axis=0) / head.sum()
    x, y, z = (mean - centre).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    shifts = [[one, zero, zero], [zero, one, zero], [zero, zero, one]]
    turns = [[zero, -z, y], [z, zero, -x], [-y, x, zero]]
    moves = np.array([*shifts, *turns, [x, y, z]]).transpose(0, 2, 1)
    weight = np.sqrt(head)[:, None]
    basis = (moves * weight).reshape(7, -1)
    amounts = np.linalg.solve(basis @ basis.T, basis @ (offsets * weight).reshape(len(offsets), -1).T)
    return offsets - np.einsum("mk,mni->kni", amounts, moves)
