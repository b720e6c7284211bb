"""The second recogniser inside the loss: what it sees, against ONNX Runtime."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[train]"')

import tensorflow as tf
from tests.training.small_recogniser import small_recogniser

from fsynth_training.convert import mobilefacenet
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.samples import unit
from fsynth_training.fit.second_judge import SecondJudge

pytestmark = pytest.mark.requires_extra("train")


def as_bytes(network: bytes) -> np.ndarray:
    return np.frombuffer(network, np.uint8)


def seen_by_runtime(network: bytes, chips: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(network)
    images = (chips.transpose(0, 3, 1, 2) - np.float32(127.5)) / np.float32(128)
    return np.concatenate([session.run(None, {session.get_inputs()[0].name: image[None]})[0] for image in images])


@pytest.fixture
def chips(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0, 255, (3, 112, 112, 3)).astype(np.float32)


@pytest.mark.parametrize("last", ["Reshape", "Flatten"])
def test_it_sees_what_the_runtime_sees(chips: np.ndarray, last: str) -> None:
    network = small_recogniser(last=last)

    seen = SecondJudge(as_bytes(network), np.zeros((1, 6))).embeddings(tf.constant(chips))

    np.testing.assert_allclose(seen, seen_by_runtime(network, chips), atol=1e-4)


def test_the_recogniser_of_the_shipped_weights_sees_what_the_runtime_sees(root: Path, chips: np.ndarray) -> None:
    folder = Path(os.environ.get("FSYNTH_SOURCES") or root / "build" / "sources")
    archive = folder / mobilefacenet.FACEPLUGIN.archive
    if not archive.is_file():
        pytest.skip(f"{archive} is missing: run tests/sdk/networks/reference/fetch.sh")
    network = mobilefacenet.convert(archive)

    seen = SecondJudge(as_bytes(network), np.zeros((1, 512))).embeddings(tf.constant(chips))

    np.testing.assert_allclose(unit(np.asarray(seen)), unit(seen_by_runtime(network, chips)), atol=1e-5)


def test_cosines_are_counted_from_the_mean_of_all_people(chips: np.ndarray, rng: np.random.Generator) -> None:
    network, people = small_recogniser(), unit(rng.normal(size=(20, 6)) + 1)
    goals = rng.normal(size=(3, 6)).astype(np.float32)

    found = SecondJudge(as_bytes(network), people)(tf.constant(chips), tf.constant(goals))

    mean = people.mean(axis=0)
    seen, wanted = (unit(unit(one) - mean) for one in (seen_by_runtime(network, chips), goals))
    np.testing.assert_allclose(found, (seen * wanted).sum(axis=1), atol=1e-4)


def test_larger_chips_are_made_smaller(chips: np.ndarray) -> None:
    judge = SecondJudge(as_bytes(small_recogniser()), np.zeros((1, 6)))
    flat = tf.ones((2, 160, 160, 3)) * 90

    goals = judge.embeddings(tf.ones((2, 112, 112, 3)) * 90)

    np.testing.assert_allclose(judge(flat, goals), 1, atol=1e-5)


def test_an_operation_that_is_not_known_is_named() -> None:
    import onnx

    model = onnx.load_from_string(small_recogniser())
    model.graph.node[1].op_type = "Sigmoid"

    with pytest.raises(FitError, match="has the operation Sigmoid, and fsynth knows Conv"):
        SecondJudge(as_bytes(model.SerializeToString()), np.zeros((1, 6)))
