from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')

from fsynth_training.evaluate.pose import YAW_BINS, by_yaw


def test_bins_follow_each_other() -> None:
    assert YAW_BINS[0][0] == 0
    assert [high for _, high in YAW_BINS[:-1]] == [low for low, _ in YAW_BINS[1:]]


def test_outputs_are_sorted_by_the_yaw_of_either_side() -> None:
    yaw = np.array([-2.0, 3.0, 12.0, -19.0, 40.0])
    ranks, distance = np.array([0, 4, 0, -1, 2]), np.array([0.1, 0.3, 0.5, 0.7, 0.9])

    bins = {(b.low, b.high): b for b in by_yaw(yaw, ranks, distance)}

    assert (bins[0, 5].photos, bins[0, 5].rank1) == (2, 0.5)
    assert bins[0, 5].distance == pytest.approx(0.2)
    assert (bins[10, 20].photos, bins[10, 20].rank1) == (2, 1.0)  # one has no other photo
    assert bins[30, 90].rank1 == 0
    assert bins[5, 10].photos == 0
    assert np.isnan(bins[5, 10].rank1)
