from __future__ import annotations

import numpy as np
import pytest

from fsynth.errors import ArgumentError
from fsynth.faces import ALIGNED_SIZE, EYE_TARGETS, LANDMARKS_65, Face, align, eye_centres, find_faces, read_photo


def test_eyes_stand_where_the_paper_puts_them(portrait: np.ndarray, face: Face) -> None:
    aligned = align(portrait, face)
    assert aligned.image.shape == (ALIGNED_SIZE, ALIGNED_SIZE, 3) == (224, 224, 3)
    assert aligned.image.dtype == np.uint8
    right, left = aligned.to_crop(eye_centres(face.mesh))
    np.testing.assert_allclose([right, left], EYE_TARGETS, atol=1e-9)
    assert left[0] - right[0] == pytest.approx(55)
    assert right[1] == pytest.approx(98)
    assert left[1] == pytest.approx(98)


def test_image_shows_what_the_transform_says(portrait: np.ndarray, face: Face) -> None:
    """Found anew in the aligned image, the eyes stand where they should: image and transform belong together."""
    (again,) = find_faces(align(portrait, face).image)
    assert np.abs(eye_centres(again.mesh) - EYE_TARGETS).max() < 1.5


def test_way_to_the_crop_and_back(portrait: np.ndarray, face: Face) -> None:
    aligned = align(portrait, face)
    points = np.random.default_rng(0).uniform(-100, 600, (3, 7, 2))
    np.testing.assert_allclose(aligned.to_photo(aligned.to_crop(points)), points, atol=1e-9)
    np.testing.assert_allclose(aligned.to_crop(aligned.to_photo(points)), points, atol=1e-9)


def test_landmarks_are_those_of_the_mesh(portrait: np.ndarray, face: Face) -> None:
    aligned = align(portrait, face)
    assert aligned.landmarks.shape == (65, 2)
    np.testing.assert_allclose(aligned.to_photo(aligned.landmarks), face.mesh[LANDMARKS_65, :2], atol=1e-4)


def test_transform_is_a_similarity(portrait: np.ndarray, face: Face) -> None:
    linear = align(portrait, face).transform[:, :2]
    scale = np.sqrt(np.linalg.det(linear))
    np.testing.assert_allclose(linear.T @ linear, scale**2 * np.eye(2), atol=1e-9)


def test_photo_is_not_modified(portrait: np.ndarray, face: Face) -> None:
    before = portrait.copy()
    align(portrait, face)
    assert np.array_equal(portrait, before)


def test_mesh_without_eyes(portrait: np.ndarray, face: Face) -> None:
    for mesh in (np.zeros((468, 3)), np.full((468, 3), np.nan)):
        with pytest.raises(ArgumentError):
            align(portrait, Face(face.box, face.score, mesh))


def test_photo_of_another_dtype(portrait: np.ndarray, face: Face) -> None:
    with pytest.raises(ArgumentError, match="`photo` must be uint8"):
        align(portrait / 255, face)


def test_read_photo_and_align_take_the_same_arrays(portrait: np.ndarray, face: Face) -> None:
    flipped = read_photo(portrait[:, ::-1])  # not contiguous
    mirrored = find_faces(flipped)[0]
    assert np.abs(eye_centres(mirrored.mesh)[::-1] * [-1, 1] + [511, 0] - eye_centres(face.mesh)).max() < 2
    assert align(flipped, mirrored).image.flags["C_CONTIGUOUS"]
