from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.cli.balance.builders import SKIN, analysis, face

from fsynth.balance.gains import Gains
from fsynth.balance.srgb import encode
from fsynth_cli.balance.record import PhotoRecord
from fsynth_cli.balance.records import solved
from fsynth_cli.balance.settings import Settings
from fsynth_cli.balance.solving import solve_photos

pytestmark = pytest.mark.requires_extra("balance")

TRUTH = Gains(np.array([1.3, 1, 2.4]), 0.5)


def records(photos: list, settings: Settings) -> list[PhotoRecord]:
    shoot = solve_photos(photos, settings)
    return [solved(photo, row, shoot, photos, settings) for row, photo in enumerate(photos)]


def test_a_balanced_photo() -> None:
    (record,) = records([analysis("a.dng", [face(0, TRUTH)])], Settings())
    assert (record.status, record.reason, record.method, record.light_group) == ("balanced", "", "gains", 1)
    assert record.before is not None
    assert record.after is not None
    assert record.before.multipliers == (2.0, 1.0, 1.5)
    assert np.allclose(record.after.multipliers, TRUTH.multipliers)
    assert record.ev == pytest.approx(0.5)
    assert record.before.light is not None
    assert record.after.light is not None
    assert record.after.light.cct < record.before.light.cct - 500  # less red and more blue is wanted: warmer light
    (seen,) = record.faces
    assert (seen.person, seen.used) == (1, True)
    assert np.allclose(seen.skin_after, encode(SKIN), atol=1e-4)  # type: ignore[arg-type]
    assert np.allclose(seen.skin_wanted, encode(SKIN))
    assert seen.skin_before is not None
    assert not np.allclose(seen.skin_before, encode(SKIN), atol=0.05)


def test_what_gets_clipped_is_warned_of() -> None:
    """A quarter of the photo is (0.4, 0.5, 0.3) of saturation."""
    brighter = Gains(TRUTH.multipliers, 1.5)
    (record,) = records([analysis("a.dng", [face(0, brighter)])], Settings())
    assert record.clipping is not None
    assert record.clipping.new == pytest.approx(0.25)
    assert record.warnings == ("25.0% of the photo gets clipped that was not as shot; --max-ev limits that.",)
    (limited,) = records([analysis("a.dng", [face(0, brighter)])], Settings(max_ev=0.0))
    assert limited.warnings == ()


@pytest.mark.parametrize(
    ("no_face", "minutes", "status", "words"),
    [
        ("skip", 1, "skipped", "No face was found."),
        ("fail", 1, "failed", "No face was found."),
        ("nearest", 1, "carried over", ""),
        ("nearest", None, "skipped", "When it was taken is unknown"),
    ],
)
def test_a_photo_without_a_face(no_face: str, minutes: float | None, status: str, words: str) -> None:
    photos = [analysis("a.dng", [face(0, TRUTH)]), analysis("b.dng", [], minutes=minutes)]
    _, record = records(photos, Settings(no_face=no_face))  # type: ignore[arg-type]
    assert record.status == status
    assert words in record.reason
    assert record.source == (Path("a.dng") if status == "carried over" else None)
    assert (record.after is None) == (status != "carried over")


def test_a_face_that_does_not_count_says_why() -> None:
    blank = replace(face(0, TRUTH), camera=None, problem="It is clipped.")
    (record,) = records([analysis("a.dng", [blank])], Settings())
    assert (record.status, record.reason) == ("skipped", "It is clipped.")
    assert (record.faces[0].used, record.faces[0].reason) == (False, "It is clipped.")
    assert record.faces[0].skin_before is None
