from __future__ import annotations

import pytest

from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.expressions import EVERYDAY, resolve_expression

SHAPES = ("mouthSmileLeft", "mouthSmileRight", "cheekSquintLeft", "cheekSquintRight", "jawOpen", "eyeBlinkLeft")


def test_everyday_names_are_arkits_shapes() -> None:
    found = resolve_expression({"smile": 0.6}, SHAPES)
    assert found == {
        "mouthSmileLeft": 0.6,
        "mouthSmileRight": 0.6,
        "cheekSquintLeft": 0.3,
        "cheekSquintRight": 0.3,
    }


def test_own_names_count_in_any_case_and_add_up_to_one() -> None:
    found = resolve_expression({"JAWOPEN": 0.25, "Smile": 0.8, "mouthSmileLeft": 0.7, "eyeBlinkLeft": 0}, SHAPES)
    assert found["jawOpen"] == 0.25
    assert found["mouthSmileLeft"] == 1
    assert "eyeBlinkLeft" not in found


def test_everyday_names_take_the_shapes_that_there_are() -> None:
    assert resolve_expression({"blink": 1}, SHAPES) == {"eyeBlinkLeft": 1}


@pytest.mark.parametrize(
    ("expression", "shapes", "message"),
    [
        ({"smiel": 1}, SHAPES, "no expression 'smiel'. Did you mean 'smile'?"),
        ({"jawopened": 1}, SHAPES, "Did you mean 'jawOpen'?"),
        ({"zzz": 1}, SHAPES, "Try one of smile, "),
        ({"kiss": 1}, SHAPES, "no expression 'kiss'"),
        ({"smile": 1}, (), "its model has no shapes"),
        ({"smile": 1.5}, SHAPES, "from 0 to 1, it is 1.5"),
        ({"smile": float("nan")}, SHAPES, "from 0 to 1"),
    ],
)
def test_says_what_is_wrong(expression: dict[str, float], shapes: tuple[str, ...], message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        resolve_expression(expression, shapes)
    assert message in str(error.value)


def test_every_everyday_name_is_made_of_arkits_names() -> None:
    arkit = {"browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeWide", "mouthFrown", "mouthSmile"}
    sided = {name + side for name in arkit for side in ("Left", "Right")} | {"browInnerUp", "mouthPucker", "jawOpen"}
    for shapes in EVERYDAY.values():
        assert set(shapes) <= sided
        assert all(0 < share <= 1 for share in shapes.values())
