"""Gradient-domain compositing (paper section 5.2, Eq. 3): a face pasted onto an original background without a seam.

The output o takes the gradients of the face f where the mask M is 1 and those of the background b where it is 0, and
the colours of the face where the mask is not 0, all in the least-squares sense::

    minimize  |D o - (N D f + (1 - N) D b)|^2 + |M (o - f)|^2

D are the differences between pixels and their right and lower neighbours, N is the mean of M over the two. The normal
equations are (D'D + M^2) o = D'(N D f + (1 - N) D b) + M^2 f, so that with A = D'D + M^2, which depends on the mask
alone,

    o = b + P (f - b),   P = A^-1 (D'N D + M^2).

A is factored once. P is linear: what it makes of a texture (its *part*) can be kept, and then the composite of any
mixture of such faces onto any such background is a weighted sum of images.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import linalg
from scipy.spatial import ConvexHull, QhullError

from fsynth.errors import ArgumentError


def blending_mask(landmarks: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """The mask M (size, size) float64, 0..1: the convex hull of ``landmarks``, softened by a Gaussian.

    Args:
        landmarks: (L, 2), (x, y) in pixels, pixel centres on integers.
        size: width and height of the textures.
        sigma: standard deviation of the Gaussian in pixels; 0 for a hard edge. It is cut off at 4 sigma.

    Raises:
        ArgumentError: the landmarks span no area, or none within the image.
    """
    try:
        sides = ConvexHull(np.asarray(landmarks, np.float64)).equations  # (sides, 3): outward normal, offset
    except (QhullError, ValueError) as error:
        raise ArgumentError("`landmarks` must be (L, 2) finite points in pixels, not all on one line.") from error
    y, x = np.mgrid[:size, :size]
    inside = np.ones((size, size), bool)
    for across, down, offset in sides:
        inside &= across * x + down * y + offset <= 1e-9
    if not inside.any():
        raise ArgumentError(f"The hull of `landmarks` has no pixel of the image of {size} x {size} px in it.")
    mask = inside.astype(np.float64)
    return np.clip(ndimage.gaussian_filter(mask, sigma, mode="nearest"), 0, 1) if sigma else mask


class Compositor:
    """Solves Eq. 3 for one mask (S, S), 0..1 and somewhere above 0, in float64.

    Attributes:
        mask: M. system: A, sparse (S * S, S * S).
    """

    def __init__(self, mask: np.ndarray) -> None:
        """Factor the system: a sixth of a second at 224 x 224."""
        if mask.ndim != 2 or mask.shape[0] != mask.shape[1] or not 0 <= mask.min() <= mask.max() <= 1 or not mask.any():
            raise ArgumentError("`mask` must be (S, S), within 0..1 and not 0 everywhere.")
        self.mask = mask
        differences, weights = differences_and_weights(mask)
        data_term = sparse.diags_array(mask.ravel() ** 2)
        self.system = (differences.T @ differences + data_term).tocsc()
        self._right_hand_side = (differences.T @ sparse.diags_array(weights) @ differences + data_term).tocsr()
        # Symmetric positive definite: no pivoting, and an ordering that keeps the factor sparse.
        self._factor = linalg.splu(
            self.system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )

    def part(self, texture: np.ndarray) -> np.ndarray:
        """P of a texture (S, S, C), any range: what it adds to a composite as the face. float64."""
        flat = np.asarray(texture, np.float64).reshape(self.mask.size, -1)
        solved: np.ndarray = self._factor.solve(self._right_hand_side @ flat)
        return solved.reshape(*self.mask.shape, -1)

    def composite(self, face: np.ndarray, background: np.ndarray) -> np.ndarray:
        """The solution o of Eq. 3, (S, S, C) float64, not clipped: ``face`` and ``background`` are (S, S, C) floats."""
        return background + self.part(np.subtract(face, background, dtype=np.float64))


def differences_and_weights(mask: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """D (E, S * S), the differences along the E edges between neighbouring pixels, and N (E,), the mask on them."""
    size = len(mask)
    along = sparse.diags_array([-np.ones(size - 1), np.ones(size - 1)], offsets=[0, 1], shape=(size - 1, size))
    identity = sparse.eye_array(size)
    differences = sparse.vstack([sparse.kron(identity, along), sparse.kron(along, identity)]).tocsr()
    weights = np.abs(differences) @ mask.ravel() / 2
    return differences, weights
