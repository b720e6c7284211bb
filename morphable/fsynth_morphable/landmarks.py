"""The order of the 65 landmarks: 27 on the head's right, their 27 mirror images on its left, 11 on the midline.

Each side has jaw 8, brow 5, eye 6, nose 2, mouth 6; the midline has forehead, 5 on the nose, 4 on the lips, chin. This
is the order of ``fsynth.faces.LANDMARKS_65``, which heads are fitted to; the two packages share it and nothing else.
"""

from __future__ import annotations

import numpy as np

COUNT = 65

MIRROR: np.ndarray = np.concatenate([np.arange(27, 54), np.arange(27), np.arange(54, 65)])
"""(65,) permutation: landmark ``MIRROR[i]`` is the left-right mirror image of landmark ``i``."""

OUTLINE: np.ndarray = np.concatenate([np.arange(8), np.arange(27, 35), [54, 64]])
"""The landmarks on the outline of the face: jaw, forehead and chin. On them detectors follow the silhouette."""

INNER: np.ndarray = np.setdiff1d(np.arange(COUNT), OUTLINE)
"""The 47 landmarks of brows, eyes, nose and mouth."""

OUTER_EYES: tuple[int, int] = (13, 40)
"""The outer corners of the right and the left eye."""

EYES: tuple[np.ndarray, np.ndarray] = (np.array([13, 16]), np.array([40, 43]))
"""Outer and inner corner of the right and of the left eye; their midpoints are the eyes' centres."""

LIDS: tuple[np.ndarray, np.ndarray] = (np.array([14, 15, 41, 42]), np.array([18, 17, 45, 44]))
"""Points on the upper lids, and below each the point on the lower lid."""
