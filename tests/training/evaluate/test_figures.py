from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from tests.training.small_sets import lab_colours

from fsynth import encoder
from fsynth.errors import ArgumentError
from fsynth_training.dataset.colour import to_lab
from fsynth_training.evaluate import tables
from fsynth_training.evaluate.figures import embed_photos, figures
from fsynth_training.evaluate.light_moves import light_moves
from fsynth_training.evaluate.lights import lights
from fsynth_training.evaluate.photos import EvaluationPhotos
from fsynth_training.evaluate.synthesize import Synthesized, Weights

if TYPE_CHECKING:
    from fsynth_training.dataset.geometry import Geometry


class PhotoColour:
    """A maker whose textures have the mean colour of the photo."""

    name, kind, key = "photo's colour", "baseline", "colour"
    mean_landmarks = np.zeros((65, 2))

    def synthesize(self, photos: EvaluationPhotos) -> Synthesized:
        colours = photos.aligned.reshape(len(photos), -1, 3).mean(axis=1) / 255
        return Synthesized(photos.aligned, photos.landmarks, lab_colours(to_lab(colours)), self.mean_landmarks)


class Grey(PhotoColour):
    """A maker that sees nothing of the light."""

    def synthesize(self, photos: EvaluationPhotos) -> Synthesized:
        return replace(super().synthesize(photos), textures=np.full((len(photos), 224, 224, 3), 0.5, np.float32))


def test_a_face_of_the_photos_colour_moves_with_the_light(photos: EvaluationPhotos, geometry: Geometry) -> None:
    moves = light_moves(PhotoColour(), photos, geometry)

    assert set(moves) == set(lights())
    for move in moves.values():
        np.testing.assert_allclose(move.mean, move.photo, atol=0.05)
        assert move.worst >= move.mean > 1


def test_a_face_of_one_colour_does_not_move(photos: EvaluationPhotos, geometry: Geometry) -> None:
    for move in light_moves(Grey(), photos, geometry).values():
        np.testing.assert_allclose([move.mean, move.worst], 0, atol=1e-6)
        assert move.photo > 1


def test_all_figures_of_a_weights_file(photos: EvaluationPhotos) -> None:
    wild = replace(photos, expression=np.array([""] * 4), identity=np.array(["lfw a", "lfw a", "lfw b", "lfw b"]))

    found = figures("default", wild, photos, photo_embeddings=embed_photos(wild))

    assert set(found) == {"likeness", "leaks", "pose", "each", "accuracy", "light"}
    assert set(found["likeness"]) == {"dlib", "faceres"}
    # The face of the other photo is the same person's to dlib, who took no part.
    assert found["likeness"]["dlib"]["distance"] < 0.6
    assert found["accuracy"]["landmark_error"] < 15  # of one smiling face
    json.dumps(found, allow_nan=False)


def test_weights_are_batched_without_a_seam(photos: EvaluationPhotos) -> None:
    default = Weights("default")
    features = np.repeat(photos.features_for("faceres")[:1], 33, axis=0)

    made = default.decode(features)

    assert made.images.shape == (33, 224, 224, 3)
    # Sums of another batch's size may round otherwise.
    np.testing.assert_allclose(made.images[32].astype(int), made.images[0].astype(int), atol=1)
    assert len(default.key) == 64


def test_weights_of_other_features_cannot_be_evaluated_from_photos(
    photos: EvaluationPhotos, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsynth

    normalizer = fsynth.load()
    monkeypatch.setattr(normalizer.engine, "card", replace(normalizer.engine.card, encoder=None))
    monkeypatch.setattr(fsynth, "load", lambda path: normalizer)

    with pytest.raises(ArgumentError, match="no encoder for"):
        Weights("default")


def test_features_are_those_of_the_weights_encoder(photos: EvaluationPhotos) -> None:
    assert Weights("default").encoder in encoder.NAMES
    with pytest.raises(ArgumentError, match="read them again"):
        Weights("default").synthesize(replace(photos, features={}))


# --- tables


def test_numbers_are_rounded_and_what_is_missing_is_a_dash() -> None:
    assert tables.number(0.12345, 3) == "0.123"
    assert tables.number(0.1239, -1) == "12.4 %"
    assert tables.number(None, 2) == "&ndash;"


def test_tables_mark_weights_and_take_names_as_text() -> None:
    makers = [
        {"name": "<b>", "kind": "weights", "leaks": {"lips_parted": 0.5, "mouth_leak": 0.1, "yaw_leak": None}},
        {"name": "photos", "kind": "photos"},
    ]

    found = tables.by_maker(makers, tables.LEAKS, "leaks")

    assert '<tr class="main"><th>&lt;b&gt;</th><td>50.0 %</td><td>0.10</td><td>&ndash;</td>' in found
    assert "photos" not in found  # it has no such figures
