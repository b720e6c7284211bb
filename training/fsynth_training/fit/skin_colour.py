"""The colour of the skin, regressed on its own: studio photos know it, and other sets blur it.

Most portraits were balanced to look alike, so a regression over all of them pulls every skin towards one colour. The
photos of one well-lit set are few, but their three numbers need no more.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fsynth.decoder.settings import YCC_TO_RGB
from fsynth_training.dataset.colour import to_lab
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.basis import Components, weighted_ridge
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.face_space import FaceSpace, Normalisation, labelled_views
from fsynth_training.fit.linear_config import SkinConfig
from fsynth_training.fit.photo_columns import column
from fsynth_training.fit.planes import CHROMA_STRIDE

ITA_LIMITS = (10.0, 28.0, 41.0)
"""Degrees of the individual typology angle between brown or dark, tan, intermediate and light skin (Chardon 1991)."""


def with_skin(
    space: FaceSpace, dataset: Dataset, planes: np.ndarray, normalisation: Normalisation, geometry: Geometry,
    config: SkinConfig,
) -> FaceSpace:  # fmt: skip
    """``space`` with three more base directions, by which the skin gets the colour that a regression of its own gives.

    Args:
        space: the face space.
        dataset, planes, normalisation, geometry: what it was made from.
        config: whose photos teach the regression, and how far the skin goes towards it.

    Raises:
        FitError: the dataset has no photo of the set.
    """
    chosen = {i for i, name in enumerate(column(dataset, "set")) if name == config.set}
    rows = np.flatnonzero((dataset.photo_target >= 0) & ~dataset.validation[dataset.photo_identity])
    views = labelled_views(dataset)
    here = np.isin(np.repeat(rows, dataset.features.shape[1]), list(chosen))
    if not here.any():
        raise FitError(f"skin.set = {config.set!r}, and no photo of that set has a target. Name another set.")
    colours = skin_of(planes, geometry)
    wanted = colours[views.target[here]]
    inputs = normalisation(views.features[here])
    still = config.invariance * degradation(dataset, normalisation) if config.invariance else None
    kernel, bias = weighted_ridge(inputs, wanted, config.ridge, tone_weights(wanted, config.balance), still)
    bias -= (config.gain - 1) * inputs.mean(axis=0) @ kernel  # the mean of the set stays
    kernel *= config.gain
    patterns = skin_patterns(planes, colours, geometry)
    of_directions = skin_of(space.base.directions, geometry)
    of_mean = skin_of((space.base.mean + _padded(space.face.mean, space.base.mean))[None], geometry)[0]
    more_kernel = config.share * (kernel - space.base_kernel @ of_directions)
    more_bias = config.share * (bias - space.base_bias @ of_directions - of_mean)
    return replace(
        space,
        base=Components(space.base.mean, np.concatenate([space.base.directions, patterns]), space.base.inverse),
        base_kernel=np.concatenate([space.base_kernel, more_kernel], axis=1),
        base_bias=np.concatenate([space.base_bias, more_bias]),
    )


def degradation(dataset: Dataset, normalisation: Normalisation) -> np.ndarray:
    """(W, W): mean outer product of what degrading a photo (light, blur, noise, ...) changes in normalised features.

    It needs no target: photos of everybody who is not held out count.
    """
    rows = np.flatnonzero(~dataset.validation[dataset.photo_identity])
    total, count = np.zeros((dataset.feature_width, dataset.feature_width)), 0
    plain = [normalisation(np.array(dataset.features[rows, view])) for view in (0, 1)]
    for view in range(2, dataset.features.shape[1]):
        mirrored = dataset.view_mirrored[rows, view, None]
        change = normalisation(np.array(dataset.features[rows, view])) - np.where(mirrored, plain[1], plain[0])
        total += change.T @ change
        count += len(change)
    return total / max(count, 1)


def skin_of(planes: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Mean (Y, Cr, Cb) of the skin in planes (N, P), (N, 3)."""
    size, stride = len(geometry.skin), CHROMA_STRIDE
    pixels, cells = size * size, (size // stride) ** 2
    skin = (geometry.skin > 0.5).ravel()
    small = geometry.skin.reshape(size // stride, stride, size // stride, stride).mean(axis=(1, 3)).ravel() > 0.5
    chroma = planes[:, pixels : pixels + 2 * cells].reshape(-1, cells, 2)[:, small].mean(axis=1)
    return np.concatenate([planes[:, :pixels][:, skin].mean(axis=1, keepdims=True), chroma], axis=1)


def skin_patterns(planes: np.ndarray, colours: np.ndarray, geometry: Geometry) -> np.ndarray:
    """(3, P) float32: how all planes follow the colour of the skin, over people; outlines don't.

    Neck and ears go along and hair hardly, as they do from person to person.
    """
    size, cells = len(geometry.skin), (len(geometry.skin) // CHROMA_STRIDE) ** 2
    pixels = size * size
    centred = colours - colours.mean(axis=0)
    patterns = np.linalg.solve(centred.T @ centred, centred.T @ (planes - planes.mean(axis=0)))
    patterns[:, pixels + 2 * cells :] = 0
    return patterns.astype(np.float32)


def tone_weights(colours: np.ndarray, balance: float) -> np.ndarray:
    """Weights (N,) of mean 1 for skin colours (N, 3), (Y, Cr, Cb); at ``balance`` 1 groups of tones count alike."""
    lab = to_lab(np.clip(colours @ YCC_TO_RGB, 0, 1))
    group = np.digitize(np.degrees(np.arctan2(lab[:, 0] - 50, lab[:, 2])), ITA_LIMITS)
    weights = (1 / np.bincount(group, minlength=len(ITA_LIMITS) + 1).clip(1)[group]) ** balance
    return weights / weights.mean()


def _padded(luma: np.ndarray, like: np.ndarray) -> np.ndarray:
    return np.concatenate([luma, np.zeros(len(like) - len(luma), luma.dtype)])
