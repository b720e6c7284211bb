from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fsynth_morphable.camera import Camera, rotation_matrix
from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.model import MorphableModel, triangulate
from fsynth_morphable.normals import vertex_normals
from fsynth_morphable.raster import rasterize
from fsynth_morphable.texture_fit import confidence_of_vertices, fit_texture

CAMERA = Camera()
COLOURS = 5


@pytest.fixture(scope="module")
def coloured(small_model: MorphableModel) -> MorphableModel:
    """The small model with five smooth colour modes."""
    x, y = (small_model.mean[:, :2] / [0.07, 0.1]).T
    waves = np.stack([np.ones_like(x), x, y, np.cos(3 * x), np.sin(3 * y)])
    tints = np.random.default_rng(1).normal(0, 0.05, (COLOURS, 1, 3))
    return replace(
        small_model,
        colour_mean=np.full(small_model.mean.shape, 0.5, np.float32),
        colour_basis=(waves[..., None] * tints).astype(np.float32),
    )


def picture_of(model: MorphableModel, colours: np.ndarray, camera: Camera = CAMERA) -> np.ndarray:
    """The model's mean, with the given vertex colours, on green: (224, 224, 3) uint8."""
    points, depth = camera.project(model.mean)
    triangles = triangulate(model.polygons)[0]
    raster = rasterize(points, depth, triangles, (224, 224))
    picture = raster.image(raster.interpolate(colours, triangles).astype(np.float32), 0.0)
    picture[raster.image(raster.triangle, -1) < 0] = (0, 1, 0)
    return (picture * 255 + 0.5).astype(np.uint8)


def landmarks_of(model: MorphableModel, camera: Camera = CAMERA) -> np.ndarray:
    """Those of the model, drawn in from the open border of its half an ellipsoid."""
    points = camera.project(model.landmark_positions())[0]
    middle = points.mean(axis=0)
    return middle + 0.75 * (points - middle)


def test_a_vertex_that_faces_the_camera_outweighs_one_at_the_silhouette(coloured: MorphableModel) -> None:
    """Eq. 10 to the letter, m (1 - n_z), would say the opposite."""
    points, confidence = confidence_of_vertices(coloured, coloured.mean, CAMERA, landmarks_of(coloured))
    normals = vertex_normals(coloured.mean, triangulate(coloured.polygons)[0])
    to_camera = CAMERA.position - coloured.mean
    cosine = np.einsum("nd,nd->n", normals, to_camera / np.linalg.norm(to_camera, axis=1, keepdims=True))
    inside = confidence > 0
    np.testing.assert_allclose(points, CAMERA.project(coloured.mean)[0], atol=1e-3)
    middle, side = np.argmax(cosine), np.flatnonzero(inside)[np.argmin(cosine[inside])]
    assert confidence[middle] > 0.99
    assert confidence[side] < 0.9 * confidence[middle]
    # Inside the hull it is the cosine itself.
    within = np.linalg.norm(coloured.mean[:, :2] / [0.07, 0.1], axis=1) < 0.4
    np.testing.assert_allclose(confidence[within], cosine[within], atol=1e-4)


def test_confidence_follows_the_camera(coloured: MorphableModel) -> None:
    """The angle to the camera counts, not that to the z axis."""
    turned = replace(CAMERA, rotation=rotation_matrix(np.array([0, 0.6, 0])))
    _, confidence = confidence_of_vertices(coloured, coloured.mean, turned, landmarks_of(coloured, turned))
    x = coloured.mean[:, 0]
    # The head turned to its left: its right side is what the camera sees from the front.
    assert confidence[x < -0.03].mean() > 2 * confidence[x > 0.03].mean()


def test_backs_and_hidden_vertices_have_no_confidence(coloured: MorphableModel) -> None:
    behind = replace(CAMERA, rotation=rotation_matrix(np.array([0, np.pi, 0])))
    _, confidence = confidence_of_vertices(coloured, coloured.mean, behind, landmarks_of(coloured, behind))
    assert (confidence == 0).all()

    # A second copy of the face, smaller, 2 cm behind the first: the camera sees nothing of it.
    n = len(coloured.mean)
    doubled = replace(
        coloured,
        mean=np.concatenate([coloured.mean, coloured.mean * np.float32([0.7, 0.7, 1]) - np.float32([0, 0, 0.02])]),
        identity=np.zeros((0, 2 * n, 3), np.float32),
        expression=np.zeros((0, 2 * n, 3), np.float32),
        expression_names=(),
        polygons=np.concatenate([coloured.polygons, coloured.polygons + n]),
        polygon_part=np.zeros(2 * len(coloured.polygons), np.int32),
        colour_mean=None,
        colour_basis=None,
    )
    _, confidence = confidence_of_vertices(doubled, doubled.mean, CAMERA, landmarks_of(coloured))
    assert (confidence[n:] == 0).all()
    assert (confidence[:n] > 0).mean() > 0.5


def test_coefficients_solve_the_system_of_the_paper(coloured: MorphableModel) -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (224, 224, 3), np.uint8)
    fit = fit_texture(coloured, coloured.mean, CAMERA, image, landmarks_of(coloured), regularization=0.7)
    assert coloured.colour_basis is not None
    assert coloured.colour_mean is not None
    # Eq. 11, stacked: [B o A; lambda I] z = [(c_p - mu) o a; 0]
    repeated = np.repeat(fit.confidence, 3).astype(np.float64)
    basis = coloured.colour_basis.reshape(COLOURS, -1).T.astype(np.float64)
    system = np.concatenate([basis * repeated[:, None], 0.7 * np.eye(COLOURS)])
    target = np.concatenate([(fit.projected - coloured.colour_mean).ravel() * repeated, np.zeros(COLOURS)])
    z = np.linalg.lstsq(system, target, rcond=None)[0]
    np.testing.assert_allclose(fit.coefficients, z, atol=1e-3)
    # Eq. 12 and 13.
    np.testing.assert_allclose(fit.basis, np.clip(0.5 + (basis @ z).reshape(-1, 3), 0, 1), atol=1e-3)
    a = fit.confidence[:, None]
    np.testing.assert_allclose(fit.colours, fit.projected * a + fit.basis * (1 - a), atol=1e-6)


def test_finds_the_colours_of_a_rendered_head(coloured: MorphableModel) -> None:
    z = np.array([1.2, -0.7, 0.4, 0.9, -1.1])
    colours = coloured.colours(z)
    fit = fit_texture(
        coloured, coloured.mean, CAMERA, picture_of(coloured, colours), landmarks_of(coloured), regularization=0.01
    )
    np.testing.assert_allclose(fit.coefficients, z, atol=0.05)
    np.testing.assert_allclose(fit.colours, colours, atol=0.02)


def test_background_does_not_get_in(coloured: MorphableModel) -> None:
    """The picture is green around the head; no vertex turns green."""
    colours = coloured.colours(np.zeros(COLOURS))
    for model in (coloured, replace(coloured, colour_mean=None, colour_basis=None)):
        fit = fit_texture(model, model.mean, CAMERA, picture_of(coloured, colours), landmarks_of(coloured))
        assert (fit.projected[:, 1] > 0.6).any()  # at the border
        assert (fit.colours[:, 1] - fit.colours[:, 0]).max() < 0.05


def test_without_a_colour_basis_what_is_seen_goes_on(coloured: MorphableModel) -> None:
    plain = replace(coloured, colour_mean=None, colour_basis=None)
    colours = np.tile(np.float32([0.8, 0.6, 0.5]), (len(plain.mean), 1))
    fit = fit_texture(plain, plain.mean, CAMERA, picture_of(plain, colours), landmarks_of(plain))
    assert len(fit.coefficients) == 0
    np.testing.assert_allclose(fit.colours, colours, atol=0.02)


def test_says_what_does_not_fit(coloured: MorphableModel) -> None:
    landmarks = landmarks_of(coloured)
    with pytest.raises(ArgumentError, match=r"must be \(224, 224, 3\) uint8, it is \(100, 224, 3\)"):
        fit_texture(coloured, coloured.mean, CAMERA, np.zeros((100, 224, 3), np.uint8), landmarks)
    with pytest.raises(ArgumentError, match="float64"):
        fit_texture(coloured, coloured.mean, CAMERA, np.zeros((224, 224, 3)), landmarks)
    away = replace(CAMERA, translation=np.array([5.0, 0, -2]))
    with pytest.raises(ArgumentError, match="shows nothing of the head"):
        fit_texture(coloured, coloured.mean, away, np.zeros((224, 224, 3), np.uint8), landmarks)
