"""A small head: a ball of quads with a brow on it."""

from __future__ import annotations

import numpy as np

from fsynth_morphable.head import Head

RINGS, SEGMENTS = 10, 16


def ball() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (N, 3) of 0.1 m radius, quads (F, 4), texture coordinates (U, 2) with a seam, and quads of them."""
    up, around = np.meshgrid(np.linspace(-1.2, 1.2, RINGS), np.arange(SEGMENTS) * 2 * np.pi / SEGMENTS, indexing="ij")
    vertices = 0.1 * np.stack([np.cos(up) * np.sin(around), np.sin(up), np.cos(up) * np.cos(around)], axis=-1)
    ring, segment = np.meshgrid(np.arange(RINGS - 1), np.arange(SEGMENTS), indexing="ij")
    quads, uv_quads = [], []
    for d_ring, d_segment in ((0, 0), (0, 1), (1, 1), (1, 0)):
        quads.append((ring + d_ring) * SEGMENTS + (segment + d_segment) % SEGMENTS)
        uv_quads.append((ring + d_ring) * (SEGMENTS + 1) + segment + d_segment)
    v, u = np.meshgrid(np.linspace(0.1, 0.9, RINGS), np.linspace(0.05, 0.8, SEGMENTS + 1), indexing="ij")
    return (
        vertices.reshape(-1, 3).astype(np.float32),
        np.stack(quads, axis=-1).reshape(-1, 4).astype(np.int32),
        np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32),
        np.stack(uv_quads, axis=-1).reshape(-1, 4).astype(np.int32),
    )


def make_small_head() -> Head:
    """The ball with a strip of brow, a texture of 64 x 64, and three shapes: of a few, of most and of no vertices."""
    vertices, quads, uvs, uv_quads = ball()
    n = len(vertices)
    brow = np.array([[-0.03, 0.04, 0.1], [0.03, 0.04, 0.1], [0.03, 0.05, 0.1], [-0.03, 0.05, 0.1]], np.float32)
    shapes = np.zeros((3, n + 4, 3), np.float32)
    shapes[0, :20, 1] = 0.01
    shapes[1, :n] = 0.1 * vertices
    shapes[2, n:, 1] = 0.005
    texture = np.full((64, 64, 4), 255, np.uint8)
    y, x = np.mgrid[:64, :64]
    texture[..., :3] = np.stack([2 * x + 60, 2 * y + 60, 150 + 0 * x], axis=-1)
    texture[:, 54:, 3] = 4 * y[:, 54:]
    return Head(
        vertices=np.concatenate([vertices, brow]),
        polygons=np.concatenate([quads, [[n, n + 1, n + 2, n + 3]]]).astype(np.int32),
        part_names=("skin", "brows"),
        polygon_part=np.append(np.zeros(len(quads), int), 1),
        uvs=np.concatenate([uvs, np.float32([[0.86, 0.1], [0.99, 0.1], [0.99, 0.9], [0.86, 0.9]])]),
        uv_polygons=np.concatenate([uv_quads, len(uvs) + np.arange(4)[None]]).astype(np.int32),
        texture=texture,
        colours=np.linspace(0, 1, 3 * (n + 4), dtype=np.float32).reshape(-1, 3),
        shape_keys=dict(zip(("mouthSmileLeft", "jawOpen", "browInnerUp"), shapes, strict=True)),
    )
