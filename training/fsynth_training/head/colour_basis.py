"""How the colours of people's skin vary: even light, completed where no photograph looks, principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from fsynth_training.dataset.colour import to_srgb
from fsynth_training.head.colour_samples import Samples

_SMOOTHNESS = 0.02  # weight of each edge of the mesh against a vertex that is fully seen
_GAIN = (0.55, 1.8)  # of light, at most
_BY_SYMMETRY = 0.3  # what the other side's colour counts, relative to one's own


@dataclass(frozen=True, eq=False)
class ColourBasis:
    """mean: (n, 3) sRGB 0..1. modes: (C, n, 3) per standard deviation. kept: share of the variance, (C,) summed up."""

    mean: np.ndarray
    modes: np.ndarray
    kept: np.ndarray


def learn_colours(
    samples: Samples, edges: np.ndarray, mirror: np.ndarray, plain: np.ndarray, skin: np.ndarray, count: int
) -> ColourBasis:
    """Learn mean and modes of the skin's colours.

    Args:
        samples: of n vertices. edges: (E, 2) of the skin's mesh. mirror: (n,) the vertex on the other side.
        plain: (n,) bool, vertices of plain skin, without lips, lids and brows: what light is judged by.
        skin: (n,) bool, vertices that vary; others are left black.
        count: modes to keep.
    """
    linear = _one_white(samples, plain)
    for name in np.unique(samples.source):
        rows = samples.source == name
        linear[rows] = _in_even_light(linear[rows], samples.confidence[rows], samples.normals[rows], plain)
    colours = to_srgb(linear).astype(np.float64)
    confidence = samples.confidence.astype(np.float64)

    # The mean of all people and their mirror images; where few are seen, those seen elsewhere lead on.
    both = np.concatenate([confidence, confidence[:, mirror]])
    total = both.sum(axis=0)
    weighted = np.einsum("pn,pnc->nc", both, np.concatenate([colours, colours[:, mirror]]))
    fill = _Filling(edges, len(mirror), skin)
    mean = fill(weighted / np.maximum(total, 1e-9)[:, None], np.minimum(total / 10, 1))

    complete = []
    for own, seen in zip(colours, confidence, strict=True):
        other = seen[mirror] * _BY_SYMMETRY
        weight = seen + other
        value = (seen[:, None] * own + other[:, None] * own[mirror]) / np.maximum(weight, 1e-9)[:, None]
        complete.append(fill(value - mean, weight))
    differences = np.array(complete)
    differences = np.concatenate([differences, differences[:, mirror]])
    flat = differences[:, skin].reshape(len(differences), -1)
    # The eigenvectors of the small Gram matrix: people are fewer than vertices.
    values, vectors = np.linalg.eigh(flat @ flat.T / len(flat))
    order = np.argsort(values)[::-1][:count]
    modes = np.zeros((count, len(mirror), 3))
    modes[:, skin] = (vectors[:, order].T @ flat).reshape(count, -1, 3) / np.sqrt(len(flat))
    return ColourBasis(mean, modes, np.cumsum(values[order]) / values.sum())


def _one_white(samples: Samples, plain: np.ndarray) -> np.ndarray:
    """Linear colours with each set's mean skin brought to London's by one gain a channel and set."""
    linear = samples.linear.astype(np.float64)
    weight = samples.confidence * plain

    def skin_of(name: str) -> np.ndarray:
        rows = samples.source == name
        return np.einsum("pn,pnc->c", weight[rows], linear[rows]) / weight[rows].sum()

    for name in np.unique(samples.source):
        linear[samples.source == name] *= skin_of("london") / skin_of(str(name))
    return linear


def _in_even_light(linear: np.ndarray, confidence: np.ndarray, normals: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """Divide out the light that a set's photographs share, as spherical harmonics up to the second order.

    Plain skin is taken to have one brightness for each person; what then depends on the normal is the light.
    """
    brightness = linear.mean(axis=2)
    weight = confidence * plain
    usual = (weight * brightness).sum(axis=1) / weight.sum(axis=1)
    rows = _harmonics(normals)
    used = weight > 0.1
    relative = (brightness / usual[:, None])[used]
    light = np.linalg.lstsq(rows[used] * weight[used][:, None], relative * weight[used], rcond=None)[0]
    gain = 1 / np.clip(rows @ light, 1 / _GAIN[1], 1 / _GAIN[0])
    return linear * gain[..., None]


def _harmonics(normals: np.ndarray) -> np.ndarray:
    """(..., 9): the polynomials of unit normals (..., 3) that span spherical harmonics up to order 2."""
    x, y, z = np.moveaxis(normals.astype(np.float64), -1, 0)
    return np.stack([np.ones_like(x), x, y, z, x * y, y * z, z * x, x * x - y * y, 3 * z * z - 1], axis=-1)


class _Filling:
    """Keeps values where they are certain and lets them go on harmonically over the mesh where they are not."""

    def __init__(self, edges: np.ndarray, count: int, skin: np.ndarray) -> None:
        ones = np.ones(len(edges))
        graph = sparse.coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count)).tocsr()
        graph = graph + graph.T
        self._laplacian = (sparse.diags(np.asarray(graph.sum(axis=1)).ravel()) - graph)[skin][:, skin].tocsc()
        self._skin = skin

    def __call__(self, values: np.ndarray, confidence: np.ndarray) -> np.ndarray:
        """``values`` (n, 3) with ``confidence`` (n,); what is no skin gets 0."""
        certain = confidence[self._skin]
        system = sparse.diags(certain + 1e-7) + _SMOOTHNESS * self._laplacian
        result = np.zeros_like(values)
        result[self._skin] = linalg.spsolve(system.tocsc(), certain[:, None] * values[self._skin])
        return result
