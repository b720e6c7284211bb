from __future__ import annotations

import dataclasses
import datetime
import math

import numpy as np

from fsynth.balance.gains import Gains
from fsynth.balance.lights import Shot, camera_exposure, carried_over, group_lights, nearest_in_time

START = datetime.datetime(2026, 6, 1, 12)


def shot(minute: float | None, camera: str = "A", red: float = 2.0, asked: float | None = None) -> Shot:
    taken = None if minute is None else START + datetime.timedelta(minutes=minute)
    wanted = None if asked is None else np.array([asked, 1.0, 1.5])
    return Shot(taken, camera, np.array([red, 1.0, 1.5]), wanted)


def test_a_pause_ends_a_light_and_order_does_not_matter() -> None:
    shots = [shot(30), shot(0), shot(5), shot(33), shot(12)]
    np.testing.assert_array_equal(group_lights(shots), [0, 1, 1, 0, 1])


def test_a_camera_that_sees_another_light_begins_a_group() -> None:
    shots = [shot(0), shot(1, red=2.05), shot(2, red=1.2), shot(3, red=1.25)]
    np.testing.assert_array_equal(group_lights(shots), [0, 0, 1, 1])


def test_faces_tell_lights_apart_that_a_fixed_setting_does_not() -> None:
    shots = [shot(0, asked=2.0), shot(1), shot(2, asked=2.2), shot(3, asked=1.2), shot(4, asked=1.1)]
    np.testing.assert_array_equal(group_lights(shots), [0, 0, 0, 1, 1])


def test_cameras_have_groups_of_their_own() -> None:
    np.testing.assert_array_equal(group_lights([shot(0), shot(1, "B"), shot(2), shot(3, "B")]), [0, 1, 0, 1])


def test_photos_of_unknown_time_stay_alone() -> None:
    np.testing.assert_array_equal(group_lights([shot(None), shot(0), shot(None), shot(1)]), [0, 1, 2, 1])


def test_the_nearest_is_of_the_same_light_then_of_the_same_camera() -> None:
    shots = [shot(0), shot(9), shot(10), shot(9.5, "B"), shot(None), shot(0, "C")]
    lights = np.array([0, 0, 1, 2, 3, 4])
    assert nearest_in_time(shots, lights, [True, False, True, True, False, False]) == [0, 0, 2, 3, None, None]
    assert nearest_in_time(shots, lights, [False, False, True, True, False, False])[:2] == [2, 2]


def test_an_empty_shoot() -> None:
    assert group_lights([]).shape == (0,)
    assert nearest_in_time([], np.empty(0), []) == []


def test_exposure_of_the_camera() -> None:
    assert camera_exposure(1 / 50, 400, 2.0) - camera_exposure(1 / 100, 100, 2.0) == 3
    assert math.isnan(camera_exposure(0, 400, 2.0))


def test_gains_carried_over_undo_other_settings_of_the_camera() -> None:
    gains = Gains(np.array([2.0, 1.0, 1.5]), 0.5)
    dark, bright = (dataclasses.replace(shot(0), exposure=exposure) for exposure in (-3.0, 1.0))
    carried = carried_over(gains, dark, bright)
    assert carried.exposure == -3.5
    np.testing.assert_array_equal(carried.multipliers, gains.multipliers)
    assert carried_over(gains, dark, shot(0)).exposure == 0.5
