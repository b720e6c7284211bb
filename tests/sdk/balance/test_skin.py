from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fsynth.balance.skin import BOX_SIZE, box_mask, mean_linear, photo_box_mask, skin_mask
from fsynth.errors import ArgumentError
from fsynth.faces import MIRROR_65, AlignedFace, align, find_faces, read_photo


@pytest.fixture(scope="module")
def astronaut_face(astronaut: Path) -> AlignedFace:
    photo = read_photo(astronaut)
    return align(photo, find_faces(photo)[0])


def marked(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    columns, rows = np.rint(points).astype(int).T
    return mask[rows, columns]


def test_skin_has_cheeks_and_nose_but_no_eyes_lips_and_brows(astronaut_face: AlignedFace) -> None:
    landmarks = astronaut_face.landmarks
    mask = skin_mask(landmarks, 224, 224)
    assert not marked(mask, landmarks[[*range(8, 19), *range(35, 46)]]).any()  # brows, eyes
    assert not marked(mask, landmarks[[*range(21, 27), *range(48, 54), 60, 61, 62, 63]]).any()  # lips
    assert not marked(mask, landmarks[[*range(8), *range(27, 35), 64]]).any()  # jaw
    cheeks = (landmarks[[3, 30]] + landmarks[[19, 46]]) / 2
    assert marked(mask, np.concatenate([cheeks, landmarks[[56, 57]]])).all()
    assert 0.1 < mask.mean() < 0.3


def test_skin_is_the_same_pixels_however_large_the_photo(astronaut_face: AlignedFace) -> None:
    small = skin_mask(astronaut_face.landmarks, 224, 224)
    large = skin_mask(astronaut_face.landmarks * 4 + 1.5, 896, 896)
    assert np.abs(large.reshape(224, 4, 224, 4).mean(axis=(1, 3)) - small).mean() < 0.02


def test_skin_of_a_mirrored_face_is_mirrored(astronaut_face: AlignedFace) -> None:
    landmarks = astronaut_face.landmarks
    mirrored = (landmarks * [-1, 1] + [223, 0])[MIRROR_65]
    different = skin_mask(mirrored, 224, 224)[:, ::-1] ^ skin_mask(landmarks, 224, 224)
    assert different.mean() < 0.01


def test_the_box_is_the_central_hundred() -> None:
    rows, columns = np.nonzero(box_mask())
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (62, 161, 62, 161)
    assert box_mask().sum() == BOX_SIZE**2


def test_the_box_in_the_photo_is_the_box_of_the_crop(astronaut: Path, astronaut_face: AlignedFace) -> None:
    photo = read_photo(astronaut)
    mask = photo_box_mask(astronaut_face, *photo.shape[:2])
    crop = astronaut_face.image[box_mask()].mean(axis=0)
    assert np.abs(photo[mask].mean(axis=0) - crop).max() < 1.0
    scale = np.sqrt(np.linalg.det(astronaut_face.transform[:, :2]))
    assert mask.sum() == pytest.approx((BOX_SIZE / scale) ** 2, rel=0.05)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_clipped_pixels_do_not_count(dtype: type) -> None:
    linear = np.full((6, 6, 3), (0.2, 0.3, 0.4))
    linear[2, 2] = (1.0, 0.3, 0.4)
    linear[0, 0] = (0.9, 0.9, 0.9)  # outside the mask
    mask = np.zeros((6, 6), bool)
    mask[1:5, 1:5] = True
    given = (linear * 65535).astype(np.uint16) if dtype == np.uint16 else linear.astype(np.float32)
    assert np.allclose(mean_linear(given, mask), [0.2, 0.3, 0.4], atol=1e-4)


def test_a_face_outside_the_photo_or_wholly_clipped_is_an_error(astronaut_face: AlignedFace) -> None:
    outside = skin_mask(astronaut_face.landmarks + 1000, 224, 224)
    with pytest.raises(ArgumentError, match="outside the picture"):
        mean_linear(np.zeros((224, 224, 3), np.float32), outside)
    with pytest.raises(ArgumentError, match="only clipped"):
        mean_linear(np.ones((224, 224, 3), np.float32), box_mask())


def test_other_landmarks_are_refused() -> None:
    with pytest.raises(ArgumentError, match="landmarks"):
        skin_mask(np.zeros((468, 2)), 10, 10)
    with pytest.raises(ArgumentError, match="landmarks"):
        skin_mask(np.full((65, 2), np.nan), 10, 10)
