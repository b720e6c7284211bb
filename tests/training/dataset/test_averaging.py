"""Averaging by morphing: what the photos of a person share stays sharp, what differs evens out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from fsynth.faces import align, find_faces, read_photo
from fsynth.warp.numpy import sparse_image_warp
from fsynth_training.dataset.averaging import average_face


def test_dots_at_the_landmarks_meet_at_the_mean(rng: np.random.Generator) -> None:
    grid = np.stack(np.meshgrid(np.arange(40, 200, 40), np.arange(40, 200, 40)), axis=-1).reshape(-1, 2)
    places = [grid + rng.integers(-6, 7, grid.shape) for _ in range(3)]
    images = []
    for points in places:
        image = np.zeros((224, 224, 1), np.float32)
        for x, y in points:  # wide enough to stay bright between pixels
            image[y - 2 : y + 3, x - 2 : x + 3] = 1
        images.append(image)

    average, mean = average_face(images, places)

    np.testing.assert_allclose(mean, np.mean(places, axis=0))
    there = mean.round().astype(int)
    assert (average[there[:, 1], there[:, 0], 0] > 0.99).all()
    # Averaged without a morph, hardly a dot stays.
    assert np.median(np.mean(images, axis=0)[there[:, 1], there[:, 0], 0]) < 0.7


def test_the_average_of_one_face_morphed_is_that_face(astronaut: Path, rng: np.random.Generator) -> None:
    photo = read_photo(astronaut)
    aligned = align(photo, find_faces(photo)[0])
    image, points = aligned.image / np.float32(255), aligned.landmarks
    moved = [points + rng.normal(0, 2, points.shape) for _ in range(4)]
    morphed = [sparse_image_warp(image, points, there)[0] for there in moved]

    average, mean = average_face(morphed, moved)

    expected = sparse_image_warp(image, points, mean)[0]
    inside = np.s_[60:180, 60:164]
    apart = np.abs(average - expected)[inside].mean()
    plain = np.abs(np.mean(morphed, axis=0) - expected)[inside].mean()
    assert apart < 0.015
    assert apart < plain / 1.5


def test_light_from_both_sides_evens_out(astronaut: Path) -> None:
    photo = read_photo(astronaut)
    aligned = align(photo, find_faces(photo)[0])
    image = aligned.image / np.float32(255)
    ramp = np.linspace(0.6, 1.4, 224, dtype=np.float32)[None, :, None]

    average, _ = average_face([image * ramp, image * ramp[:, ::-1]], [aligned.landmarks] * 2)

    np.testing.assert_allclose(average, image, atol=1e-5)
    assert average.dtype == np.float32
    assert Image.fromarray((average.clip(0, 1) * 255).astype(np.uint8)).size == (224, 224)
