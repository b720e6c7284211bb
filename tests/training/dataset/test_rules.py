"""Rules: what is measured changes as it should when the photo is changed, and thresholds divide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from fsynth.faces import align, find_faces, read_photo
from fsynth_training.dataset.config import Filters
from fsynth_training.dataset.photo_stage import mesh_in_crop
from fsynth_training.dataset.rules import (
    RULES,
    broken_rules,
    colour_spread,
    explain,
    measure_face,
    sharpness,
)


def measured(image: Image.Image) -> dict[str, float]:
    photo = read_photo(image)
    (face,) = find_faces(photo)
    aligned = align(photo, face)
    return measure_face(mesh_in_crop(aligned), aligned.transform, aligned.image)


@pytest.fixture(scope="module")
def portrait(astronaut: Path) -> Image.Image:
    return Image.open(astronaut).convert("RGB")


@pytest.fixture(scope="module")
def values(portrait: Image.Image) -> dict[str, float]:
    return measured(portrait)


def test_all_but_the_rules_of_textures_are_measured(values: dict[str, float]) -> None:
    assert set(values) == {rule.name for rule in RULES} - {"glasses", "forehead"}


def test_rolling_the_photo_changes_the_roll_alone(portrait: Image.Image, values: dict[str, float]) -> None:
    turned = measured(portrait.rotate(-20, Image.Resampling.BICUBIC))  # clockwise

    assert turned["roll"] - values["roll"] == pytest.approx(20, abs=1.5)
    for name, tolerance in (("yaw", 3), ("pitch", 3), ("lip_gap", 0.05), ("mouth_width", 0.05), ("interocular", 2)):
        assert turned[name] == pytest.approx(values[name], abs=tolerance)


def test_mirroring_the_photo_changes_the_sign_of_yaw_and_roll(portrait: Image.Image, values: dict[str, float]) -> None:
    mirrored = measured(portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    assert mirrored["yaw"] == pytest.approx(-values["yaw"], abs=2)
    assert mirrored["roll"] == pytest.approx(-values["roll"], abs=1)
    assert mirrored["pitch"] == pytest.approx(values["pitch"], abs=2)


def test_the_interocular_distance_is_that_of_the_photo(portrait: Image.Image, values: dict[str, float]) -> None:
    small = measured(portrait.resize((256, 256)))

    assert small["interocular"] == pytest.approx(values["interocular"] / 2, rel=0.03)


def test_a_blurred_photo_is_less_sharp(portrait: Image.Image) -> None:
    image = portrait.resize((224, 224))

    sharp, blurred = (sharpness(np.asarray(one)) for one in (image, image.filter(ImageFilter.GaussianBlur(2))))
    assert blurred < sharp / 20


def test_grey_and_sepia_have_no_spread_of_colours(portrait: Image.Image) -> None:
    image = np.asarray(portrait.resize((224, 224)))
    grey = np.repeat(image.mean(axis=-1, keepdims=True), 3, axis=-1)
    sepia = grey * [1.0, 0.88, 0.7]

    assert colour_spread(grey.astype(np.uint8)) < 0.01
    assert colour_spread(sepia.astype(np.uint8)) < 1
    assert colour_spread(image) > 2.5


def test_thresholds_divide_and_reasons_have_the_value() -> None:
    filters = Filters(yaw=5, sharpness=40, interocular=40)
    values = {"yaw": -5.1, "pitch": 5.0, "sharpness": 39.9, "interocular": 40.0}

    broken = broken_rules(values, filters)

    assert [rule.name for rule in broken] == ["yaw", "sharpness"]
    assert [explain(rule, values[rule.name], filters) for rule in broken] == ["yaw -5.1° > 5°", "sharpness 39.9 < 40"]
    assert not broken_rules(values, replace(filters, yaw=float("inf"), sharpness=0.0))
