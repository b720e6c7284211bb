"""The second recogniser: where its chip is cut, and what it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

pytest.importorskip("onnx", reason='needs pip install "fsynth[tensorflow]"')

from tests.training.small_recogniser import small_recogniser

from fsynth import encoder
from fsynth.errors import WeightsError
from fsynth.faces import find_faces, read_photo
from fsynth.networks.files import read_network
from fsynth_training.dataset.second_encoder import SIZE, TEMPLATE, SecondEncoder


def test_the_chip_is_framed_as_the_encoders_own_which_is_arcfaces_at_twice_the_size(astronaut: Path) -> None:
    photo = read_photo(astronaut)
    (face,) = find_faces(photo)

    chip = SecondEncoder(small_recogniser(), "small.onnx").crop(photo, face.mesh)

    np.testing.assert_array_equal(TEMPLATE[0], [38.2946, 51.6963])  # the right eye, Deng et al.
    large = Image.fromarray(encoder.load("faceres").crop(photo, face.mesh))
    half = np.asarray(large.resize((SIZE, SIZE), Image.Resampling.BOX), float)
    assert np.abs(half - chip).mean() < 4 < np.abs(np.roll(half, 2, axis=1) - chip).mean()


def test_embeddings_are_the_networks_own_at_length_1(rng: np.random.Generator) -> None:
    chips = rng.integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)
    network = small_recogniser()

    found = SecondEncoder(network, "small.onnx").encode(chips)

    session = onnxruntime.InferenceSession(network)
    images = (chips.transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / 128
    expected = np.concatenate([session.run(None, {"chip": image[None]})[0] for image in images])
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-5)
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("network", "sentence"), [(b"text", "small.onnx: The data is no ONNX"), (None, "small.onnx is no recogniser of")]
)
def test_what_is_no_recogniser_is_refused_by_name(network: bytes | None, sentence: str) -> None:
    with pytest.raises(WeightsError, match=sentence):
        SecondEncoder(read_network("facemesh") if network is None else network, "small.onnx")
