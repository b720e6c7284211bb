from __future__ import annotations

import numpy as np
import pytest

from fsynth.balance.gains import Gains, solve
from fsynth.balance.shoot import FaceColour, solve_shoot
from fsynth.errors import ArgumentError

CAMERAS = [
    np.array([[1.7, -0.6, -0.1], [-0.2, 1.5, -0.3], [0.0, -0.5, 1.5]]),
    np.array([[1.4, -0.3, -0.1], [-0.1, 1.3, -0.2], [0.1, -0.7, 1.6]]),
]
SKIN = np.array([[0.55, 0.33, 0.25], [0.20, 0.11, 0.07], [0.38, 0.22, 0.15]])


class Shoot:
    """Three people in 24 photos, 4 lights, 2 cameras; each photo but the last shows one to three of them."""

    def __init__(self, seed: int, *, target_noise: float = 0.0, photo_noise: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        self.lights = np.repeat(np.arange(4), 6)
        white = np.exp(rng.uniform(-0.6, 0.6, (4, 3)))
        self.matrices = [CAMERAS[light % 2] for light in self.lights]
        self.gains = [Gains(white[light], rng.uniform(-2, 2)) for light in self.lights]
        self.faces: list[FaceColour] = []
        for photo in range(23):
            for person in rng.permutation(3)[: rng.integers(1, 4)]:
                balanced = np.linalg.solve(self.matrices[photo], SKIN[person])
                camera = balanced / self.gains[photo].factors * np.exp(photo_noise * rng.normal(size=3))
                target = SKIN[person] * np.exp(target_noise * rng.normal(size=3))
                self.faces.append(FaceColour(photo, int(person), camera, target))


def angle(one: Gains | None, other: Gains) -> float:
    """Degrees between the lights that two gains are for, in camera RGB."""
    assert one is not None
    a, b = 1 / one.multipliers, 1 / other.multipliers
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))


def test_without_noise_the_truth_is_found() -> None:
    shoot = Shoot(0)
    found = solve_shoot(shoot.faces, shoot.lights, shoot.matrices)
    assert found.gains[23] is None
    for gains, truth in zip(found.gains[:23], shoot.gains, strict=False):
        assert gains is not None
        np.testing.assert_allclose(gains.factors, truth.factors, rtol=1e-6)
    for person, skin in found.skin.items():
        np.testing.assert_allclose(skin, SKIN[person], rtol=1e-6)
    assert found.residuals.max() < 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_together_errs_less_than_apart(seed: int) -> None:
    shoot = Shoot(seed, target_noise=0.065, photo_noise=0.04)
    found = solve_shoot(shoot.faces, shoot.lights, shoot.matrices)
    together = [angle(found.gains[face.photo], shoot.gains[face.photo]) for face in shoot.faces]
    apart = [
        angle(solve(face.camera, face.target, shoot.matrices[face.photo]), shoot.gains[face.photo])
        for face in shoot.faces
    ]
    assert np.mean(together) < 0.5 * np.mean(apart)


def test_photos_of_a_light_share_their_white_balance_but_not_their_exposure() -> None:
    shoot = Shoot(1, target_noise=0.065, photo_noise=0.04)
    found = solve_shoot(shoot.faces, shoot.lights, shoot.matrices)
    first, second = found.gains[0], found.gains[1]
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first.multipliers, second.multipliers, rtol=1e-12)
    assert abs(first.exposure - second.exposure) > 0.1


def test_a_face_that_is_wrong_is_outvoted_and_told() -> None:
    shoot = Shoot(2, target_noise=0.02, photo_noise=0.02)
    wrong = next(i for i, face in enumerate(shoot.faces) if face.photo == 3)
    face = shoot.faces[wrong]
    shoot.faces[wrong] = FaceColour(face.photo, face.person, face.camera * [2.0, 1.0, 0.5], face.target)
    found = solve_shoot(shoot.faces, shoot.lights, shoot.matrices)
    assert found.residuals.argmax() == wrong
    assert found.residuals[wrong] > 5
    assert angle(found.gains[0], shoot.gains[0]) < 3


def test_a_reference_sets_the_skin_of_its_people_and_moves_the_others_likewise() -> None:
    shoot = Shoot(0)
    taste = np.array([1.3, 1.2, 1.0])
    found = solve_shoot(shoot.faces, shoot.lights, shoot.matrices, reference={0: SKIN[0] * taste})
    for person in range(3):
        np.testing.assert_allclose(found.skin[person], SKIN[person] * taste, rtol=5e-3)
    for face in shoot.faces:
        gains = found.gains[face.photo]
        assert gains is not None
        developed = shoot.matrices[face.photo] @ gains.apply(face.camera)
        if shoot.lights[face.photo] % 2 == 0:
            np.testing.assert_allclose(developed, SKIN[face.person] * taste, rtol=0.02)


def test_a_reference_holds_against_noise() -> None:
    shoot = Shoot(3, target_noise=0.1, photo_noise=0.04)
    wanted = SKIN[1] * [1.1, 1.0, 0.9]
    found = solve_shoot(shoot.faces, shoot.lights, shoot.matrices, reference={1: wanted})
    np.testing.assert_allclose(found.skin[1], wanted, rtol=1e-12)


def test_a_heavier_face_counts_more() -> None:
    camera = np.array([0.2, 0.2, 0.2])
    low, high = np.array([0.3, 0.2, 0.1]), np.array([0.33, 0.2, 0.1])
    faces = [FaceColour(0, 0, camera, low, 9.0), FaceColour(1, 0, camera, high, 1.0)]
    found = solve_shoot(faces, np.array([0, 0]), [np.eye(3)] * 2)
    np.testing.assert_allclose(np.log(found.skin[0][0] / 0.3), 0.1 * np.log(1.1), rtol=1e-4)


def test_a_shoot_without_faces_has_no_gains() -> None:
    assert solve_shoot([], np.array([0, 0]), [np.eye(3)] * 2).gains == [None, None]


def test_what_does_not_fit_gets_a_sentence() -> None:
    face = FaceColour(0, 0, np.full(3, 0.2), np.full(3, 0.2))
    one = [np.eye(3)]
    with pytest.raises(ArgumentError, match="shows none of the people"):
        solve_shoot([face], np.zeros(1, int), one, reference={7: np.full(3, 0.3)})
    with pytest.raises(ArgumentError, match="one a photo"):
        solve_shoot([face], np.zeros(2, int), one)
    with pytest.raises(ArgumentError, match="of photo 5"):
        solve_shoot([FaceColour(5, 0, np.ones(3), np.ones(3))], np.zeros(1, int), one)
    with pytest.raises(ArgumentError, match="above 0"):
        solve_shoot([FaceColour(0, 0, np.zeros(3), np.ones(3))], np.zeros(1, int), one)
