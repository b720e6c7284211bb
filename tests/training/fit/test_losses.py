from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fsynth_training.fit import losses


def tensor(values: Any) -> Any:
    return keras.ops.convert_to_tensor(np.asarray(values, np.float32))


ONLY_FIRST = np.array([1.0, 0.0])


def test_landmarks_are_compared_in_squared_pixels_where_there_is_a_target() -> None:
    landmarks, target = np.zeros((2, 3, 2)), np.zeros((2, 3, 2))
    target[0, 0] = (3, 4)
    target[1] = 100
    loss = losses.landmark_loss(tensor(landmarks), tensor(target), tensor(ONLY_FIRST))
    assert float(loss) == pytest.approx(25 / 6)
    assert float(losses.landmark_loss(tensor(landmarks), tensor(target), tensor([0, 0]))) == 0


def test_textures_are_compared_by_mean_absolute_error(rng: np.random.Generator) -> None:
    first, second = rng.uniform(size=(2, 2, 4, 4, 3))
    loss = losses.texture_loss(tensor(first), tensor(second), tensor(ONLY_FIRST))
    assert float(loss) == pytest.approx(np.abs(first[0] - second[0]).mean(), rel=1e-5)


def test_cosine_is_of_directions_from_the_centre() -> None:
    first, second = tensor([[2.0, 0.0], [0.0, 1.0]]), tensor([[0.0, 3.0], [0.0, 5.0]])
    np.testing.assert_allclose(losses.cosine(first, second), [0, 1], atol=1e-6)
    # From (1, 1), (1, 0) lies straight down and (0, 1) straight left.
    np.testing.assert_allclose(losses.cosine(first, second, tensor([1.0, 1.0])), [0, 1], atol=1e-6)
    np.testing.assert_allclose(losses.cosine(first, second, tensor([0.5, 0.5])), [-1, 1], atol=1e-5)


def test_colour_sees_the_mean_of_the_skin_alone() -> None:
    skin = np.zeros((4, 4))
    skin[:2] = 1 / 8
    first, second = np.full((1, 4, 4, 3), 0.5), np.full((1, 4, 4, 3), 0.5)
    second[:, 2:] = (1, 0, 0)  # not skin
    second[:, 0, 0] += 0.02
    second[:, 1, 1] -= 0.02  # another texture of the same mean
    close = float(losses.colour_loss(tensor(first), tensor(second), tensor(skin), tensor([1.0])))
    second[:, :2, :, 0] += 0.1
    assert close < 0.05
    assert float(losses.colour_loss(tensor(first), tensor(second), tensor(skin), tensor([1.0]))) > 5


def test_laplacian_sees_edges_and_no_plain_difference(rng: np.random.Generator) -> None:
    texture = rng.uniform(0.2, 0.6, (2, 16, 16, 3))
    even = losses.laplacian_loss(tensor(texture), tensor(texture + 0.2), tensor([1.0, 1.0]))
    assert float(even) < 1e-6
    blurred = texture.reshape(2, 8, 2, 8, 2, 3).mean(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    fine = float(losses.laplacian_loss(tensor(texture), tensor(blurred), tensor([1.0, 1.0])))
    luma = (texture - blurred) @ np.array([0.299, 0.587, 0.114])
    assert fine == pytest.approx(np.abs(luma).mean(), rel=1e-4)


def test_consistency_cannot_be_had_by_shrinking(rng: np.random.Generator) -> None:
    code, other = rng.normal(size=(2, 6, 5))
    once, smaller = (
        float(losses.consistency_loss(tensor(scale * code), tensor(scale * other), tensor(np.ones(6))))
        for scale in (1.0, 0.1)
    )
    assert once == pytest.approx(smaller, rel=1e-2)
    assert once == pytest.approx(((code - other) ** 2).mean() / code.var(axis=0).mean(), rel=1e-3)
    assert float(losses.consistency_loss(tensor(code), tensor(code), tensor(np.ones(6)))) == 0
