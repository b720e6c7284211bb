from __future__ import annotations

import numpy as np
import pytest

from fsynth_morphable.camera import Camera, rotation_matrix
from fsynth_morphable.errors import ArgumentError


def projection(field_of_view: float, near: float = 0.1, far: float = 10) -> np.ndarray:
    """OpenGL's perspective matrix for a square image."""
    f = 1 / np.tan(np.radians(field_of_view) / 2)
    return np.array(
        [[f, 0, 0, 0], [0, f, 0, 0], [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)], [0, 0, -1, 0]]
    )


def test_is_equations_6_to_8() -> None:
    rng = np.random.default_rng(0)
    vertices = rng.normal(0, 0.1, (65, 3))
    camera = Camera(translation=np.array([0.02, -0.03, -2.5]), scale=1.3)
    modelview = np.eye(4)
    modelview[:3, :3] *= 1.3
    modelview[:3, 3] = camera.translation
    clip = np.c_[vertices, np.ones(65)] @ modelview.T @ projection(10).T
    normalized = clip[:, :2] / clip[:, 3:]
    # From -1..1 across the image to pixels with centres on integers: -1 is the left edge of pixel 0, at x = -0.5.
    expected = (normalized * [1, -1] + 1) * 224 / 2 - 0.5
    points, depth = camera.project(vertices)
    np.testing.assert_allclose(points, expected, atol=1e-9)
    np.testing.assert_allclose(depth, clip[:, 3])


def test_edges_of_the_image_are_10_degrees_apart() -> None:
    half = np.tan(np.radians(5))
    points, _ = Camera(translation=np.array([0.0, 0, -1])).project(np.array([[-half, half, 0], [half, -half, 0]]))
    np.testing.assert_allclose(points, [[-0.5, -0.5], [223.5, 223.5]])


def test_scale_and_translation_matter_by_their_ratio() -> None:
    vertices = np.random.default_rng(0).normal(0, 0.1, (10, 3))
    turn = rotation_matrix(np.array([0.1, 0.2, -0.1]))
    near = Camera(turn, np.array([0.01, 0.02, -2.0]), 1.0)
    far = Camera(turn, 1.7 * np.array([0.01, 0.02, -2.0]), 1.7)
    np.testing.assert_allclose(near.project(vertices)[0], far.project(vertices)[0])


def test_position_is_where_rays_come_from() -> None:
    camera = Camera(rotation_matrix(np.array([0.3, -0.2, 0.1])), np.array([0.1, 0.2, -2.0]), 1.5)
    np.testing.assert_allclose(camera.view(camera.position), 0, atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 1e-6, 1e-4, 0.5, 3.0])
def test_rotation_matrix(angle: float) -> None:
    axis = np.array([1.0, 2, -2]) / 3
    found = rotation_matrix(angle * axis)
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(found) == pytest.approx(1)
    np.testing.assert_allclose(found @ axis, axis, atol=1e-12)
    assert np.trace(found) == pytest.approx(1 + 2 * np.cos(angle), abs=1e-12)


def test_turns_left_about_y() -> None:
    np.testing.assert_allclose(rotation_matrix(np.array([0, np.pi / 2, 0])) @ [0, 0, 1], [1, 0, 0], atol=1e-12)


def test_bad_arguments() -> None:
    with pytest.raises(ArgumentError, match="must be positive"):
        Camera(scale=0)
    with pytest.raises(ArgumentError, match="`rotation` must be"):
        Camera(rotation=np.eye(4))
