"""The parts of the control mesh, on small meshes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth_training.head import atlas
from fsynth_training.head.eyes import eye_parts
from fsynth_training.head.part import affine_weights, sheet
from fsynth_training.head.seal import Slit
from fsynth_training.head.skin import cut_bust
from fsynth_training.head.teeth import teeth_parts
from fsynth_training.head.topology import edges_of, island_of, shared_loop


def sphere(rings: int = 24, segments: int = 32, radius: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """A ball without its poles: vertices (n, 3), quads (F, 4)."""
    down, turn = np.meshgrid(
        np.linspace(0.1, np.pi - 0.1, rings), np.linspace(0, 2 * np.pi, segments, endpoint=False), indexing="ij"
    )
    ball = np.stack([np.sin(down) * np.sin(turn), -np.cos(down), np.sin(down) * np.cos(turn)], axis=-1)
    return radius * ball.reshape(-1, 3) + [0, -0.1, -0.08], sheet(rings, segments, ring=True)


def test_cut_is_exact_and_watertight() -> None:
    vertices, polygons = sphere()
    cut = cut_bust(vertices, polygons, polygons, len(vertices))
    kept = cut.positions @ vertices
    height = 1 - np.linalg.norm((kept - [0, -0.03, -0.08]) / [0.16, 0.215, 0.20], axis=1)
    assert height.min() > -0.01
    np.testing.assert_allclose(cut.positions.sum(axis=1), 1)
    corners = cut.polygons[cut.polygons >= 0]
    assert set(corners) == set(range(len(kept)))
    sides = edges_of(cut.polygons)
    assert len(sides) == len(np.unique(np.sort(sides, axis=1), axis=0))
    # What is new lies on edges of the ball, where the ellipsoid cuts them.
    new = np.diff(cut.positions.indptr) == 2
    assert new.any()
    assert np.abs(height[new]).max() < 0.01
    np.testing.assert_array_equal(cut.texture.toarray(), cut.positions.toarray())


def test_affine_weights_follow_any_affine_map() -> None:
    rng = np.random.default_rng(0)
    anchors, points = rng.normal(size=(20, 3)), rng.normal(size=(5, 3))
    matrix, shift = rng.normal(size=(3, 3)), rng.normal(size=3)
    moved = affine_weights(points, anchors) @ (anchors @ matrix + shift)
    np.testing.assert_allclose(moved, points @ matrix + shift, atol=1e-9)


def test_closing_a_slit_leaves_the_wanted_overlap_and_is_linear() -> None:
    x = np.linspace(-0.02, 0.02, 9)
    upper = np.column_stack([x, 0.002 * np.cos(x * 78), 0 * x])
    lower = np.column_stack([x, -0.001 * np.cos(x * 78), 0 * x])
    points = np.concatenate([upper, lower])
    rim = np.repeat([1.0, -1.0], 9)
    slit = Slit(np.arange(9), np.arange(9, 18), rim, np.zeros(18))
    closed = slit.close(points, points, 3e-4)
    np.testing.assert_allclose(closed[:9, 1] - closed[9:, 1], -3e-4, atol=1e-12)
    np.testing.assert_allclose(closed[:, [0, 2]], points[:, [0, 2]])
    offset = np.random.default_rng(1).normal(size=points.shape)
    np.testing.assert_allclose(
        slit.close(points + offset, points, 3e-4), closed + slit.close(offset, points, 0.0), atol=1e-12
    )


def test_islands_and_the_loop_between_them() -> None:
    quads = sheet(5, 12, ring=True)
    inner, outer = quads[:24], quads[24:] + 100  # apart in the texture, joined in space
    islands = island_of(np.concatenate([inner, outer]))
    assert len(np.unique(islands)) == 2
    loop = shared_loop(quads, islands, islands[0], islands[-1])
    assert sorted(loop) == list(range(24, 36))
    assert np.all(np.isin(np.abs(np.diff(loop)), [1, 11]))


@pytest.fixture
def ball() -> tuple[np.ndarray, np.ndarray]:
    """Like the source's eye: a ball of 14 mm that looks along +Z, at the left eye's place."""
    vertices, polygons = sphere(12, 16, 0.0139)
    return vertices + np.array([0.029, 0.1, 0.08]), polygons


def test_iris_lies_behind_the_cornea_and_the_eye_follows_its_helper(ball: tuple[np.ndarray, np.ndarray]) -> None:
    mean, helper = ball
    eye, cornea = eye_parts(mean, helper, "left")
    points, shell = eye.place(mean), cornea.place(mean)
    iris = points[np.linalg.norm(eye.uvs - np.mean([atlas.EYE[:2], atlas.EYE[2:]], axis=0), axis=1) < 0.19 * 0.2]
    assert iris[:, 2].max() < shell[:, 2].max() - 1e-3
    np.testing.assert_allclose(points[:, :2].mean(axis=0), [0.029, 0], atol=2e-4)
    turned = mean @ np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0.0]])
    np.testing.assert_allclose(eye.place(turned), points @ np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0.0]]), atol=1e-9)


@pytest.mark.parametrize("jaw", ["upper", "lower"])
def test_teeth_are_fourteen_symmetric_and_stand_in_an_arch(jaw: str) -> None:
    rng = np.random.default_rng(2)
    block = rng.uniform([-0.033, -0.08, -0.027], [0.033, -0.05, 0.02], (40, 3))
    teeth, gums = teeth_parts(block, np.arange(40).reshape(10, 4), jaw)
    points = teeth.place(block)
    assert len(np.unique(island_of(teeth.polygons))) == 14
    assert len(np.unique(island_of(gums.polygons))) == 1
    mirrored = points * [-1, 1, 1]
    assert max(np.abs(points - p).sum(axis=1).min() for p in mirrored) < 1e-6
    assert points[np.abs(points[:, 0]) < 0.006, 2].mean() > points[np.abs(points[:, 0]) > 0.02, 2].mean() + 0.02


def test_places_on_the_atlas_do_not_overlap() -> None:
    boxes = [
        atlas.HEAD, atlas.NECK, atlas.MOUTH_BAG, *atlas.SOCKETS, atlas.EYE, atlas.TEETH, atlas.GUMS, atlas.TONGUE,
        atlas.CORNEA, atlas.LASHES_UPPER, atlas.LASHES_LOWER, atlas.BROWS,
    ]  # fmt: skip
    for i, (left, bottom, right, top) in enumerate(boxes):
        assert 0 <= left < right <= 1
        assert 0 <= bottom < top <= 1
        for other in boxes[i + 1 :]:
            assert right < other[0] or other[2] < left or top < other[1] or other[3] < bottom
