from __future__ import annotations

import numpy as np
import pytest
from tests.cli.balance.builders import MATRIX

from fsynth.balance import eq4
from fsynth.balance.develop import brightest, develop, is_clipped, newly_clipped
from fsynth.balance.gains import Gains
from fsynth_cli.balance.cells import Cells

AS_SHOT = Gains(np.array([1.8, 1, 1.4]))


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """(120, 160, 3) uint16: smooth, from black to saturation, a twentieth of it clipped."""
    y, x = np.mgrid[0:120, 0:160] / 160
    light = np.stack([x * y, x**2, 0.5 * x + 0.2 * y], axis=-1) * 1.05
    return (np.clip(light, 0, 1) * 65535).astype(np.uint16)


def test_a_few_kilobytes_tell_what_is_clipped_in_the_file(photo: np.ndarray) -> None:
    cells = Cells.of(photo)
    assert cells.colours.nbytes + cells.shares.nbytes < 20_000
    assert cells.shares.sum() == pytest.approx(1, abs=1e-5)
    assert 0.01 < is_clipped(photo).mean() < 0.2
    assert cells.clipped() == pytest.approx(is_clipped(photo).mean(), abs=1e-5)
    assert Cells.of((photo / 65535).astype(np.float32)).clipped() == pytest.approx(cells.clipped(), abs=1e-3)


@pytest.mark.parametrize("exposure", [-1.0, 0.3, 1.0, 2.0])
def test_they_tell_what_gains_would_clip(photo: np.ndarray, exposure: float) -> None:
    after = Gains(np.array([1.4, 1, 2.0]), exposure)
    exact = newly_clipped(photo, AS_SHOT, after, MATRIX)
    assert Cells.of(photo).newly_clipped(AS_SHOT, after, MATRIX) == pytest.approx(exact, abs=0.02)
    assert (exact > 0.05) == (exposure > 0)


@pytest.mark.requires_extra("balance")
def test_they_tell_what_eq4_would_clip(photo: np.ndarray) -> None:
    means = np.array([0.3, 0.55, 0.48]), np.array([0.7, 0.6, 0.40])
    before = develop(photo, AS_SHOT, MATRIX)
    after = eq4.shift(before, *means)
    exact = float(((brightest(after) == 255) & (brightest(before) < 255)).mean())
    assert exact > 0.03
    assert Cells.of(photo).newly_clipped_by_shift(AS_SHOT, MATRIX, *means) == pytest.approx(exact, abs=0.02)
