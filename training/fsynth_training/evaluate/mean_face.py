"""The mean geometry in which the colours of faces are compared, for any weights."""

from __future__ import annotations

import numpy as np

from fsynth.faces import LANDMARKS_65
from fsynth.warp.numpy import interpolate_spline
from fsynth_training.dataset.geometry import Geometry, geometry_of, symmetric
from fsynth_training.dataset.screening import pose_angles

_FRONTAL = 12.0  # degrees of yaw


def mean_mesh(meshes: np.ndarray) -> np.ndarray:
    """(468, 2) px, symmetric: the mean of ``meshes`` (N, 468, 3) of faces that look ahead, or of all if none does."""
    ahead = np.abs(pose_angles(meshes)[:, 0]) < _FRONTAL
    return symmetric(np.asarray(meshes[ahead if ahead.any() else slice(None), :, :2].mean(axis=0), np.float64))


def geometry_with(mesh: np.ndarray, landmarks: np.ndarray) -> Geometry:
    """The geometry whose landmarks are ``landmarks`` (65, 2); ``mesh`` (468, 2) tells where all else is."""
    shift = interpolate_spline(mesh[LANDMARKS_65], landmarks - mesh[LANDMARKS_65], mesh)
    return geometry_of(mesh + shift)
