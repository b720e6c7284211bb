from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.cli.balance.builders import MATRIX, SKIN, analysis, face

from fsynth.balance.gains import Gains
from fsynth.balance.srgb import LUMINANCE
from fsynth.errors import NoFaceError
from fsynth_cli.balance.settings import Settings
from fsynth_cli.balance.solving import Reference, balanced_skin, solve_photos

TUNGSTEN, DAY = Gains(np.array([1.2, 1, 2.6]), 0.5), Gains(np.array([2.1, 1, 1.5]), -0.3)
DARKER = SKIN / 3


def gains_of(solution, row: int = 0) -> Gains:  # type: ignore[no-untyped-def]
    found = solution.photos[row]
    assert found is not None
    return found.gains


def off(found: Gains, truth: Gains) -> float:
    """Largest difference of the factors, as logarithms."""
    return float(np.abs(np.log(found.factors / truth.factors)).max())


def test_one_face_gives_the_truth() -> None:
    shoot = solve_photos([analysis("a", [face(0, TUNGSTEN)])], Settings())
    assert off(gains_of(shoot), TUNGSTEN) < 1e-6
    assert (shoot.lights, shoot.people) == ([0], [[0]])


def test_one_person_gets_one_skin_where_normalized_faces_differ() -> None:
    said = [SKIN * [1.1, 1, 0.95], SKIN * [0.93, 1.02, 1.05], SKIN]
    photos = [
        analysis(str(n), [face(0, truth, said=target)], minutes=60 * n)
        for n, (truth, target) in enumerate(zip((TUNGSTEN, DAY, Gains(np.array([1.6, 1, 2.0]))), said, strict=True))
    ]
    skins = {}
    for name, settings in (("shoot", Settings()), ("alone", Settings(per_photo=True))):
        shoot = solve_photos(photos, settings)
        skins[name] = np.array(
            [balanced_skin(photo, photo.faces[0], gains_of(shoot, row)) for row, photo in enumerate(photos)]
        )
    assert np.ptp(np.log(skins["shoot"]), axis=0).max() < 0.2 * np.ptp(np.log(skins["alone"]), axis=0).max()
    assert np.allclose(skins["alone"], said)


def test_photos_in_one_light_share_its_white_balance() -> None:
    faces = [face(0, TUNGSTEN, said=SKIN * [1.1, 1, 0.9])], [face(1, TUNGSTEN, skin=DARKER)]
    shoot = solve_photos([analysis("a", faces[0]), analysis("b", faces[1], minutes=1)], Settings())
    assert shoot.lights == [0, 0]
    assert np.allclose(gains_of(shoot, 0).multipliers, gains_of(shoot, 1).multipliers)
    alone = solve_photos([analysis("a", faces[0]), analysis("b", faces[1], minutes=1)], Settings(per_photo=True))
    assert alone.lights == [None, None]
    assert alone.people is None
    assert not np.allclose(gains_of(alone, 0).multipliers, gains_of(alone, 1).multipliers, rtol=0.02)


def test_lights_of_finished_pictures_are_not_grouped() -> None:
    photos = [analysis(name, [face(0, DAY)], raw=False, as_shot=np.ones(3)) for name in "ab"]
    assert solve_photos(photos, Settings()).lights == [None, None]


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_strength_goes_part_of_the_way(strength: float) -> None:
    photo = analysis("a", [face(0, TUNGSTEN)])
    found = gains_of(solve_photos([photo], Settings(strength=strength)))
    assert found.exposure == pytest.approx(strength * TUNGSTEN.exposure, abs=1e-6)
    expected = photo.as_shot * (TUNGSTEN.multipliers / photo.as_shot) ** strength
    assert np.allclose(found.multipliers, expected)


def test_max_ev_exposure_only_and_white_balance_only() -> None:
    photo = analysis("a", [face(0, TUNGSTEN)])
    assert gains_of(solve_photos([photo], Settings(max_ev=0.2))).exposure == pytest.approx(0.2)
    kept = gains_of(solve_photos([photo], Settings(exposure_only=True)))
    assert np.allclose(kept.multipliers, photo.as_shot)
    assert LUMINANCE @ balanced_skin(photo, photo.faces[0], kept) == pytest.approx(LUMINANCE @ SKIN)
    white = gains_of(solve_photos([photo], Settings(white_balance_only=True)))
    assert white.exposure == 0
    assert np.allclose(white.multipliers, TUNGSTEN.multipliers)


def test_the_prior_pulls_towards_daylight_and_keeps_the_luminance() -> None:
    pytest.importorskip("colour", reason='needs pip install "fsynth[balance]"')
    photo = analysis("a", [face(0, Gains(np.array([1.6, 1, 1.9])), said=SKIN * [1, 1.15, 1])])
    plain, pulled = (gains_of(solve_photos([photo], Settings(daylight_prior=on))) for on in (False, True))
    assert not np.allclose(plain.multipliers, pulled.multipliers, rtol=0.01)
    before, after = (LUMINANCE @ balanced_skin(photo, photo.faces[0], gains) for gains in (plain, pulled))
    assert after == pytest.approx(before)


def test_everyone_becomes_like_the_reference() -> None:
    made = analysis("hand", [face(0, DAY)], minutes=None)
    by_hand = Gains(DAY.multipliers * [1.1, 1, 0.9], DAY.exposure + 0.3)
    wanted = balanced_skin(made, made.faces[0], by_hand)
    photos = [analysis("a", [face(0, TUNGSTEN)]), analysis("b", [face(1, DAY, skin=DARKER)], minutes=60)]
    for settings in (Settings(), Settings(per_photo=True)):
        shoot = solve_photos(photos, settings, Reference(made, by_hand))
        assert len(shoot.photos) == len(shoot.deviations) == 2
        known, other = (balanced_skin(photo, photo.faces[0], gains_of(shoot, row)) for row, photo in enumerate(photos))
        assert np.allclose(known, wanted, rtol=1e-4)
        assert np.allclose(other, DARKER * wanted / SKIN, rtol=1e-4)  # others move with them


def test_a_reference_without_a_face_is_refused() -> None:
    with pytest.raises(NoFaceError, match="hand shows no face"):
        solve_photos([analysis("a", [face(0, DAY)])], Settings(), Reference(analysis("hand", []), DAY))


def test_a_photo_without_a_face_is_like_the_nearest_at_its_own_exposure() -> None:
    photos = [
        analysis("far", [face(0, DAY)], minutes=0),
        analysis("none", [], minutes=58, exposure=1.0),
        analysis("near", [face(0, TUNGSTEN)], minutes=60),
    ]
    assert solve_photos(photos, Settings()).photos[1] is None
    carried = solve_photos(photos, Settings(no_face="nearest")).photos[1]
    assert carried is not None
    assert carried.source == 2
    assert carried.gains is not None
    assert np.allclose(carried.gains.multipliers, TUNGSTEN.multipliers)
    assert carried.gains.exposure == pytest.approx(TUNGSTEN.exposure - 1)  # its settings let in twice the light
    limited = solve_photos(photos, Settings(no_face="nearest", max_ev=0.1)).photos[1]
    assert limited is not None
    assert limited.gains is not None
    assert limited.gains.exposure == pytest.approx(-0.1)


def test_nobody_is_near_without_a_clock() -> None:
    photos = [analysis("a", [face(0, DAY)], minutes=None), analysis("b", [], minutes=1)]
    assert solve_photos(photos, Settings(no_face="nearest")).photos[1] is None


def test_a_face_without_a_colour_does_not_count() -> None:
    blank = replace(face(1, DAY), camera=None, problem="It is clipped.")
    shoot = solve_photos([analysis("a", [blank, face(0, DAY)]), analysis("b", [blank], minutes=1)], Settings())
    assert off(gains_of(shoot), DAY) < 1e-6
    assert shoot.photos[1] is None
    assert shoot.deviations[0][0] is None
    assert shoot.deviations[0][1] is not None
    assert shoot.deviations[1] == [None]


def test_no_photos_and_no_faces_are_no_trouble() -> None:
    assert solve_photos([], Settings()).photos == []
    assert solve_photos([analysis("a", []), analysis("b", [])], Settings()).photos == [None, None]


def test_small_faces_count_less() -> None:
    """A bystander's face asks for the opposite of what the subject's does."""
    near = face(0, DAY, said=SKIN)
    small = replace(face(1, DAY, said=SKIN * 2), pixels=near.pixels / 10)
    alone, both = (gains_of(solve_photos([analysis("a", faces)], Settings())) for faces in ([near], [near, small]))
    assert 0 < both.exposure - alone.exposure < 0.25  # of the 0.5 that a mean of two equals would give


class TestEq4:
    @staticmethod
    def seen(who: int, photo: list[float], target: list[float], pixels: float = 100.0):  # type: ignore[no-untyped-def]
        means = {"photo_mean": np.array(photo), "target_mean": np.array(target), "pixels": pixels}
        return replace(face(who, DAY, matrix=MATRIX), **means)

    def test_a_person_gets_the_mean_of_their_normalized_faces(self) -> None:
        photos = [
            analysis("a", [self.seen(0, [0.3, 0.6, 0.4], [0.6, 0.56, 0.44])], raw=False),
            analysis("b", [self.seen(0, [0.5, 0.5, 0.5], [0.64, 0.58, 0.42])], raw=False),
        ]
        shoot = solve_photos(photos, Settings(method="eq4"))
        for row, photo in enumerate(photos):
            assert shoot.photos[row].shift is not None  # type: ignore[union-attr]
            photo_mean, target = shoot.photos[row].shift  # type: ignore[union-attr,misc]
            assert np.allclose(photo_mean, photo.faces[0].photo_mean)
            assert np.allclose(target, [0.62, 0.57, 0.43])
        alone = solve_photos(photos, Settings(method="eq4", per_photo=True))
        assert np.allclose(alone.photos[0].shift[1], [0.6, 0.56, 0.44])  # type: ignore[union-attr,index]

    @pytest.mark.parametrize(
        ("settings", "target"),
        [
            (Settings(method="eq4", strength=0.5), [0.45, 0.55, 0.45]),
            (Settings(method="eq4", exposure_only=True), [0.6, 0.6, 0.4]),
            (Settings(method="eq4", white_balance_only=True), [0.3, 0.5, 0.5]),
        ],
    )
    def test_limits(self, settings: Settings, target: list[float]) -> None:
        photo = analysis("a", [self.seen(0, [0.3, 0.6, 0.4], [0.6, 0.5, 0.5])], raw=False)
        assert np.allclose(solve_photos([photo], settings).photos[0].shift[1], target)  # type: ignore[union-attr,index]

    def test_max_ev_limits_the_brightness_in_linear_light(self) -> None:
        from fsynth.balance.srgb import to_linear

        photo = analysis("a", [self.seen(0, [0.3, 0.6, 0.4], [0.6, 0.5, 0.5])], raw=False)
        before, after = solve_photos([photo], Settings(method="eq4", max_ev=1.0)).photos[0].shift  # type: ignore[union-attr,misc]
        assert to_linear(after[:1])[0] == pytest.approx(2 * to_linear(before[:1])[0], rel=1e-3)
        assert np.allclose(after[1:], [0.5, 0.5])
