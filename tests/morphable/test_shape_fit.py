from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fsynth_morphable.camera import Camera, rotation_matrix
from fsynth_morphable.errors import ArgumentError, LandmarksError
from fsynth_morphable.model import COMPONENTS, MorphableModel
from fsynth_morphable.shape_fit import fit_shape
from fsynth_morphable.shape_objective import make_objective


@dataclasses.dataclass(frozen=True, eq=False)
class Truth:
    identity: np.ndarray
    expression: np.ndarray
    camera: Camera
    landmarks: np.ndarray


def draw(model: MorphableModel, seed: int, *, turn: float = 8, expression: bool = True, noise: float = 0) -> Truth:
    """A head from the prior, before a camera that sees it 150 px tall."""
    rng = np.random.default_rng(seed)
    identity = rng.standard_normal(len(model.identity))
    weights = rng.uniform(0, 0.8, len(model.expression)) * (rng.random(len(model.expression)) < 0.5) * expression
    rotation = rotation_matrix(np.radians(rng.normal(0, turn, 3)))
    head = model.landmark_positions(identity, weights)
    depth = Camera().focal_length * np.ptp(head[:, 1]) / rng.uniform(130, 170)
    camera = Camera(rotation, np.array([*rng.normal(0, 0.01, 2), -depth]))
    return Truth(identity, weights, camera, camera.project(head)[0] + rng.normal(0, 1, (65, 2)) * noise)


def test_exact_landmarks_are_met(small_model: MorphableModel) -> None:
    truth = draw(small_model, 0)
    fit = fit_shape(small_model, truth.landmarks)
    np.testing.assert_allclose(
        fit.residuals,
        fit.camera.project(small_model.landmark_positions(fit.identity, fit.expression))[0] - truth.landmarks,
        atol=1e-4,
    )
    assert np.linalg.norm(fit.residuals, axis=1).mean() < 0.3
    assert 0 <= fit.expression.min() <= fit.expression.max() <= 1


def test_heads_are_recovered(small_model: MorphableModel) -> None:
    """From 130 numbers 12 identities: of a spread of 1, far less than half is left unknown."""
    truths = [draw(small_model, seed, expression=False, noise=0.5) for seed in range(10)]
    fits = [fit_shape(small_model, truth.landmarks, expression=False) for truth in truths]
    errors = np.array([fit.identity - truth.identity for fit, truth in zip(fits, truths, strict=True)])
    assert np.sqrt(np.square(errors).mean()) < 0.45
    turned = [
        np.degrees(np.arccos((np.trace(f.camera.rotation.T @ t.camera.rotation) - 1) / 2))
        for f, t in zip(fits, truths, strict=True)
    ]
    assert np.median(turned) < 2


@pytest.mark.parametrize("objective", ["posterior", "paper"])
@pytest.mark.parametrize("expression", [False, True])
@pytest.mark.parametrize("rotation", [False, True])
def test_gradient_descent_and_gauss_newton_agree(
    small_model: MorphableModel, objective: str, expression: bool, rotation: bool
) -> None:
    landmarks = draw(small_model, 0, turn=8 if rotation else 1, expression=expression, noise=1).landmarks
    options = {"objective": objective, "expression": expression, "rotation": rotation}
    quick = fit_shape(small_model, landmarks, **options)  # type: ignore[arg-type]
    slow = fit_shape(small_model, landmarks, method="gradient-descent", **options)  # type: ignore[arg-type]
    assert slow.objective == pytest.approx(quick.objective, rel=1e-6)
    np.testing.assert_allclose(slow.identity, quick.identity, atol=2e-3)
    assert slow.steps > quick.steps


def test_paper_objective_is_equation_9(small_model: MorphableModel) -> None:
    landmarks = draw(small_model, 3, noise=1).landmarks
    fit = fit_shape(small_model, landmarks, objective="paper", expression=False, rotation=False)
    np.testing.assert_array_equal(fit.camera.rotation, np.eye(3))
    np.testing.assert_array_equal(fit.expression, 0)
    head = small_model.landmark_positions(fit.identity)
    f = 1 / np.tan(np.radians(5))
    seen = fit.camera.scale * head + fit.camera.translation
    normalized = f * seen[:, :2] / -seen[:, 2:]
    given = (landmarks + 0.5) * 2 / 224 - 1
    expected = np.square(given * [1, -1] - normalized).sum() + 0.001 * np.square(fit.identity).sum()
    assert fit.objective == pytest.approx(expected, rel=1e-4)


def test_the_minimum_is_one(small_model: MorphableModel) -> None:
    """No small step from it leads lower."""
    objective, start = make_objective(
        small_model, draw(small_model, 1, noise=1).landmarks, "posterior", expression=True, rotation=True
    )
    from fsynth_morphable.minimise import gauss_newton

    found = gauss_newton(objective, start)
    rng = np.random.default_rng(0)
    for _ in range(200):
        step = 1e-2 * rng.standard_normal(len(start)) * np.where(np.arange(len(start)) < 6, 0.01, 1)
        nearby = np.clip(found.parameters + step, objective.low, objective.high)
        assert objective.value(nearby) >= found.value


def test_derivatives_are_those_of_the_residuals(small_model: MorphableModel) -> None:
    objective, start = make_objective(
        small_model, draw(small_model, 2).landmarks, "posterior", expression=True, rotation=True
    )
    rng = np.random.default_rng(0)
    parameters = start + rng.normal(0, 0.1, len(start))
    value, residuals, jacobian = objective.value_and_jacobian(parameters)
    assert value == pytest.approx(objective.value(parameters))
    np.testing.assert_allclose(
        residuals, (objective.weights[:, None] * objective.residuals(parameters)).ravel(), atol=1e-9
    )
    for column in range(len(start)):
        step = np.zeros(len(start))
        step[column] = 1e-6
        ahead, behind = (objective.value_and_jacobian(parameters + sign * step)[1] for sign in (1, -1))
        np.testing.assert_allclose((ahead - behind) / 2e-6, jacobian[:, column], rtol=1e-5, atol=1e-5)


def test_rotation_and_expression_can_be_off(small_model: MorphableModel) -> None:
    landmarks = draw(small_model, 4).landmarks
    fit = fit_shape(small_model, landmarks, rotation=False, expression=False)
    np.testing.assert_array_equal(fit.camera.rotation, np.eye(3))
    np.testing.assert_array_equal(fit.expression, 0)
    assert fit.objective > fit_shape(small_model, landmarks).objective


def test_upside_down_heads_are_turned(small_model: MorphableModel) -> None:
    truth = draw(small_model, 5, turn=3, noise=0.3)
    turned = fit_shape(small_model, 223 - truth.landmarks)
    assert turned.objective == pytest.approx(fit_shape(small_model, truth.landmarks).objective, rel=1e-6)


def test_size_of_the_image_does_not_matter(small_model: MorphableModel) -> None:
    truth = draw(small_model, 6, noise=1)
    small = fit_shape(small_model, truth.landmarks)
    large = fit_shape(small_model, (truth.landmarks + 0.5) * 4 - 0.5, image_size=896)
    np.testing.assert_allclose(large.identity, small.identity, atol=1e-4)
    assert large.camera.image_size == 896


def test_models_without_expressions(small_model: MorphableModel) -> None:
    plain = dataclasses.replace(small_model, expression=small_model.expression[:0], expression_names=())
    fit = fit_shape(plain, draw(small_model, 7, expression=False).landmarks)
    assert fit.expression.shape == (0,)
    assert np.linalg.norm(fit.residuals, axis=1).mean() < 0.5


def test_expressions_that_are_components_may_be_negative(small_model: MorphableModel) -> None:
    components = dataclasses.replace(small_model, expression_range=COMPONENTS)
    landmarks = draw(small_model, 8).camera.project(components.landmark_positions(None, np.full(6, -1.5)))[0]
    fit = fit_shape(components, landmarks)
    assert fit.expression.min() < -0.5
    assert fit.expression.min() >= -3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:60], "There are 60 landmarks, the model small has 65"),
        (lambda x: np.where(np.arange(65)[:, None] == 12, np.nan, x), "Landmark 12 is not finite"),
        (lambda x: np.where(np.arange(65)[:, None] == 3, np.inf, x), "Landmark 3 is not finite"),
        (lambda x: np.add(x, [0, 300]), r"Landmark \d+ is at \(\d+, \d+\), outside the image of 224 x 224 pixels"),
        (lambda x: x - [150, 0], r"Landmark \d+ is at \(-\d+, \d+\), outside the image"),
        (lambda x: np.stack([x[:, 0], x[:, 0]], axis=1), "All landmarks lie on one line"),
        (lambda x: np.full((65, 2), 100.0), "All landmarks lie on one line or in one place"),
        (lambda x: x.T, r"`landmarks` must be numbers of the shape \(65, 2\)"),
        (lambda x: x.astype(str), "`landmarks` must be numbers"),
        (lambda x: np.c_[x, x], "`landmarks` must be numbers of the shape"),
    ],
)
def test_landmarks_that_show_no_face(small_model: MorphableModel, change: object, message: str) -> None:
    assert callable(change)
    with pytest.raises(LandmarksError, match=message):
        fit_shape(small_model, change(draw(small_model, 0).landmarks))


def test_bad_arguments(small_model: MorphableModel) -> None:
    landmarks = draw(small_model, 0).landmarks
    with pytest.raises(ArgumentError, match='`objective` must be "posterior" or "paper"'):
        fit_shape(small_model, landmarks, objective="l1")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`method` must be"):
        fit_shape(small_model, landmarks, method="newton")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`image_size` must be positive"):
        fit_shape(small_model, landmarks, image_size=0)
    with pytest.raises(ArgumentError, match="Nobody has looked for the landmarks of the model small yet"):
        fit_shape(dataclasses.replace(small_model, landmarks=None), landmarks)
