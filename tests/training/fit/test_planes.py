"""Textures as vectors: what the decoder paints from them, and what their entries weigh."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.small_sets import waves

from fsynth_training.fit.planes import (
    OUTLINE_LIMIT,
    OUTLINE_WIDTH,
    coarse_luma,
    plane_weights,
    representable,
    signed_distance,
    to_planes,
)

SIZE = 64


def disc(radius: float, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """A disc (size, size), 0 or 1, and the distance inside its outline, in px."""
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    inside = radius - np.hypot(x - (size - 1) / 2, y - (size - 1) / 2)
    return (inside > 0).astype(np.float32), inside


def test_distances_to_a_disc_are_those_of_geometry() -> None:
    matte, inside = disc(20.0)

    found = signed_distance(matte)

    expected = np.clip(inside / OUTLINE_WIDTH, -OUTLINE_LIMIT, OUTLINE_LIMIT)
    # Distances go to pixel centres, half a pixel beyond the outline, give or take the raster.
    np.testing.assert_allclose(found, expected, atol=1.2 / OUTLINE_WIDTH)
    assert (np.sign(found) == np.sign(matte - 0.5)).all()


def test_distances_are_limited() -> None:
    found = signed_distance(disc(30.0)[0])

    assert found.max() == OUTLINE_LIMIT
    assert found.min() >= -OUTLINE_LIMIT


def test_planes_hold_luma_then_chroma_pairs_then_outlines(rng: np.random.Generator) -> None:
    texture = rng.uniform(0, 1, (1, 8, 8, 3))
    matte = disc(3.0, 8)[0][None]

    (planes,) = to_planes(texture, matte)

    # ITU-R BT.601, full range.
    luma = texture[0] @ [0.299, 0.587, 0.114]
    red, blue = (texture[0, ..., 0] - luma) / 1.402, (texture[0, ..., 2] - luma) / 1.772
    np.testing.assert_allclose(planes[:64], luma.ravel(), atol=1e-4)
    blocks = [plane[y : y + 4, x : x + 4].mean() for y in (0, 4) for x in (0, 4) for plane in (red, blue)]
    np.testing.assert_allclose(planes[64:72], blocks, atol=1e-4)
    distance = signed_distance(matte[0])
    np.testing.assert_allclose(
        planes[72:], [distance[y : y + 4, x : x + 4].mean() for y in (0, 4) for x in (0, 4)], atol=1e-6
    )


def test_weights_count_every_pixel_once_per_channel(rng: np.random.Generator) -> None:
    weights = rng.uniform(0, 1, (SIZE, SIZE))

    found = plane_weights(weights, outline=0.02)

    pixels, cells = SIZE**2, (SIZE // 4) ** 2
    assert found.shape == to_planes(np.zeros((1, SIZE, SIZE, 3)), np.ones((1, SIZE, SIZE)) * 0.2)[0].shape
    np.testing.assert_allclose(found[:pixels], weights.ravel(), rtol=1e-6)
    np.testing.assert_allclose(found[pixels : pixels + 2 * cells].sum(), 2 * weights.sum(), rtol=1e-5)
    np.testing.assert_allclose(found[pixels + 2 * cells :].sum(), 0.02 * SIZE**2, rtol=1e-5)


def test_weighted_error_of_planes_is_that_of_pixels(rng: np.random.Generator) -> None:
    # Two textures of one colour each: chroma blocks stand for their 16 pixels.
    weights = rng.uniform(0, 1, (SIZE, SIZE))
    colours = np.array([[0.7, 0.5, 0.4], [0.5, 0.5, 0.6]])
    textures = np.broadcast_to(colours[:, None, None], (2, SIZE, SIZE, 3))
    first, second = to_planes(textures, np.stack([disc(20.0)[0]] * 2))

    luma = colours @ [0.299, 0.587, 0.114]
    parts = np.stack([luma, (colours[:, 0] - luma) / 1.402, (colours[:, 2] - luma) / 1.772])
    expected = weights.sum() * np.square(parts[:, 0] - parts[:, 1]).sum()
    np.testing.assert_allclose((plane_weights(weights, 0.02) * (first - second) ** 2).sum(), expected, rtol=1e-3)


@pytest.mark.requires_extra("train")
def test_coarse_luma_is_what_keras_upsamples_best_to_it(rng: np.random.Generator) -> None:
    from keras import ops

    coarse = rng.normal(0, 1, (2, SIZE // 2, SIZE // 2, 1)).astype(np.float32)
    luma = np.asarray(ops.image.resize(coarse, (SIZE, SIZE), interpolation="bilinear"))[..., 0]

    np.testing.assert_allclose(coarse_luma(luma, 2), coarse[..., 0], atol=1e-5)
    np.testing.assert_allclose(representable(luma, 2), luma, atol=1e-5)
    assert coarse_luma(luma, 1) is luma
    # The rest of any other image is at right angles to all that can be shown.
    other = rng.normal(0, 1, (1, SIZE, SIZE))
    assert abs(np.vdot(other - representable(other, 2), representable(luma[:1].astype(float), 2))) < 1e-6 * SIZE**2


@pytest.mark.requires_extra("train")
def test_the_decoder_paints_what_went_into_the_planes(rng: np.random.Generator) -> None:
    from fsynth.decoder import Decoder

    # Detail in luma, smooth chroma: what the planes can hold.
    texture = 0.5 + 0.08 * waves(1, SIZE, rng, 1) + 0.05 * np.linspace(-1, 1, SIZE)[:, None] * [1, -1, 0.5]
    matte, inside = disc(20.0)
    (planes,) = to_planes(texture, matte[None])
    decoder = Decoder(
        feature_width=4, code_width=2, code_activation=None, landmarks=5, landmark_hidden=4, texture="dense",
        chroma_stride=4, matte_stride=4, background=0.8, image_size=SIZE,
    )  # fmt: skip
    pixels, cells = SIZE**2, (SIZE // 4) ** 2
    named = decoder.named_weights()
    named["dense/luma/bias"].assign(planes[:pixels])
    named["dense/chroma/bias"].assign(planes[pixels : pixels + 2 * cells])
    named["matte/outline/bias"].assign(planes[pixels + 2 * cells :])

    (painted,) = np.asarray(decoder.texture(np.zeros((1, 2), np.float32)))

    deep, far = inside > OUTLINE_WIDTH, inside < -OUTLINE_WIDTH
    luma = [0.299, 0.587, 0.114]
    np.testing.assert_allclose(painted[deep] @ luma, texture[0][deep] @ luma, atol=1e-4)
    np.testing.assert_allclose(painted[deep], texture[0][deep], atol=0.02)
    np.testing.assert_allclose(painted[far], 0.8, atol=1e-6)
    soft = np.clip(inside / OUTLINE_WIDTH + 0.5, 0, 1)[..., None]
    np.testing.assert_allclose(painted, 0.8 + soft * (texture[0] - 0.8), atol=0.12)
    assert np.abs(painted - (0.8 + soft * (texture[0] - 0.8))).mean() < 0.01
