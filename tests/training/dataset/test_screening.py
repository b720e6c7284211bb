"""What tells photographs to leave out, on faces turned and drawn upon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("skimage", reason="needs scikit-image (extra dev) as the oracle")

from PIL import Image, ImageDraw
from skimage import color as skimage_colour
from tests.training.small_sets import corners, flat

from fsynth.faces import INNER_LIPS_65
from fsynth_training.dataset import screening
from fsynth_training.dataset.geometry import to_texture
from fsynth_training.dataset.prepare import PreparedSet

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


def turned(yaw: float, pitch: float) -> np.ndarray:
    """A mesh (468, 3) whose cheeks, forehead and chin are those of a face turned by angles in degrees."""
    mesh = np.zeros((468, 3))
    mesh[454], mesh[234] = [60, 0, 10], [-60, 0, 10]
    mesh[10], mesh[152] = [0, -80, 5], [0, 80, 5]
    a, b = np.radians([yaw, pitch])
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return mesh @ (about_y @ about_x).T


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (20, 0), (-35, 0), (0, 15), (0, -25)])
def test_pose_angles_are_those_of_the_rotation(yaw: float, pitch: float) -> None:
    mesh = turned(yaw, pitch)

    (found,) = screening.pose_angles(mesh[None])
    (elsewhere,) = screening.pose_angles(3 * mesh[None] + [100, 50, -7])

    np.testing.assert_allclose(found, [yaw, pitch], atol=1e-9)
    np.testing.assert_allclose(elsewhere, [yaw, pitch], atol=1e-9)


def test_both_angles_are_found_near_enough_when_they_come_together() -> None:
    (found,) = screening.pose_angles(turned(12, -13)[None])

    np.testing.assert_allclose(found, [12, -13], atol=0.6)


def test_glasses_show_and_bare_faces_do_not(geometry: Geometry, astronaut_set: PreparedSet) -> None:
    bare = to_texture(astronaut_set.aligned[0] / np.float32(255), astronaut_set.landmarks[0], geometry)
    picture = Image.fromarray((bare * 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for cheek, side in ((119, -1), (348, 1)):
        x, y = geometry.mesh[cheek]
        draw.ellipse((x - 24, y - 42, x + 24, y + 2), outline=(20, 20, 20), width=4)
        bridge_x, bridge_y = geometry.mesh[168]
        draw.line((bridge_x, bridge_y, bridge_x + side * 20, bridge_y), fill=(20, 20, 20), width=4)
    glasses = np.asarray(picture, np.float32) / 255

    evidence = screening.glasses_evidence(np.stack([bare, glasses, flat((0.7, 0.5, 0.4))[0]]), geometry)

    assert evidence[0] < 0.09
    assert evidence[1] > 0.15
    np.testing.assert_allclose(evidence[2], 0, atol=1e-6)


def test_one_sided_shadows_are_no_glasses(geometry: Geometry) -> None:
    textures = flat((0.7, 0.5, 0.4), (0.7, 0.5, 0.4))
    x, y = geometry.mesh[119].round().astype(int)
    textures[0, y, x - 12 : x + 13] = 0
    across = int(geometry.mesh[348].round()[0])
    textures[1, y, [*range(x - 12, x + 13), *range(across - 12, across + 13)]] = 0

    one, both = screening.glasses_evidence(textures, geometry)

    assert one < 1e-6 < 0.1 < both


def test_forehead_contrast_is_the_lab_distance_to_the_cheeks(geometry: Geometry) -> None:
    textures = flat((0.7, 0.5, 0.4), (0.7, 0.5, 0.4))
    textures[1, : int(geometry.mesh[9, 1])] = [0.2, 0.3, 0.2]  # a hat down to the brows
    labs = skimage_colour.rgb2lab(np.array([[0.7, 0.5, 0.4], [0.2, 0.3, 0.2]]))

    contrast = screening.forehead_contrast(textures, geometry)

    np.testing.assert_allclose(contrast, [0.0, float(np.linalg.norm(labs[0] - labs[1]))], atol=0.1)


def test_mouth_opening_measures_gap_and_width(geometry: Geometry) -> None:
    landmarks = geometry.landmarks.copy()
    upper, lower = INNER_LIPS_65
    landmarks[upper], landmarks[lower] = [111, 150], [111, 157]
    landmarks[corners()[0]], landmarks[corners()[1]] = [90, 150], [130, 180]

    np.testing.assert_allclose(screening.mouth_opening(landmarks[None]), [[7, 50]])
