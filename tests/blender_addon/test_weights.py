from __future__ import annotations

import numpy as np
import pytest

from fsynth_blender.weights import Weights

JOINTS = {
    "neck": np.zeros(3),
    "head": np.array([0, 0, 0.1]),
    "jaw": np.array([0, -0.03, 0.1]),
    "eye_left": np.array([0.03, -0.09, 0.12]),
}


def turned(places: np.ndarray, angle: float) -> np.ndarray:
    """How ``places`` move when they turn around the jaw's joint."""
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return (places - JOINTS["jaw"]) @ (rotation.T - np.eye(3))


def weights() -> Weights:
    teeth = np.array([[x, -0.1, 0.05] for x in (-0.02, 0, 0.02)])
    return Weights(JOINTS, teeth, turned(teeth, 0.2))


def test_what_a_shape_turns_with_the_jaw_is_the_jaws() -> None:
    chin, cheek, brow = np.array([0, -0.12, 0.03]), np.array([0.05, -0.1, 0.06]), np.array([0, -0.1, 0.14])
    places = np.stack([chin, cheek, brow])
    opening = turned(places, 0.2) * np.array([1, 0.5, 0])[:, None]
    found = weights().of("skin", places, {"jawOpen": opening})
    np.testing.assert_allclose(found["jaw"], [1, 0.5, 0], atol=0.12)
    np.testing.assert_allclose(sum(found.values()), 1, atol=1e-6)


def test_head_and_neck_share_the_skin_smoothly() -> None:
    up = np.stack([np.zeros(50), np.zeros(50), np.linspace(-0.1, 0.2, 50)], axis=1)
    found = weights().of("skin", up, {})
    np.testing.assert_allclose(found["head"] + found["neck"], 1, atol=1e-6)
    assert found["neck"][0] == 1
    assert found["head"][-1] == 1
    assert np.abs(np.diff(found["head"])).max() < 0.2
    assert (np.diff(found["head"]) >= 0).all()


@pytest.mark.parametrize("part", ["eye_left", "cornea_left"])
def test_eyes_are_their_bones(part: str) -> None:
    assert list(weights().of(part, np.zeros((4, 3)), {})) == ["eye_left"]


def test_teeth_are_stiff_and_a_head_without_jaw_keeps_them() -> None:
    assert list(weights().of("teeth_lower", np.zeros((4, 3)), {})) == ["jaw"]
    nothing = np.zeros((0, 3))
    assert list(Weights({"neck": np.zeros(3)}, nothing, nothing).of("teeth_lower", np.zeros((4, 3)), {})) == ["head"]
