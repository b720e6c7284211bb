from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.evaluate.faces import turned

from fsynth_training.dataset.geometry import MIRROR_468
from fsynth_training.evaluate.frontalize import Frontalization, vertex_normals
from fsynth_training.evaluate.mean_face import mean_mesh
from fsynth_training.evaluate.photos import EvaluationPhotos


@pytest.fixture
def mesh(photos: EvaluationPhotos) -> np.ndarray:
    """A symmetric face (468, 3)."""
    return mean_mesh(photos.mesh[:1])


def test_the_mean_of_a_face_and_its_mirror_image_is_symmetric(mesh: np.ndarray) -> None:
    np.testing.assert_allclose(mesh[MIRROR_468] * (-1, 1, 1) + (223, 0, 0), mesh, atol=1e-9)


def test_a_frontal_face_stays(photos: EvaluationPhotos, mesh: np.ndarray) -> None:
    turn = Frontalization(mesh)

    found = turn.turn(photos.aligned[0], mesh)

    inside = np.abs(found.astype(int) - photos.aligned[0])[80:170, 70:150]
    assert np.median(inside) == 0
    assert inside.mean() < 1


@pytest.mark.parametrize("degrees", [-25, 25])
def test_places_of_a_turned_face_are_looked_up_where_they_are(mesh: np.ndarray, degrees: float) -> None:
    # An image whose red is its x coordinate and whose green is its y coordinate.
    x, y = np.meshgrid(np.arange(224), np.arange(224))
    image = np.stack([x, y, 0 * x], axis=2).astype(np.uint8)
    photo = turned(mesh, degrees)

    found = Frontalization(mesh).turn(image, photo).astype(float)

    middle = [4, 168, 152, 1]  # of these both sides of the face show the same
    near = [50, 205] if degrees > 0 else [280, 425]  # the cheek that is turned to the camera
    for point in middle + near:
        column, row = mesh[point, :2].round().astype(int)
        expected = photo[point, :2] + (mesh[point, :2] * 0)
        np.testing.assert_allclose(found[row, column, :2], expected, atol=2.5)


@pytest.mark.parametrize("degrees", [-45, 45])
def test_a_hidden_cheek_is_taken_from_the_other_side(mesh: np.ndarray, degrees: float) -> None:
    hidden, shown = ([454, 323], [234, 93]) if degrees > 0 else ([234, 93], [454, 323])
    photo = turned(mesh, degrees)
    normals = vertex_normals(photo, Frontalization(mesh)._triangles)
    assert (normals[hidden, 2] < normals[shown, 2]).all()
    image = np.zeros((224, 224, 3), np.uint8)
    side = np.arange(224) < photo[4, 0]
    image[:, side if degrees > 0 else ~side] = 200  # what the camera sees well is bright

    found = Frontalization(mesh).turn(image, photo)

    for point in hidden:
        column, row = (mesh[point, :2] * 0.93 + mesh[4, :2] * 0.07).round().astype(int)
        assert found[row, column, 0] > 150


def test_normals_of_a_frontal_face_look_at_the_camera_and_are_symmetric(mesh: np.ndarray) -> None:
    normals = vertex_normals(mesh, Frontalization(mesh)._triangles)

    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    assert normals[4, 2] > 0.9
    np.testing.assert_allclose(normals[[50, 205], 2], normals[[280, 425], 2], atol=0.1)


def test_everybodys_landmarks_are_the_mean_faces(photos: EvaluationPhotos, mesh: np.ndarray) -> None:
    made = Frontalization(mesh).synthesize(photos)

    np.testing.assert_array_equal(made.landmarks, np.repeat(made.mean_landmarks[None], 4, axis=0))
    np.testing.assert_allclose(made.textures * 255, made.images, atol=1e-3)
