"""Makes the weights that ship with fsynth from the open sets: ``python -m fsynth_training.first_weights --help``.

Every stage keeps its result in the run folder and is skipped when it is there.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import numpy as np

from fsynth_training.dataset import open_sets, targets
from fsynth_training.dataset.geometry import mean_geometry
from fsynth_training.dataset.prepare import PreparedSet, cached, person_masks
from fsynth_training.fit import face_space, identity_fit
from fsynth_training.fit.export_linear import pack
from fsynth_training.fit.face_space import FaceSpace, Normalisation, Yardstick, unit

Result = TypeVar("Result")

AUGMENTATIONS_OPEN, AUGMENTATIONS_LFW = 5, 2

SHAPE_SHARE = 0.5
"""How far shapes go from ridge regression towards the identity fit. Half the way keeps the likeness of all of it and
leaves landmarks a quarter more accurate."""


def kept(path: Path, make: Callable[[], Result]) -> Result:
    """What an earlier run left in ``path``, or ``make()``, which is then left there. Only ever reads its own files."""
    if not path.exists():
        made = make()
        partial = path.with_name(f"{path.name}.partial")
        with partial.open("wb") as file:
            pickle.dump(made, file, protocol=pickle.HIGHEST_PROTOCOL)
        partial.replace(path)
    with path.open("rb") as file:
        result: Result = pickle.load(file)
    return result


def feature_pool(prepared: PreparedSet, coefficients: np.ndarray, index: np.ndarray) -> identity_fit.FeaturePool:
    """The features of a set with their goals; ``coefficients`` (2 M, K) belong to rows ``index`` (M,) of the set.

    The goal of each photo lies halfway between its own features and the mean of its person's. A smiling London photo
    has its neutral sister's target.
    """
    people, person = np.unique(prepared.identity, return_inverse=True)
    own = unit(prepared.features.mean(axis=1))
    mean = np.zeros((len(people), own.shape[1]), np.float32)
    np.add.at(mean, person, own)
    goals = unit(own + unit(mean)[person]) * np.linalg.norm(prepared.features, axis=2).mean()

    straight, mirrored = (np.full((len(person), coefficients.shape[1]), np.nan, np.float32) for _ in range(2))
    straight[index], mirrored[index] = coefficients[: len(index)], coefficients[len(index) :]
    neutral = {person[i]: i for i in np.flatnonzero((prepared.source == "london") & ~prepared.smiling)}
    target = np.array([neutral.get(person[i], i) if prepared.smiling[i] else i for i in range(len(person))])
    repeats = prepared.augmented.shape[1]
    return identity_fit.FeaturePool(
        inputs=np.concatenate([prepared.features[:, 0], prepared.features[:, 1], *prepared.augmented.swapaxes(0, 1)]),
        goals=np.concatenate([goals] * (2 + repeats)),
        person=np.concatenate([person] * (2 + repeats)),
        coefficients=np.concatenate([straight[target], mirrored[target], *[straight[target]] * repeats]),
    )


def joined(first: identity_fit.FeaturePool, second: identity_fit.FeaturePool) -> identity_fit.FeaturePool:
    """Both pools in one, people kept apart."""
    return identity_fit.FeaturePool(
        np.concatenate([first.inputs, second.inputs]),
        np.concatenate([first.goals, second.goals]),
        np.concatenate([first.person, second.person + first.person.max() + 1]),
        np.concatenate([first.coefficients, second.coefficients]),
    )


@click.command()
@click.argument("faces", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--selfie", required=True, type=click.Path(exists=True, path_type=Path), help="selfie.onnx")
@click.option("--run", required=True, type=click.Path(path_type=Path), help="Folder for every stage's result.")
@click.option("--steps", default=2500, show_default=True, help="Steps of the identity fit.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="The weights file to write, .onnx.")
def main(faces: Path, selfie: Path, run: Path, steps: int, output: Path) -> None:
    """Make weights from the open sets in FACES (the folder with london/, canada/, ...)."""
    from fsynth.decoder import onnx_form
    from fsynth.faces import five_points

    run.mkdir(parents=True, exist_ok=True)
    prepared = cached(run / "open.npz", open_sets.open_photographs(faces), augmentations=AUGMENTATIONS_OPEN)
    wild = cached(run / "lfw_features.npz", open_sets.lfw_features_only(faces), augmentations=AUGMENTATIONS_LFW)
    geometry = mean_geometry(prepared)
    clean = kept(
        run / "targets.pkl", lambda: targets.build(prepared, person_masks(prepared.aligned, selfie), geometry)[0]
    )
    spaces: tuple[FaceSpace, Normalisation, Yardstick] = kept(
        run / "space.pkl", lambda: face_space.build(prepared, clean, geometry)
    )
    space, normalisation, yardstick = spaces

    pool = feature_pool(prepared, yardstick.coefficients, clean.index)
    unlabelled = feature_pool(wild, np.zeros((0, yardstick.coefficients.shape[1]), np.float32), np.zeros(0, int))
    gains = np.ones(yardstick.kernel.shape[1])
    gains[: space.face.directions.shape[0]] = 1.5  # ridge shrinks towards the mean
    decoder = identity_fit.LinearDecoder(space, yardstick.kernel * gains, yardstick.bias)
    trained = run / f"fit_{steps}.npz"
    if not trained.exists():
        mesh = np.concatenate([geometry.mesh, np.zeros((len(geometry.mesh), 1))], axis=1)
        settings = identity_fit.FitSettings(steps=steps)
        identity_fit.fit(decoder, joined(pool, unlabelled), normalisation, five_points(mesh), settings, trained)
    with np.load(trained) as state:
        kernel, bias = state["kernel"], state["bias"]
    shapes = slice(space.face.directions.shape[0], None)
    kernel[:, shapes] += (1 - SHAPE_SHARE) * (yardstick.kernel - kernel)[:, shapes]
    bias[shapes] += (1 - SHAPE_SHARE) * (yardstick.bias - bias)[shapes]
    typical = np.concatenate([prepared.features[:, 0], wild.features[:, 0]])
    packed, share = pack(space, normalisation, kernel, bias, geometry, typical)
    digest = onnx_form.save(packed, output, encoder="faceres", name=output.stem)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, {share:.4f} of the variance kept, sha256 {digest}")


if __name__ == "__main__":
    main()
