"""The method "basis": a linear face space, ridge regression into it, and the identity loss on the map between.

In the run's folder, beside what ``run_folder`` lists::

    checkpoints/    of the identity fit
    decoder.npz     the whole
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fsynth_training.dataset.geometry import geometry_of
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit import decoder_file, face_space, identity_fit, whole_files
from fsynth_training.fit.both_sides import both_sides
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.exemplars import exemplars
from fsynth_training.fit.feature_pool import feature_pool
from fsynth_training.fit.linear_config import LinearConfig
from fsynth_training.fit.linear_decoder import LinearDecoder
from fsynth_training.fit.nuisances import nuisances_of
from fsynth_training.fit.pack import pack
from fsynth_training.fit.samples import unit
from fsynth_training.fit.second_judge import SecondJudge
from fsynth_training.fit.skin_colour import with_skin

__all__ = ["LinearConfig", "fit"]


def fit(dataset: Dataset, config: LinearConfig, run: Path, *, report: Callable[[str], None] = print) -> None:
    """Fit a decoder to ``dataset`` in the folder ``run``, from its last checkpoint if it has one.

    Args:
        dataset: what to learn from.
        config: what to do.
        run: the run's folder.
        report: takes lines of text.

    Raises:
        FitError: the dataset does not hold what ``config`` asks for, a checkpoint is damaged, the disk is full, or the
            loss is no number any more.
    """
    if dataset.encoder != "faceres":
        raise FitError(
            f'The method "basis" learns from the features of faceres; the dataset has those of {dataset.encoder}. '
            'Choose a preset with method = "network".'
        )
    second = _second_judge(dataset) if config.terms.second else None
    geometry = geometry_of(np.asarray(dataset.mean_mesh, np.float64))
    planes = face_space.target_planes(dataset, config.space.luma_stride)
    space, normalisation, yardstick = face_space.build(dataset, planes, geometry, config.space)
    if config.skin.set:
        space = with_skin(space, dataset, planes, normalisation, geometry, config.skin)
    report(f"Face space of {len(dataset.textures)} targets; ridge regression into it is done.")
    detail = exemplars(dataset, normalisation, geometry, config.detail) if config.detail.exemplars else None
    fitted = LinearDecoder(space, yardstick, face_gain=config.space.face_gain, hidden=config.hidden, seed=config.seed)
    history: list[dict[str, float]] = []
    if config.steps:
        pool = feature_pool(dataset, yardstick.coefficients, unlabelled=config.unlabelled)
        nuisances = nuisances_of(dataset)
        history = identity_fit.fit(
            fitted, pool, nuisances, normalisation, geometry, config, run / "checkpoints", report,
            second,
        )  # fmt: skip
        whole_files.write_json(run / "history.json", history)
    figures = {name: value for name, value in history[-1].items() if name != "step"} if history else {}
    typical = both_sides(dataset.features)[:, 0]
    packed, share = pack(
        fitted, normalisation, geometry, typical, config.space.code_width, detail, luma_stride=config.space.luma_stride
    )
    figures["variance kept by the code"] = share
    decoder_file.save(packed, run / decoder_file.NAME, {"step": config.steps, "figures": figures})
    report(f"The decoder is in {run / decoder_file.NAME}.")


def _second_judge(dataset: Dataset) -> SecondJudge:
    """The second recogniser of ``dataset``, which knows the people that are not held out."""
    if dataset.second_features is None or dataset.second_network is None:
        raise FitError(
            "terms.second needs what a second recogniser saw in the photos, and the dataset has none. Prepare it again "
            "with --second-encoder (docs/training.md), or fit with --set terms.second=0 --set terms.likeness=1."
        )
    fitted = ~dataset.validation[dataset.photo_identity]
    return SecondJudge(np.asarray(dataset.second_network), unit(np.array(dataset.second_features[fitted]).mean(axis=1)))
