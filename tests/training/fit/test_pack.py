"""Packing: the decoder that ships paints what the linear decoder paints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("tensorflow", reason='needs pip install "fsynth[train]"')

import tensorflow as tf
from tests.training.small_sets import face_space

from fsynth_training.dataset.geometry import SIZE
from fsynth_training.fit.face_space import FaceSpace, Normalisation, Yardstick
from fsynth_training.fit.linear_decoder import LinearDecoder
from fsynth_training.fit.pack import pack
from fsynth_training.fit.planes import plane_weights, representable

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry

pytestmark = pytest.mark.requires_extra("train")

WIDTH = 16


@pytest.fixture
def space(geometry: Geometry, rng: np.random.Generator) -> FaceSpace:
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    texture = np.stack([0.6 + 0.2 * np.cos(x / 40), 0.5 + 0.1 * np.sin(y / 30), 0.4 + 0 * x], axis=-1)
    matte = (np.hypot(x - 111.5, y - 115) < 90).astype(np.float32)
    return face_space(texture, matte, geometry.landmarks, WIDTH, rng)


@pytest.fixture
def normalisation(rng: np.random.Generator) -> Normalisation:
    return Normalisation(rng.uniform(0.1, 0.3, WIDTH), 0.07, np.linalg.qr(rng.normal(0, 1, (WIDTH, 3)))[0].T)


def linear(space: FaceSpace, rng: np.random.Generator, hidden: int = 0) -> LinearDecoder:
    kernel, bias = rng.normal(0, 0.25, (WIDTH, 7)), np.linspace(-0.5, 0.5, 7)
    decoder = LinearDecoder(space, Yardstick(kernel, bias, np.zeros((0, 7))), face_gain=1, hidden=hidden, seed=0)
    decoder.residual_kernel.assign(rng.normal(0, 0.3, (hidden, 7)))
    return decoder


@pytest.mark.parametrize("hidden", [0, 5])
def test_the_packed_decoder_paints_what_the_linear_one_paints(
    space: FaceSpace, normalisation: Normalisation, geometry: Geometry, rng: np.random.Generator, hidden: int
) -> None:
    decoder = linear(space, rng, hidden)
    packed, share = pack(decoder, normalisation, geometry, rng.gamma(1, 1, (60, WIDTH)), 160)

    features = 15 * rng.gamma(1, 1, (3, WIDTH)).astype(np.float32)  # others than those it was packed for
    inputs = tf.constant(normalisation(features))
    coefficients = decoder.coefficients(inputs)
    painted = {name: np.asarray(value) for name, value in packed(features).items()}
    assert (packed.settings.code_width, packed.settings.code_hidden) == (12, hidden)
    np.testing.assert_allclose(share, 1, atol=1e-6)
    np.testing.assert_allclose(painted["texture"], np.clip(decoder.texture(inputs, coefficients), 0, 1), atol=2e-4)
    np.testing.assert_allclose(painted["landmarks"], decoder.landmarks(coefficients), atol=3e-3)
    assert np.ptp(painted["texture"][..., 0], axis=0).max() > 0.05
    assert np.ptp(painted["landmarks"], axis=0).max() > 1


def test_coarse_luma_shows_all_but_what_is_too_fine_for_it(
    space: FaceSpace, normalisation: Normalisation, geometry: Geometry, rng: np.random.Generator
) -> None:
    noisy = replace(space.face, mean=space.face.mean + rng.normal(0, 0.02, space.face.mean.size).astype(np.float32))
    space = replace(space, face=noisy)
    decoder = linear(space, rng)
    packed, _ = pack(decoder, normalisation, geometry, rng.gamma(1, 1, (60, WIDTH)), 160, luma_stride=2)

    features = 15 * rng.gamma(1, 1, (3, WIDTH)).astype(np.float32)
    inputs = tf.constant(normalisation(features))
    texture = np.asarray(packed(features)["texture"])
    planes = np.asarray(inputs) @ space.base_kernel @ space.base.directions + space.base_bias @ space.base.directions
    planes += space.base.mean
    coefficients = np.asarray(decoder.coefficients(inputs))
    pixels = SIZE * SIZE
    luma = planes[:, :pixels] + coefficients[:, :4] @ space.face.directions + space.face.mean
    shown = representable(luma.reshape(-1, SIZE, SIZE), 2)
    fine = luma.reshape(-1, SIZE, SIZE) - shown
    whole = np.asarray(decoder.texture(inputs, tf.constant(coefficients)))
    inside = geometry.face > 0.5
    assert packed.settings.luma_stride == 2
    assert np.abs(fine[:, inside]).max() > 0.01  # there is something to lose
    expected = np.clip(whole - fine[..., None], 0, 1)
    np.testing.assert_allclose(texture[:, inside], expected[:, inside], atol=1e-3)


def test_a_narrow_code_keeps_the_share_of_the_variance_it_says(
    space: FaceSpace, normalisation: Normalisation, geometry: Geometry, rng: np.random.Generator
) -> None:
    features = rng.gamma(1, 1, (60, WIDTH)).astype(np.float32)
    decoder = linear(space, rng)

    packed, share = pack(decoder, normalisation, geometry, features, 4)

    # All that is painted before outline and clipping, as one vector for each face, in units whose squares add up.
    inputs = normalisation(features)
    base = inputs @ space.base_kernel + space.base_bias
    own = np.asarray(decoder.coefficients(tf.constant(inputs)))
    planes = base @ space.base.directions
    planes[:, : SIZE * SIZE] += own[:, :4] @ space.face.directions
    wanted = np.concatenate([planes, own[:, 4:] @ space.shapes.directions], axis=1)
    code = np.asarray(packed.encode(features))
    named = {name: np.asarray(weight) for name, weight in packed.named_weights().items()}
    kernels = [named[f"{name}/kernel"] for name in ("dense/luma", "dense/chroma", "matte/outline")]
    offsets = np.asarray(packed.landmarks(code)).reshape(60, -1)
    kept = np.concatenate([*(code @ kernel for kernel in kernels), offsets], axis=1)
    weights = np.concatenate([plane_weights(0.3 + 0.7 * geometry.face, outline=0.02), np.full(130, 25.0)])

    def variance(vectors: np.ndarray) -> float:
        return float((np.square(vectors - vectors.mean(axis=0)) * weights).sum())

    left = variance(wanted - kept) / variance(wanted)
    assert packed.settings.code_width == 4
    assert 0.4 < share < 0.98
    np.testing.assert_allclose(1 - share, left, rtol=1e-3)
    # No code of four numbers could keep more: these are the leading principal components.
    values = np.linalg.svd((wanted - wanted.mean(axis=0)) * np.sqrt(weights), compute_uv=False) ** 2
    np.testing.assert_allclose(share, values[:4].sum() / values.sum(), rtol=1e-3)


def test_codes_have_unit_variance(
    space: FaceSpace, normalisation: Normalisation, geometry: Geometry, rng: np.random.Generator
) -> None:
    features = rng.gamma(1, 1, (60, WIDTH)).astype(np.float32)
    packed, _ = pack(linear(space, rng), normalisation, geometry, features, 160)

    code = np.asarray(packed.encode(features))

    np.testing.assert_allclose(np.cov(code.T), np.eye(12), atol=0.01)
    np.testing.assert_allclose(code.mean(axis=0), 0, atol=0.01)
