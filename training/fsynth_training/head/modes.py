"""The principal modes of how heads vary."""

from __future__ import annotations

import numpy as np

from fsynth_training.head.mesh import HeadMesh


def principal_modes(
    offsets: np.ndarray, covariance: np.ndarray, mesh: HeadMesh, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` strongest independent ways in which heads vary, each one standard deviation.

    Args:
        offsets: (K, n, 3) metres. covariance: (K, K) of their coefficients among people.

    Returns:
        the modes (count, n, 3) in metres, and what each is made of: (K, count), so that ``modes`` is ``offsets`` mixed.
    """
    area = vertex_weights(mesh)
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(covariance)))
    spread = np.einsum("kj,kni->jni", root, offsets)
    weighted = (spread * np.sqrt(area)[:, None]).reshape(len(spread), -1)
    # Eigenvectors of the small Gram matrix give the modes as mixtures of the directions.
    values, vectors = np.linalg.eigh(weighted @ weighted.T)
    order = np.argsort(values)[::-1][:count]
    print(f"{count} modes keep {values[order].sum() / values.sum():.2%} of the variance")
    mixture = root @ vectors[:, order]
    return np.einsum("kc,kni->cni", mixture, offsets), mixture


def vertex_weights(mesh: HeadMesh) -> np.ndarray:
    """(n,) how much each control vertex counts in the PCA: by the skin's area, and four times that in the face."""
    positions = mesh.control(mesh.body)
    skin = mesh.polygons[mesh.polygon_part == 0]
    weight = np.zeros(len(positions))
    a, b, c = (positions[skin[:, i]] for i in range(3))
    d = np.where(skin[:, 3:] < 0, c, positions[skin[:, 3]])
    area = np.linalg.norm(np.cross(c - a, d - b), axis=1) / 2
    for column in range(4):
        used = skin[:, column] >= 0
        np.add.at(weight, skin[used, column], area[used] / 4)
    x, y, z = positions.T
    face = (np.abs(x) < 0.075) & (y > -0.115) & (y < 0.06) & (z > -0.06)
    below = np.clip((y + 0.2) / 0.1, 0.05, 1)  # the bust matters little
    return weight * np.where(face, 4.0, 1.0) * below / weight.sum()
