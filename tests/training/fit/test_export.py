"""Weights of a fit: what fsynth.load opens gives what the trained decoder gives, for features of any width."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[tensorflow]"')

from tests.training.fit.small_fits import SIZE, people, settings

import fsynth
from fsynth.errors import ArgumentError
from fsynth_training.fit import decoder_file, methods
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.export import export


def quiet(line: str) -> None:
    pass


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A fit to foreign features of 16 numbers."""
    people().write(tmp_path / "set")
    methods.fit(tmp_path / "set", settings(steps=2), tmp_path / "run", report=quiet)
    return tmp_path / "run"


@pytest.mark.parametrize(("width", "texture"), [(128, "cnn"), (512, "dense"), (4096, "cnn")])
def test_weights_for_features_of_other_networks(tmp_path: Path, width: int, texture: str) -> None:
    dataset = people(width=width)
    dataset.write(tmp_path / "set")
    table = settings(steps=2, decoder={"texture": texture, "matte_stride": 4})
    methods.fit(tmp_path / "set", table, tmp_path / "run", report=quiet)
    written = export(tmp_path / "run", tmp_path / "mine.onnx")

    normalizer = fsynth.load(written.weights)
    features = np.asarray(dataset.features[:3, 0])
    decoded = normalizer.decode(features)
    decoder, _ = decoder_file.load(tmp_path / "run" / "decoder.npz")
    expected = decoder(features)
    assert decoded.images.shape == (3, SIZE, SIZE, 3)
    # Large arrays are stored in half precision.
    np.testing.assert_allclose(decoded.landmarks, expected["landmarks"], atol=0.02)
    np.testing.assert_allclose(decoded.textures, expected["texture"], atol=5e-3)
    np.testing.assert_allclose(decoded.images, expected["image"], atol=1e-2)
    with pytest.raises(ArgumentError, match="compute the features yourself and call `decode`"):
        normalizer(np.zeros((64, 64, 3), np.uint8))


def test_the_card_says_where_the_weights_come_from(run: Path, tmp_path: Path) -> None:
    digest = export(run, tmp_path / "mine.onnx").sha256
    maker = {
        "name": "mine",
        "kind": "weights",
        "key": digest,
        "likeness": {"dlib": {"rank1": 0.71234}},
        "bins": [0] * 9,
    }
    photos = {"source": "lfw", "people": 200, "wild": 950, "pairs": 0}
    (tmp_path / "evaluation.json").write_text(json.dumps({"photos": photos, "makers": [{"key": ""}, maker]}))
    written = export(run, tmp_path / "mine.onnx", overwrite=True, evaluation=tmp_path / "evaluation.json")
    assert hashlib.sha256(written.weights.read_bytes()).hexdigest() == digest
    assert written.sha256 == digest
    assert (tmp_path / "mine.onnx.sha256").read_text().split()[0] == digest
    card = written.card.read_text()
    assert written.card == tmp_path / "mine.md"
    data = json.loads((run / "run.json").read_text())["dataset"]
    rows = [
        f"| sha256 | `{digest}` |",
        f"| sha256 of dataset.json | `{data['sha256']}` |",
        "| photos.people | 200 |",
        "| likeness.dlib.rank1 | 0.7123 |",
        "| loss.texture | 100 |",
        "| optimizer.learning_rate | 0.002 |",
        "| base_size | 14 |",
        "8 targets and 24 photos of 8 people, 2 of whom",
    ]
    for row in rows:
        assert row in card, row


def test_figures_of_other_weights_are_refused(run: Path, tmp_path: Path) -> None:
    evaluation = tmp_path / "evaluation.json"
    photos = {"source": "lfw", "people": 200, "wild": 950, "pairs": 0}
    evaluation.write_text(json.dumps({"photos": photos, "makers": [{"key": "0" * 64}]}))
    with pytest.raises(FitError, match="measures other weights than these"):
        export(run, tmp_path / "mine.onnx", evaluation=evaluation)
    evaluation.write_text("{}")
    with pytest.raises(FitError, match=r"is no evaluation\.json of fsynth train evaluate"):
        export(run, tmp_path / "other.onnx", evaluation=evaluation)


def test_nothing_is_replaced_unless_asked_for(run: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.onnx"
    first = export(run, output)
    with pytest.raises(FitError, match=r"mine\.onnx exists already"):
        export(run, output)
    assert export(run, output, overwrite=True).sha256 == first.sha256
    with pytest.raises(FitError, match=r"must end in \.onnx"):
        export(run, tmp_path / "mine.bin")


def test_a_run_without_a_decoder_is_refused(run: Path, tmp_path: Path) -> None:
    (run / "decoder.npz").unlink()
    with pytest.raises(FitError, match=r"has no decoder\.npz yet"):
        export(run, tmp_path / "mine.onnx")
    with pytest.raises(FitError, match=r"it has no run\.json"):
        export(tmp_path, tmp_path / "mine.onnx")
    assert not list(tmp_path.glob("mine*"))
