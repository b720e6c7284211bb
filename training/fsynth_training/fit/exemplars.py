"""The bank of the detail stage: fine luma of real faces, and whose is chosen for which features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.special import softmax

from fsynth.decoder.settings import LUMA
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.store import Dataset
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.face_space import Normalisation, face_mask
from fsynth_training.fit.linear_config import DetailConfig
from fsynth_training.fit.photo_columns import column

EMPHASIS, EMPHASIS_SIGMA = 0.8, 0.7
"""The warp from texture to image samples bilinearly, which halves the Laplacian's deviation. Textures are sharpened
by this much beforehand: of 55 London photos, warped there and back, the image then has 0.9 times the photo's variance
of the Laplacian (0.4 times without), and differs from it by 0.005 on average."""

DECIDED = 0.97
"""The median weight, over people, of the exemplar that is chosen."""

MOUTH = (0, 13, 14, 17, 61, 291, 40, 270, 91, 321, 37, 267, 84, 314)
"""Points of the mesh around the mouth."""


@dataclass(frozen=True, eq=False)
class Exemplars:
    """rows: (K,) int, the targets whose detail it is. bank: (K, S*S) float32, luma. kernel (W, K), bias (K,): from
    normalised features to the logits of the choice.
    """

    rows: np.ndarray
    bank: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray


def exemplars(dataset: Dataset, normalisation: Normalisation, geometry: Geometry, config: DetailConfig) -> Exemplars:
    """Choose ``config.exemplars`` sharp targets that stand for all people of the dataset, and cut out their detail.

    Raises:
        FitError: the dataset has no fine detail, or too few sharp targets.
    """
    if dataset.fine is None:
        raise FitError("The detail stage needs a dataset with fine detail: prepare it with --set fine=true.")
    luma = np.asarray(dataset.textures) @ (LUMA / 255) + dataset.fine
    measured = sharpness(luma, geometry.face)
    rows = np.flatnonzero(plain_faces(dataset, config) & (measured >= config.softest) & (measured <= config.sharpest))
    if len(rows) < config.exemplars:
        raise FitError(
            f"detail.exemplars = {config.exemplars}, but {len(rows)} targets serve, with a sharpness within "
            f"{config.softest:g}..{config.sharpest:g}. Lower detail.exemplars, or widen detail.softest, .sharpest, "
            ".yaw, .glasses and .forehead."
        )
    keys = normalisation(np.asarray(dataset.target_features)[rows])
    people = normalisation(np.asarray(dataset.features)[:, 0])
    chosen = spread_out(people, keys, config.exemplars)
    kept, keys = rows[chosen], keys[chosen]
    gain = np.clip(np.sqrt(config.sharpness / measured[kept]), 0.7, 1.5)
    inside = [_inside(matte, geometry) for matte in np.asarray(dataset.mattes)[kept]]
    around = np.stack([fine_of(image, config.sigma, EMPHASIS) for image in luma[kept]])
    face = np.stack([fine_of(image, config.face_sigma, config.face_emphasis) for image in luma[kept]])
    mask = face_mask(geometry)
    bank = np.stack(inside) * (around + mask * (gain[:, None, None] * face - around))
    skin = ndimage.gaussian_filter((geometry.skin > 0.5).astype(np.float32), 2)
    limit = config.limit + (config.face_limit - config.limit) * mask
    limit += (config.skin_limit - limit) * skin
    bank = limit * np.tanh(bank / limit)
    bank = with_mouths(bank, keys, changed_mouths(dataset)[kept], geometry)
    kernel, bias = nearest(keys, people)
    return Exemplars(kept, bank.reshape(len(kept), -1).astype(np.float32), kernel, bias)


def plain_faces(dataset: Dataset, config: DetailConfig) -> np.ndarray:
    """(N,) bool: targets of people who are not held out, frontal, with nothing before the face."""
    plain = ~dataset.validation[dataset.photo_identity] & (dataset.photo_target >= 0)
    for name in ("yaw", "glasses", "forehead"):
        values = column(dataset, name)
        numbers = np.where(values != "", values, "inf").astype(float)
        plain &= np.abs(numbers) <= getattr(config, name)
    return np.isin(np.arange(len(dataset.textures)), dataset.photo_target[plain])


def sharpness(luma: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Variance of the Laplacian of luma (N, S, S), 0..1, taken as 0..255, where ``mask`` (S, S) > 0.5: (N,)."""
    inside = mask > 0.5
    return np.array([np.var(255 * ndimage.laplace(image)[inside]) for image in luma])


def fine_of(luma: np.ndarray, sigma: float, emphasis: float) -> np.ndarray:
    """What is finer than ``sigma`` px in ``luma`` (S, S), sharpened, since the warp to the image will lose some of it.

    emphasis: how much of what is finer than ``EMPHASIS_SIGMA`` px is added.
    """
    sharp = luma + emphasis * (luma - ndimage.gaussian_filter(luma, EMPHASIS_SIGMA))
    return sharp - ndimage.gaussian_filter(sharp, sigma)


def spread_out(people: np.ndarray, keys: np.ndarray, count: int) -> np.ndarray:
    """(count,) rows of ``keys`` (C, W) such that people (P, W) are near to one of them: greedy facility location.

    Source: Cornuejols, Fisher, Nemhauser 1977, Location of bank accounts to optimize float.
    """
    distance = np.square(people).sum(axis=1)[:, None] - 2 * people @ keys.T + np.square(keys).sum(axis=1)
    nearest_so_far = distance.max(axis=1)
    chosen: list[int] = []
    for _ in range(count):
        gained = np.maximum(nearest_so_far[:, None] - distance, 0).sum(axis=0)
        gained[chosen] = -1
        chosen.append(int(gained.argmax()))
        nearest_so_far = np.minimum(nearest_so_far, distance[:, chosen[-1]])
    return np.array(chosen)


def nearest(keys: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax chooses the key (K, W) nearest to normalised features: kernel (W, K), bias (K,).

    |x - k|^2 is linear in x but for a part that all keys share. The scale is such that of people (P, W) the median has
    ``DECIDED`` of its weight on one key.
    """
    logits = people @ keys.T - np.square(keys).sum(axis=1) / 2
    low, high = 1e-4, 1e4
    for _ in range(60):
        scale = np.sqrt(low * high)
        decided = np.median(softmax(scale * logits, axis=1).max(axis=1)) > DECIDED
        low, high = (low, scale) if decided else (scale, high)
    return high * keys.T, -high * np.square(keys).sum(axis=1) / 2


def changed_mouths(dataset: Dataset) -> np.ndarray:
    """(N,) bool: targets whose photo has parted lips or a wider mouth than nine in ten neutral ones of the table.

    The target's mouth is then not the photo's own.
    """
    expression = column(dataset, "expression")
    measured = [column(dataset, name) for name in ("lip_gap", "mouth_width")]
    known = np.all([values != "" for values in measured], axis=0)
    changed = np.zeros(len(dataset.textures), bool)
    neutral = known & (expression == "neutral")
    if not neutral.any():
        return changed
    for values in measured:
        numbers = np.where(known, values, "nan").astype(float)
        wide = known & ~neutral & (expression != "smiling") & (numbers > np.quantile(numbers[neutral], 0.9))
        changed[dataset.photo_target[wide & (dataset.photo_target >= 0)]] = True
    return changed


def with_mouths(bank: np.ndarray, keys: np.ndarray, changed: np.ndarray, geometry: Geometry) -> np.ndarray:
    """The bank (K, S, S) with the mouths of ``changed`` (K,) taken from the most alike exemplar that is not."""
    if not changed.any() or changed.all():
        return bank
    points = geometry.mesh[list(MOUTH)]
    (x0, y0), (x1, y1) = points.min(axis=0).astype(int) - 10, points.max(axis=0).astype(int) + 10
    box = np.zeros(bank.shape[1:])
    box[y0:y1, x0:x1] = 1
    weight = ndimage.gaussian_filter(box, 2)
    others = np.flatnonzero(~changed)
    result = bank.copy()
    for row in np.flatnonzero(changed):
        alike = others[np.square(keys[others] - keys[row]).sum(axis=1).argmin()]
        result[row] = bank[row] + weight * (bank[alike] - bank[row])
    return result


def _inside(matte: np.ndarray, geometry: Geometry) -> np.ndarray:
    """(S, S) 0..1: well inside the head, above the collar."""
    above_collar = np.arange(len(matte))[:, None] < geometry.mesh[152, 1] + 8
    inside = ndimage.binary_erosion(matte > 0.9 * 255, iterations=3) & above_collar
    return ndimage.gaussian_filter(inside.astype(np.float32), 2)
