"""Degradations of photographs, one at a time and all together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from fsynth_training.dataset.augment_photo import augment, degrade

# The order in which augment() asks whether something happens.
QUESTIONS = (
    *("flip", "framing", "low resolution", "blur", "occlusion"),
    *("grey", "gains", "side light", "noise", "compression"),
)


class Scripted(np.random.Generator):
    """Answers the questions of augment() as told, and draws everything else as usual."""

    def __init__(self, happens: Sequence[str], seed: int = 0) -> None:
        super().__init__(np.random.PCG64(seed))
        # Low resolution excludes blur, which is then not asked for.
        asked = [q for q in QUESTIONS if not (q == "blur" and "low resolution" in happens)]
        self.answers = [0.0 if question in happens else 1.0 for question in asked]

    def random(self, *args: object, **kwargs: object) -> float:  # type: ignore[override]
        return self.answers.pop(0)


@pytest.fixture
def image() -> np.ndarray:
    """A smooth picture with an edge, 96 x 96."""
    x, y = np.meshgrid(np.linspace(0, 1, 96), np.linspace(0, 1, 96))
    picture = np.stack([0.2 + 0.6 * x, 0.3 + 0.4 * y, 0.5 + 0.3 * (x > 0.6)], axis=-1)
    return (picture * 255).astype(np.uint8)


def flat(value: int = 120) -> np.ndarray:
    return np.full((96, 96, 3), value, np.uint8)


def test_nothing_happens_when_nothing_is_drawn(image: np.ndarray) -> None:
    rng = Scripted([])

    np.testing.assert_array_equal(augment(image, rng), image)
    assert rng.answers == []


def test_flip_mirrors(image: np.ndarray) -> None:
    np.testing.assert_array_equal(augment(image, Scripted(["flip"])), image[:, ::-1])


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_kind_changes_the_picture_and_keeps_its_form(image: np.ndarray, question: str) -> None:
    before = image.copy()
    result = augment(image, Scripted([question]))

    assert result.shape == image.shape
    assert result.dtype == np.uint8
    assert (result != before).any()
    np.testing.assert_array_equal(image, before)


def test_framing_moves_the_middle_by_a_few_pixels() -> None:
    x, y = np.meshgrid(np.arange(96), np.arange(96))
    spot = (255 * np.exp(-((x - 47.5) ** 2 + (y - 47.5) ** 2) / 50)).astype(np.uint8)
    shifts = []
    for seed in range(30):
        moved = augment(np.stack([spot] * 3, axis=-1), Scripted(["framing"], seed))[..., 0].astype(float)
        shifts.append(((moved * x).sum() / moved.sum() - 47.5, (moved * y).sum() / moved.sum() - 47.5))

    assert np.abs(np.mean(shifts, axis=0)).max() < 2
    assert 1.5 < np.std(shifts) < 5


@pytest.mark.parametrize("question", ["low resolution", "blur", "compression"])
def test_detail_is_lost(question: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)

    result = augment(noise, Scripted([question], 3)).astype(float)

    assert np.abs(np.diff(result, axis=1)).mean() < 0.9 * np.abs(np.diff(noise.astype(float), axis=1)).mean()


def test_grey_has_one_channel(image: np.ndarray) -> None:
    result = augment(image, Scripted(["grey"]))

    assert (result == result[..., :1]).all()
    np.testing.assert_allclose(result[..., 0], image @ [0.299, 0.587, 0.114], atol=1)


def test_gains_multiply_linear_light() -> None:
    dark, bright = (augment(flat(value), Scripted(["gains"], 5))[0, 0] / 255 for value in (40, 80))

    np.testing.assert_allclose((bright / dark) ** 2.2, (80 / 40) ** 2.2, rtol=0.1)


def test_side_light_is_level_across_and_constant_down() -> None:
    result = augment(flat(), Scripted(["side light"])).astype(int)

    assert np.ptp(result, axis=0).max() == 0
    assert abs(result[0, 0, 0] - result[0, -1, 0]) > 10
    assert abs(result[0, 0, 0] + result[0, -1, 0] - 240) <= 2


def test_noise_has_no_colour_cast() -> None:
    result = augment(flat(), Scripted(["noise"])).astype(float)

    assert 2 < result.std() < 14
    np.testing.assert_allclose(result.mean(axis=(0, 1)), 120, atol=1)


@pytest.mark.parametrize("seed", range(12))
def test_occlusion_covers_a_part_with_one_colour(seed: int) -> None:
    changed = (augment(flat(), Scripted(["occlusion"], seed)) != 120).any(axis=-1)

    assert 0.005 < changed.mean() < 0.45


def test_the_same_generator_gives_the_same_picture(image: np.ndarray) -> None:
    for seed in range(20):
        first, second = (augment(image, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_different_draws_give_different_pictures(image: np.ndarray) -> None:
    rng = np.random.default_rng(0)

    assert len({augment(image, rng).tobytes() for _ in range(20)}) >= 19


def test_degrade_says_whether_the_copy_is_mirrored() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, :20] = 255

    straight, mirrored = degrade(image, Scripted([])), degrade(image, Scripted(["flip"]))

    assert (straight[1], mirrored[1]) == (False, True)
    np.testing.assert_array_equal(straight[0], image)
    np.testing.assert_array_equal(mirrored[0], image[:, ::-1])


def test_half_of_the_copies_are_mirrored(rng: np.random.Generator) -> None:
    image = np.zeros((16, 16, 3), np.uint8)

    assert 60 < sum(degrade(image, rng)[1] for _ in range(150)) < 90
