from __future__ import annotations

from dataclasses import replace

import numpy as np

from fsynth_morphable.eyes import Eyeball
from fsynth_morphable.models import load
from fsynth_morphable.sockets import close_sockets


def test_sockets_lie_on_their_eyeballs_and_all_else_stays() -> None:
    model = load("fsynth")
    coefficients = np.random.default_rng(0).normal(0, 0.5, len(model.identity))
    vertices = model.vertices(coefficients)
    closed = close_sockets(model, vertices)
    moved = np.flatnonzero((closed != vertices).any(axis=1))
    assert len(moved) > 200
    skin = np.unique(model.polygons[model.in_parts("skin")])
    assert np.isin(moved, skin).all()
    balls = [Eyeball.of(model, vertices, name) for name in ("eye_left", "eye_right")]
    radii = np.min([np.linalg.norm(closed[moved] - ball.centre, axis=1) / ball.radius for ball in balls], axis=0)
    np.testing.assert_allclose(radii, 1.02, atol=1e-3)
    assert np.linalg.norm(closed - vertices, axis=1).max() < 0.006


def test_models_without_a_texture_of_their_own_stay_as_they_are() -> None:
    model = replace(load("fsynth"), texture=None)
    vertices = model.vertices()
    assert close_sockets(model, vertices) is vertices
