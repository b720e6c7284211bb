"""The aligned face: a 224 x 224 crop with upright eyes at a fixed place, and the way back to the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth.faces.face import Face
from fsynth.faces.landmarks import LANDMARKS_65, eye_centres
from fsynth.faces.photo import check_array
from fsynth.faces.resample import resample
from fsynth.faces.similarity import apply_transform, fit_similarity, invert_transform

ALIGNED_SIZE = 224
"""Width and height of the aligned face in pixels (paper section 6.1)."""

INTEROCULAR = 55.0
"""Distance between the eye centres in the aligned face in pixels (paper section 6.1)."""

EYE_TARGETS: np.ndarray = np.array([[111.5 - INTEROCULAR / 2, 98.0], [111.5 + INTEROCULAR / 2, 98.0]])
"""(2, 2) places of the right and the left eye centre in the aligned face, (x, y) in pixels."""


@dataclass(frozen=True, eq=False)
class AlignedFace:
    """A face cut out of a photo, rotated, scaled and shifted so that its eyes stand at ``EYE_TARGETS``.

    Attributes:
        image: (224, 224, 3) uint8 sRGB. What lies outside the photo repeats its edge.
        transform: (2, 3) float64, photo pixels (x, y, 1) -> pixels of ``image`` (x, y).
        face: the detected face, in photo pixels.
    """

    image: np.ndarray
    transform: np.ndarray
    face: Face

    def to_crop(self, points: np.ndarray) -> np.ndarray:
        """Map points (..., 2) from photo pixels to pixels of ``image``."""
        return apply_transform(self.transform, points)

    def to_photo(self, points: np.ndarray) -> np.ndarray:
        """Map points (..., 2) from pixels of ``image`` to photo pixels."""
        return apply_transform(invert_transform(self.transform), points)

    @property
    def landmarks(self) -> np.ndarray:
        """(65, 2) float64: the detected landmarks in pixels of ``image`` (``LANDMARKS_65`` gives their order)."""
        return self.to_crop(self.face.mesh[LANDMARKS_65, :2])


def align(photo: np.ndarray, face: Face) -> AlignedFace:
    """Align ``face`` by its eyes (paper section 6.1).

    Args:
        photo: (H, W, 3) uint8 sRGB, the photo in which ``face`` was found.
        face: as ``find_faces`` returns it.

    Raises:
        ArgumentError: the photo is of another shape or dtype, or the mesh has no two different finite eyes.
    """
    photo = check_array(photo)
    transform = fit_similarity(eye_centres(face.mesh), EYE_TARGETS)
    return AlignedFace(resample(photo, transform, ALIGNED_SIZE, ALIGNED_SIZE), transform, face)
