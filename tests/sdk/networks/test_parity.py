"""The embedded networks answer what TensorFlow.js and dlib answer for the networks as they were published."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fsynth import networks
from fsynth_training.convert.sources import DLIB, HUMAN

pytestmark = pytest.mark.requires_extra("tensorflow")  # which brings onnx, as converting needs it

# Landmarks and boxes are pixels up to 170, raw scores go to -1055: there float32 itself is coarser than 1e-4.
TOLERANCE = {"atol": 1e-4, "rtol": 5e-6}

OUTPUTS = [
    "blazeface/scores_16",
    "blazeface/scores_32",
    "blazeface/boxes_16",
    "blazeface/boxes_32",
    "facemesh/landmarks",
    "facemesh/face_flag",
    "faceres/features",
    "dlib_resnet/embedding",
]


def answer(reference: ModuleType, key: str) -> np.ndarray:
    network, output = key.split("/")
    (values,) = networks.session(network).run([output], {"image": reference.network_input(network)})
    return np.asarray(values).reshape(2, -1)


def stored(reference: ModuleType) -> dict[str, np.ndarray]:
    answers: dict[str, np.ndarray] = {}
    for name in ("tfjs.npz", "dlib.npz"):
        with np.load(Path(reference.HERE, name)) as file:
            answers |= dict(file)
    return answers


@pytest.mark.parametrize("key", OUTPUTS)
def test_network_answers_what_its_own_runtime_answered(reference: ModuleType, key: str) -> None:
    np.testing.assert_allclose(answer(reference, key), stored(reference)[key], **TOLERANCE)


def test_every_stored_answer_is_tested(reference: ModuleType) -> None:
    assert sorted(stored(reference)) == sorted(OUTPUTS)


def test_pictures_are_seen_apart(reference: ModuleType) -> None:
    """A network that answered the same to everything would pass no parity test that shows it a face and a pattern."""
    answers = stored(reference)
    face, pattern = answers["blazeface/scores_32"].max(axis=1)
    assert face > 1 > -1 > pattern
    face, pattern = answers["facemesh/face_flag"][:, 0]
    assert face > 0.99
    assert pattern < 0.5
    for key in ("faceres/features", "dlib_resnet/embedding"):
        assert np.abs(np.subtract(*answers[key])).max() > 0.1


def test_tfjs_answers_so_today(reference: ModuleType) -> None:
    if reason := reference.missing(HUMAN):
        pytest.skip(reason)
    answers = reference.answers_of_tfjs()
    assert len(answers) == 7
    for key, fresh in answers.items():
        np.testing.assert_allclose(fresh, stored(reference)[key], **TOLERANCE, err_msg=key)


def test_dlib_answers_so_today(reference: ModuleType) -> None:
    if reason := reference.missing(DLIB):
        pytest.skip(reason)
    (fresh,) = reference.answers_of_dlib().values()
    np.testing.assert_allclose(fresh, stored(reference)["dlib_resnet/embedding"], atol=2e-6, rtol=0)
