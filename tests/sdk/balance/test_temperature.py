from __future__ import annotations

import numpy as np
import pytest
from tests.sdk.balance.synthetic import CAMERA

from fsynth.balance.colour_science import colour
from fsynth.balance.temperature import Temperature, light_multipliers, light_xy
from fsynth.errors import ArgumentError

pytestmark = pytest.mark.requires_extra("balance")


@pytest.mark.parametrize("cct", [2000.0, 2856.0, 4000.0, 6504.0, 10000.0, 20000.0])
@pytest.mark.parametrize("duv", [-0.02, 0.0, 0.003, 0.02])
def test_temperatures_come_back(cct: float, duv: float) -> None:
    again = Temperature.of_xy(Temperature(cct, duv).to_xy())
    assert again.cct == pytest.approx(cct, rel=1e-4)
    assert again.duv == pytest.approx(duv, abs=1e-5)


@pytest.mark.parametrize(("name", "cct"), [("A", 2856), ("D50", 5003), ("D65", 6504), ("FL11", 4000)])
def test_standard_illuminants_have_their_temperature(name: str, cct: float) -> None:
    xy = colour().CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"][name]
    found = Temperature.of_xy(xy)
    assert found.cct == pytest.approx(cct, rel=5e-3)
    assert abs(found.duv) < 0.005


def test_daylight_is_on_the_green_side() -> None:
    xy = colour().CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"]
    assert Temperature.of_xy(xy).duv == pytest.approx(0.0032, abs=2e-4)


def test_multipliers_make_their_light_neutral() -> None:
    xy = Temperature(3200, 0.005).to_xy()
    multipliers = light_multipliers(xy, CAMERA)
    light = CAMERA @ [xy[0] / xy[1], 1, (1 - xy.sum()) / xy[1]]
    assert np.ptp(light * multipliers) == pytest.approx(0, abs=1e-12)
    assert multipliers[1] == 1
    assert np.allclose(light_xy(multipliers, CAMERA), xy)
    assert np.allclose(light_xy(7 * multipliers, CAMERA), xy)


def test_adobe_counts_tint_towards_magenta() -> None:
    assert Temperature(5003.4, 0.01).adobe == (5003, -30)
    assert Temperature.of_adobe(5003, -30) == Temperature(5003, 0.01)
    assert Temperature(1700, -0.08).adobe == (2000, 150)


def test_mired() -> None:
    assert Temperature(5000, 0).mired == 200


def test_lights_that_cannot_be_are_refused() -> None:
    with pytest.raises(ArgumentError, match="no light"):
        light_xy(np.array([1.0, 1.0, 1.0]), -CAMERA)
    with pytest.raises(ArgumentError, match="no multipliers make neutral"):
        light_multipliers(np.array([0.05, 0.9]), np.array([[1.0, -1, 0], [0, 1, 0], [0, 0, 1]]))
