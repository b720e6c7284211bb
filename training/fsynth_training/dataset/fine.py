"""What a target lost on its way from the photo: it has been resampled twice, which makes it soft.

Going from the photo to the mean geometry once at twice the size, and once as the target did, shows what those
resamplings lost. Added to the luma of the target, it makes it as sharp as the photo; colours and light stay.
"""

from __future__ import annotations

import numpy as np

from fsynth.decoder.settings import LUMA
from fsynth.faces import LANDMARKS_65, read_photo
from fsynth.faces.resample import resample
from fsynth.warp.numpy import sparse_image_warp
from fsynth_training.dataset.geometry import SIZE, Geometry
from fsynth_training.dataset.photo_stage import load
from fsynth_training.dataset.target_stage import FacePhotos


def fine_luma(face: FacePhotos, geometry: Geometry) -> np.ndarray:
    """What the target of the one photo of ``face`` lacks of it, luma (224, 224) float16, 0..1.

    Zeros for a photo that has no more pixels than the target, and for a target averaged over several.
    """
    seen = load(face.files[0])
    if len(face.files) > 1 or np.sqrt(np.linalg.det(seen.transform[:, :2])) >= 1:
        return np.zeros((SIZE, SIZE), np.float16)
    photo = read_photo(face.photo)
    return lost_luma(photo, seen.image, seen.transform, seen.mesh[LANDMARKS_65, :2], geometry).astype(np.float16)


def lost_luma(
    photo: np.ndarray, aligned: np.ndarray, transform: np.ndarray, landmarks: np.ndarray, geometry: Geometry
) -> np.ndarray:
    """What two resamplings lost of ``photo``.

    Args:
        photo: (H, W, 3) uint8 sRGB.
        aligned: (224, 224, 3) uint8, cut out of it by ``transform`` (2, 3), photo to aligned pixels.
        landmarks: (65, 2) px in the aligned face. geometry: the mean geometry.

    Returns:
        (224, 224) float32, luma of 0..1.
    """
    twice = 2 * transform
    twice[:, 2] += 0.5  # pixel centres on integers: pixel 0 of the small image is the middle of 0 and 1
    large = resample(photo, twice, 2 * SIZE, 2 * SIZE) @ LUMA
    there = _warp(large, 2 * landmarks + 0.5, 2 * geometry.landmarks + 0.5)
    fine = there.reshape(SIZE, 2, SIZE, 2).mean(axis=(1, 3))
    plain = _warp(aligned @ LUMA, landmarks, geometry.landmarks)
    return ((fine - plain) / 255).astype(np.float32)


def _warp(luma: np.ndarray, source: np.ndarray, dest: np.ndarray) -> np.ndarray:
    # The landmarks of the result are always the same: the spline is one matrix.
    return sparse_image_warp(luma[..., None], source.astype(np.float64), dest, mode="fixed")[0][..., 0]
