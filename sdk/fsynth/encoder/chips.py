"""Chips: faces cut out for an encoder, and their way through it in batches of bounded size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fsynth.errors import ArgumentError
from fsynth.faces.similarity import fit_similarity

BATCH_SIZE = 16
"""Chips that go through a network at once: enough to keep it busy, few enough that memory stays small."""


def check_mesh(mesh: np.ndarray) -> np.ndarray:
    """``mesh`` as an array, if it is (468, 2 or 3) and finite; else ArgumentError."""
    mesh = np.asarray(mesh)
    if mesh.ndim != 2 or mesh.shape[0] != 468 or mesh.shape[1] not in (2, 3):
        raise ArgumentError(f"`mesh` must have shape (468, 3), the FaceMesh points, and has {mesh.shape}.")
    if mesh.dtype.kind not in "fiu" or not np.isfinite(mesh).all():
        raise ArgumentError("`mesh` must hold finite numbers, the FaceMesh points in pixels, and does not.")
    return mesh


def align_points(points: np.ndarray, template: np.ndarray) -> np.ndarray:
    """The similarity (2, 3) that lays ``points`` (5, 2) of a mesh on ``template`` (5, 2) with least squared error.

    Raises:
        ArgumentError: the points are all in one place, which gives no direction.
    """
    if np.ptp(points, axis=0).max() == 0:
        raise ArgumentError("The points of `mesh` by which a face is aligned are one and the same point.")
    return fit_similarity(points, template)


def check_photo(photo: np.ndarray) -> np.ndarray:
    """``photo`` as an array, if it is (H, W, 3) uint8 and not empty; else ArgumentError."""
    photo = np.asarray(photo)
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or photo.size == 0:
        raise ArgumentError(f"`photo` must be (H, W, 3) uint8 and is {photo.shape} {photo.dtype}.")
    return photo


def encode_in_batches(
    chips: np.ndarray, size: int, width: int, encode: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Run ``encode`` over batches of ``chips``.

    Args:
        chips: (N, size, size, 3) uint8; N may be 0.
        size: width and height of a chip.
        width: number of features.
        encode: (n, size, size, 3) uint8 -> (n, width) float32.

    Returns:
        (N, width) float32.

    Raises:
        ArgumentError: ``chips`` has another shape or dtype.
    """
    chips = np.asarray(chips)
    if chips.dtype != np.uint8 or chips.ndim != 4 or chips.shape[1:] != (size, size, 3):
        raise ArgumentError(f"`chips` must be (N, {size}, {size}, 3) uint8 and is {chips.shape} {chips.dtype}.")
    features = np.empty((len(chips), width), np.float32)
    for start in range(0, len(chips), BATCH_SIZE):
        part = slice(start, start + BATCH_SIZE)
        features[part] = encode(chips[part])
    return features
