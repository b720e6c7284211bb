"""The identity fit: its decoder, and short runs that have to make faces more like their people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason='needs pip install "fsynth[train]"')
pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

import tensorflow as tf
from PIL import Image
from tests.training.small_recogniser import small_recogniser
from tests.training.small_sets import face_space

from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.prepare import PreparedSet
from fsynth_training.fit import identity_fit, whole_files
from fsynth_training.fit.errors import FitError
from fsynth_training.fit.face_space import FaceSpace, Normalisation, Yardstick
from fsynth_training.fit.feature_pool import FeaturePool
from fsynth_training.fit.likeness_loss import LikenessLoss
from fsynth_training.fit.linear_config import LinearConfig, TermsConfig
from fsynth_training.fit.linear_decoder import LinearDecoder
from fsynth_training.fit.nuisances import Nuisances
from fsynth_training.fit.planes import to_planes
from fsynth_training.fit.samples import unit
from fsynth_training.fit.second_judge import SecondJudge

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.requires_extra("train")

SIZE, WIDTH = 112, 6
NOTHING = TermsConfig(detail=0, shape=0, coefficients=0, consistency=0, targets=0, mean=0, leak=0, overflow=10)


def small_geometry(geometry: Geometry) -> Geometry:
    """The mean face at half its size."""
    half = [np.asarray(Image.fromarray(mask).resize((SIZE, SIZE))) for mask in (geometry.face, geometry.skin)]
    return Geometry((geometry.mesh - 0.5) / 2, *half)


def small_space(astronaut_set: PreparedSet, geometry: Geometry, width: int, rng: np.random.Generator) -> FaceSpace:
    """Random changes of the example's face at half its size."""
    texture = np.asarray(Image.fromarray(astronaut_set.aligned[0]).resize((SIZE, SIZE)), np.float64) / 255
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    matte = (np.hypot(x - 55.5, y - 58) < 50).astype(np.float32)
    return face_space(texture, matte, (geometry.landmarks - 0.5) / 2, width, rng)


def decoder_of(space: FaceSpace, width: int = WIDTH, hidden: int = 0) -> LinearDecoder:
    nothing = Yardstick(np.zeros((width, 7)), np.zeros(7), np.zeros((0, 7)))
    return LinearDecoder(space, nothing, face_gain=1.5, hidden=hidden, seed=0)


@pytest.fixture
def space(astronaut_set: PreparedSet, geometry: Geometry, rng: np.random.Generator) -> FaceSpace:
    return small_space(astronaut_set, geometry, WIDTH, rng)


def test_no_coefficients_give_the_mean_face(space: FaceSpace) -> None:
    still = replace(space, base_kernel=0 * space.base_kernel, base_bias=0 * space.base_bias)
    decoder = decoder_of(still)
    features = tf.ones((2, WIDTH))
    coefficients = decoder.coefficients(features)

    textures = decoder.texture(features, coefficients)

    np.testing.assert_allclose(decoder.landmarks(coefficients)[1], space.mean_landmarks, atol=1e-4)
    # Painted and taken apart again, the luma of the head is the mean's; what surrounds it is the plain background.
    planes = to_planes(np.asarray(textures), np.ones((2, SIZE, SIZE)) * 0.2)[1, : SIZE * SIZE].reshape(SIZE, SIZE)
    mean = (space.base.mean[: SIZE * SIZE] + space.face.mean).reshape(SIZE, SIZE)
    np.testing.assert_allclose(planes[30:80, 30:80], mean[30:80, 30:80], atol=1e-3)
    np.testing.assert_allclose(textures[1, :3, :3], 0.8, atol=1e-6)


def test_each_coefficient_moves_its_own_part(space: FaceSpace) -> None:
    decoder = decoder_of(space)
    features = tf.zeros((1, WIDTH))

    def painted(index: int) -> tuple[np.ndarray, np.ndarray]:
        change = tf.one_hot([index], 7)
        return np.asarray(decoder.texture(features, change))[0], np.asarray(decoder.landmarks(change))[0]

    plain, detail, shape = painted(-1), painted(1), painted(5)
    head = np.s_[30:80, 30:80]
    expected = np.repeat(space.face.directions[1].reshape(SIZE, SIZE, 1), 3, axis=-1)  # luma: all channels alike
    np.testing.assert_allclose((detail[0] - plain[0])[head], expected[head], atol=1e-5)
    np.testing.assert_array_equal(detail[1], plain[1])
    np.testing.assert_array_equal(shape[0], plain[0])
    np.testing.assert_allclose(shape[1] - plain[1], space.shapes.directions[1].reshape(-1, 2), atol=1e-4)


def test_the_fit_starts_at_ridge_regression_with_its_gain(space: FaceSpace, rng: np.random.Generator) -> None:
    yardstick = Yardstick(rng.normal(size=(WIDTH, 7)), rng.normal(size=7), np.zeros((0, 7)))
    decoder = LinearDecoder(space, yardstick, face_gain=1.5, hidden=3, seed=0)
    features = tf.constant(rng.normal(size=(4, WIDTH)), tf.float32)

    ridge, start = (np.asarray(part) for part in (decoder.ridge(features), decoder.coefficients(features)))

    np.testing.assert_allclose(start[:, 4:], ridge[:, 4:], atol=1e-5)
    np.testing.assert_allclose(start[:, :4] - yardstick.bias[:4], 1.5 * (ridge[:, :4] - yardstick.bias[:4]), atol=1e-5)


@pytest.fixture(scope="module")
def three(astronaut_set: PreparedSet, geometry: Geometry) -> Callable[..., Any]:
    """Three people whom the space can paint exactly, and what is seen of them: the fit knows nothing else."""
    rng = np.random.default_rng(5)
    small = small_geometry(geometry)
    space = small_space(astronaut_set, geometry, 1024, rng)
    space = replace(space, base_kernel=0 * space.base_kernel)
    unknown = Normalisation(np.zeros(1024), 1.0, np.zeros((0, 1024)))
    loss = LikenessLoss(space.mean_landmarks, small.mesh, unknown, chip_size=160, occlusion=0, seed=0)

    def seen(decoder: LinearDecoder, features: np.ndarray, coefficients: Any) -> np.ndarray:
        """What the recogniser sees in the output."""
        texture = decoder.texture(tf.constant(features, tf.float32), coefficients)
        return np.asarray(loss.network(loss.render(texture, decoder.landmarks(coefficients))))

    start = decoder_of(space, 1024)
    photos = seen(start, np.zeros((3, 1024)), tf.constant(rng.normal(0, 2, (3, 7)), tf.float32))
    mean = unit(photos).mean(axis=0)
    normalisation = Normalisation(mean, float((unit(photos) - mean).std()), np.zeros((0, 1024)))
    unlabelled = np.full((3, 7), np.nan, np.float32)
    pool = FeaturePool(photos, photos, np.arange(3), unlabelled, np.zeros(3, int), np.zeros((3, 0), np.float32))
    nuisances = Nuisances(photos, np.array([-1, 0, 1], np.float32), np.array([1, -2, 1], np.float32))

    def likeness(decoder: LinearDecoder) -> float:
        features = normalisation(photos)
        made = unit(seen(decoder, features, decoder.coefficients(tf.constant(features)))) - mean
        return float((unit(made) * unit(unit(photos) - mean)).sum(axis=1).mean())

    judge = SecondJudge(np.frombuffer(small_recogniser(), np.uint8), np.zeros((1, 6)))

    def run(
        folder: Path, pool: FeaturePool = pool, hidden: int = 0, second: bool = False, **changes: Any
    ) -> tuple[LinearDecoder, float]:
        decoder = decoder_of(space, 1024, hidden)
        told = {"steps": 30, "batch": 6, "learning_rate": 2e-4, "warm_up": 2, "mix_range": (1, 1), "terms": NOTHING}
        config = LinearConfig(**{**told, **changes})
        identity_fit.fit(
            decoder, pool, nuisances, normalisation, small, config, folder, lambda line: None, judge if second else None
        )
        return decoder, likeness(decoder)

    run.before = likeness(start)  # type: ignore[attr-defined]
    run.pool = pool  # type: ignore[attr-defined]
    return run


def test_a_short_fit_makes_outputs_more_like_their_people(three: Any, tmp_path: Path) -> None:
    _, likeness = three(tmp_path / "run")

    # All start as the mean face, which is like nobody (a cosine near 0).
    assert abs(three.before) < 0.1
    assert likeness > three.before + 0.15


def test_the_second_recogniser_has_its_say(three: Any, tmp_path: Path, rng: np.random.Generator) -> None:
    goals = rng.normal(size=(3, 6)).astype(np.float32)
    pool = replace(three.pool, second_goals=goals)
    terms = replace(NOTHING, likeness=0.0, second=1.0)
    told: dict[str, Any] = {"steps": 20, "checkpoint_every": 4, "pool": pool, "terms": terms, "second": True}

    three(tmp_path / "run", **told)

    _, about = whole_files.read_arrays(max((tmp_path / "run").glob("step-*.npz")))
    losses = [row["second"] for row in about["history"]]
    assert losses[-1] < losses[0] - 0.1
    assert all(0 < loss < 2 for loss in losses)


def test_a_fit_that_was_stopped_ends_as_one_that_was_not(three: Any, tmp_path: Path) -> None:
    terms = TermsConfig(leak=0.1)
    kind: dict[str, Any] = {"checkpoint_every": 2, "hidden": 3, "terms": terms, "occlusion": 0.5}
    kind["batch"] = 2
    whole, _ = three(tmp_path / "whole", steps=4, **kind)

    with pytest.MonkeyPatch.context() as patch:
        saved = identity_fit.checkpoint.save

        def save_and_stop(*arguments: Any) -> None:
            saved(*arguments)
            raise KeyboardInterrupt

        patch.setattr(identity_fit.checkpoint, "save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            three(tmp_path / "halves", steps=4, **kind)
    again, _ = three(tmp_path / "halves", steps=4, **kind)

    for one, other in zip(whole.variables, again.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_feature_that_is_no_number_stops_the_fit_by_name(three: Any, tmp_path: Path) -> None:
    broken = three.pool.inputs.copy()
    broken[:] = np.nan

    with pytest.raises(FitError, match=r"no finite number any more at step 1 .*Lower learning_rate"):
        three(tmp_path / "run", pool=replace(three.pool, inputs=broken), steps=2, batch=2)
    assert not (tmp_path / "run").exists()
