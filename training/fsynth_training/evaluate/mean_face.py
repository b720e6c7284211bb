"""The mean geometry in which the colours of faces are compared, for any weights."""

from __future__ import annotations

import numpy as np

from fsynth.faces import LANDMARKS_65
from fsynth.warp.numpy import interpolate_spline
from fsynth_training.dataset.geometry import MIRROR_468, Geometry, geometry_of, symmetric
from fsynth_training.dataset.screening import pose_angles

_FRONTAL = 12.0  # degrees of yaw


def mean_mesh(meshes: np.ndarray) -> np.ndarray:
    """(468, 3) px, symmetric: the mean of ``meshes`` (N, 468, 3) of faces that look ahead, or of all if none does."""
    ahead = np.abs(pose_angles(meshes)[:, 0]) < _FRONTAL
    mean = np.asarray(meshes[ahead if ahead.any() else slice(None)].mean(axis=0), np.float64)
    depth = (mean[:, 2:] + mean[MIRROR_468, 2:]) / 2
    return np.concatenate([symmetric(mean[:, :2]), depth], axis=1)


def geometry_with(mesh: np.ndarray, landmarks: np.ndarray) -> Geometry:
    """The geometry whose landmarks are ``landmarks`` (65, 2); ``mesh`` (468, 2 or 3) tells where all else is."""
    flat = mesh[:, :2]
    return geometry_of(flat + interpolate_spline(flat[LANDMARKS_65], landmarks - flat[LANDMARKS_65], flat))
