from __future__ import annotations

import numpy as np
import pytest
from tests.sdk.balance.synthetic import CAMERA, camera_to_srgb

from fsynth.balance.gains import Gains, solve
from fsynth.balance.prior import towards_locus
from fsynth.balance.srgb import LUMINANCE
from fsynth.balance.temperature import Temperature, light_multipliers, light_xy

pytestmark = pytest.mark.requires_extra("balance")

SKIN = np.array([0.5, 0.33, 0.25])
MATRIX = camera_to_srgb()


def photographed(light: Temperature) -> np.ndarray:
    """Camera RGB (3,) of ``SKIN`` in ``light``."""
    return np.linalg.solve(MATRIX, SKIN) / light_multipliers(light.to_xy(), CAMERA)


def pulled(light: Temperature, target: np.ndarray, **options: float) -> Temperature:
    camera = photographed(light)
    gains = towards_locus(solve(camera, target, MATRIX), camera, target, MATRIX, CAMERA, **options)
    return Temperature.of_xy(light_xy(gains.multipliers, CAMERA))


@pytest.mark.parametrize("cct", [2500.0, 3200.0, 5500.0, 8000.0])
def test_a_light_on_the_locus_stays(cct: float) -> None:
    light = Temperature(cct, 0.003 if cct > 4000 else 0.0)
    found = pulled(light, SKIN)
    assert found.mired == pytest.approx(light.mired, abs=2)
    assert found.duv == pytest.approx(light.duv, abs=5e-4)


@pytest.mark.parametrize("duv", [-0.02, 0.02])
def test_a_light_off_the_locus_comes_nearer_but_not_to_it(duv: float) -> None:
    found = pulled(Temperature(4500, duv), SKIN)
    assert abs(found.duv) < abs(duv)
    assert found.duv * duv > 0


def test_a_wrong_face_misleads_less() -> None:
    """Faces of errors of 0.08 in log red and blue, any direction, in daylight: the light is nearer to the truth."""
    light = Temperature(5500, 0.003)
    rng = np.random.default_rng(0)
    truth, camera = light_multipliers(light.to_xy(), CAMERA), photographed(light)
    plain, prior = [], []
    for _ in range(60):
        target = SKIN * np.exp(rng.normal(0, 0.08, 3) * [1, 0, 1])
        gains = solve(camera, target, MATRIX)
        for found, errors in ((gains, plain), (towards_locus(gains, camera, target, MATRIX, CAMERA), prior)):
            errors.append(np.linalg.norm(np.log(found.multipliers / truth)))
    assert np.mean(prior) < 0.92 * np.mean(plain)


def test_the_skin_keeps_its_luminance() -> None:
    camera = photographed(Temperature(4500, 0.02))
    gains = towards_locus(solve(camera, SKIN, MATRIX), camera, SKIN, MATRIX, CAMERA)
    assert LUMINANCE @ MATRIX @ gains.apply(camera) == pytest.approx(LUMINANCE @ SKIN)


def test_a_face_without_error_needs_no_prior() -> None:
    camera = photographed(Temperature(4500, 0.02))
    gains = solve(camera, SKIN, MATRIX)
    assert towards_locus(gains, camera, SKIN, MATRIX, CAMERA, face_error=0) is gains
    nearly = towards_locus(gains, camera, SKIN, MATRIX, CAMERA, face_error=1e-4)
    assert np.allclose(nearly.multipliers, gains.multipliers, rtol=1e-2)


def test_a_tight_prior_ends_on_the_locus() -> None:
    assert pulled(Temperature(3000, 0.02), SKIN, light_spread=1e-6).duv == pytest.approx(0.0005, abs=1e-3)


def test_gains_of_any_kind_survive() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        camera = rng.uniform(0.01, 0.6, 3)
        found = towards_locus(Gains(np.exp(rng.normal(0, 1, 3))), camera, SKIN, MATRIX, CAMERA)
        assert np.isfinite(found.factors).all()
