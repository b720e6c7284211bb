"""Points on the smooth skin, as weighted means of the body's vertices."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from fsynth_morphable.subdivision import Subdivision
from fsynth_training.head.skin import Cut


class SmoothSkin:
    """The subdivided skin of a body (N, 3), for rays and nearest points."""

    def __init__(self, skin: Cut, body: np.ndarray) -> None:
        import open3d

        self._open3d = open3d
        self._skin = skin
        self._control = skin.positions.shape[0]
        self._subdivision = Subdivision.catmull_clark(skin.polygons, self._control)
        fine = self._subdivision.apply(skin.positions @ body)
        quads = self._subdivision.polygons
        self._triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        self._scene = open3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(
            open3d.core.Tensor(fine.astype(np.float32)), open3d.core.Tensor(self._triangles.astype(np.uint32))
        )

    def before(self, points: np.ndarray) -> tuple[sparse.csr_matrix, np.ndarray]:
        """Where rays from ``points`` (P, 3) against +Z meet the skin: weights (P, N) of the body, normals (P, 3)."""
        rays = np.concatenate([points, np.broadcast_to([0, 0, -1], points.shape)], axis=1).astype(np.float32)
        hit = self._scene.cast_rays(self._open3d.core.Tensor(rays))
        return self._on_body(hit), hit["primitive_normals"].numpy().astype(np.float64)

    def nearest(self, points: np.ndarray) -> sparse.csr_matrix:
        """The points of the skin nearest to ``points`` (P, 3): weights (P, N) of the body."""
        return self._on_body(self._scene.compute_closest_points(self._open3d.core.Tensor(points.astype(np.float32))))

    def _on_body(self, hit: dict[str, object]) -> sparse.csr_matrix:
        triangle = hit["primitive_ids"].numpy().astype(np.int64)  # type: ignore[attr-defined]
        second_third = hit["primitive_uvs"].numpy().astype(np.float64)  # type: ignore[attr-defined]
        corners = self._triangles[triangle]
        barycentric = np.column_stack([1 - second_third.sum(axis=1), second_third])
        used, place = np.unique(corners, return_inverse=True)
        rows = self._subdivision.weights(used, self._control)
        weights = np.einsum("pc,pcn->pn", barycentric, rows[place.reshape(corners.shape)])
        return sparse.csr_matrix(weights) @ self._skin.positions
