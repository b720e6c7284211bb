from __future__ import annotations

import numpy as np
import pytest
from tests.sdk.decoder.small import KINDS, features, make, mean_landmarks

from fsynth.errors import ArgumentError

pytestmark = pytest.mark.requires_extra("tensorflow")


@pytest.mark.parametrize("kind", KINDS)
def test_output_shapes_and_ranges(kind: str) -> None:
    result = {name: np.asarray(value) for name, value in make(kind)(features()).items()}

    assert result["image"].shape == result["texture"].shape == (3, 32, 32, 3)
    assert result["landmarks"].shape == (3, 5, 2)
    assert result["texture"].min() >= 0
    assert result["texture"].max() <= 1


def test_background_shows_where_the_outline_is_outside() -> None:
    decoder = make("matte")
    decoder.matte.outline.bias.assign(np.full(16, -9.0))

    np.testing.assert_allclose(decoder(features())["texture"], 0.7, atol=1e-6)


@pytest.mark.parametrize("width", [128, 512, 4096])
def test_feature_width_is_a_parameter(width: int) -> None:
    result = make("dense", feature_width=width)(features(2, width))

    assert result["image"].shape == (2, 32, 32, 3)


def test_cnn_halves_its_channels_as_the_paper_says() -> None:
    from fsynth.decoder import Decoder

    decoder = Decoder(feature_width=16, code_width=2, base_size=28, base_channels=256, landmarks=5)
    channels = [layer.filters for layer in decoder.colours.convolutions]

    assert channels == [128, 64, 32]


def test_output_does_not_depend_on_the_norm_of_the_features() -> None:
    decoder = make("dense")

    once, thrice = decoder(features()), decoder(3 * features())

    np.testing.assert_allclose(once["image"], thrice["image"], atol=1e-5)


def test_image_shows_the_texture_moved_to_the_landmarks() -> None:
    decoder = make("luma and chroma")
    decoder.landmark_offsets.bias.assign(np.tile([2.0, 1.0], 5))
    result = {name: np.asarray(value) for name, value in decoder(features(1)).items()}
    x, y = mean_landmarks()[2].astype(int)
    place = result["landmarks"][0, 2]
    columns, rows = np.floor(place).astype(int)
    fx, fy = place - np.floor(place)
    corners = result["image"][0, rows : rows + 2, columns : columns + 2]
    there = (corners[0, 0] * (1 - fx) + corners[0, 1] * fx) * (1 - fy) + (
        corners[1, 0] * (1 - fx) + corners[1, 1] * fx
    ) * fy

    # Sampled between pixels twice, so equal only as far as the texture is smooth.
    np.testing.assert_allclose(there, result["texture"][0, y, x], atol=0.1)


def test_gradients_reach_every_trainable_weight() -> None:
    import tensorflow as tf

    decoder = make("cnn")
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(decoder(features())["image"] - 0.3))
    gradients = tape.gradient(loss, decoder.trainable_variables)

    assert all(np.isfinite(g).all() for g in gradients)
    assert sum(float(tf.reduce_sum(tf.abs(g))) > 0 for g in gradients) >= len(gradients) - 2


def test_config_round_trip_rebuilds_the_decoder() -> None:
    from fsynth.decoder import Decoder

    decoder = make("cnn")
    again = Decoder.from_config(decoder.get_config())
    for old, new in zip(decoder.weights, again.weights, strict=True):
        new.assign(old)

    np.testing.assert_allclose(decoder(features())["image"], again(features())["image"], atol=1e-6)


def test_keras_file_round_trip(tmp_path) -> None:
    import keras

    decoder = make("dense")
    decoder.save(tmp_path / "decoder.keras")
    again = keras.saving.load_model(tmp_path / "decoder.keras")

    np.testing.assert_array_equal(decoder(features())["image"], again(features())["image"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"texture": "gan"}, "`texture` must be one of"),
        ({"code_width": 0}, "`code_width` must be at least 1"),
        ({"base_size": 5}, "times a power of two"),
        ({"base_channels": 6, "base_size": 4}, "must be divisible by 8"),
        ({"chroma_stride": 5}, "`chroma_stride` must divide `image_size`"),
        ({"luma_stride": 5, "chroma_stride": 4}, "`luma_stride` must divide `image_size`"),
        ({"luma_stride": 2}, "set `chroma_stride` above 1"),
        ({"matte_stride": 5}, "`matte_stride` must be 0 or divide"),
        ({"background": 2.0}, "`background` must be in 0..1"),
        ({"landmarks": 6}, r"`mean_landmarks` must have shape \(6, 2\)"),
    ],
)
def test_settings_that_fit_nothing_are_named(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make("cnn", **fields)


def test_detail_is_that_of_the_exemplar_which_the_features_choose() -> None:
    import keras

    decoder = make("detail")
    given = features()
    bank = np.random.default_rng(8).normal(0, 0.05, (3, 32 * 32)).astype(np.float32)
    decoder.detail.bank.assign(bank)
    decoder.detail.choice.kernel.assign(np.zeros((12, 3)))
    for number in range(3):
        decoder.detail.choice.bias.assign(40 * np.eye(3)[number])
        detail = np.asarray(decoder.fine_detail(given))
        np.testing.assert_allclose(detail, np.repeat(bank[number].reshape(1, 32, 32, 1), 3, axis=0), atol=1e-6)

    # It is added to all channels alike, before the matte: the background stays what it is.
    code = decoder.encode(given)
    with_detail, without = (np.asarray(decoder.texture(code, d)) for d in (keras.ops.convert_to_tensor(detail), None))
    matte = np.asarray(decoder.matte(code))
    inside = (without > 0.2) & (without < 0.8)  # nothing is clipped there
    np.testing.assert_allclose((with_detail - without)[inside], (matte * detail * np.ones(3))[inside], atol=1e-5)
    np.testing.assert_allclose(np.asarray(decoder(given)["texture"]), with_detail, atol=1e-6)


def test_a_decoder_without_a_bank_has_no_detail() -> None:
    assert make("dense").fine_detail(features()) is None
