"""Configurations: the shipped ones, values on top, and everything that can be wrong with one."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import pytest

from fsynth_training.dataset.config import SHIPPED, Filters, PrepareConfig, read_config, to_record
from fsynth_training.dataset.rules import RULES
from fsynth_training.dataset.store import DatasetError


def test_the_paper_filters_by_five_degrees_and_averages_people() -> None:
    config = read_config("paper")

    assert (config.filters.yaw, config.filters.pitch, config.filters.roll) == (5, 5, 5)
    assert config.average == "identity"
    assert config.filters.photos_of_person == 3
    assert config == PrepareConfig()


def test_the_default_cleans_each_photo_by_itself() -> None:
    config = read_config("default")

    assert (config.average, config.reference) == ("none", "london")
    assert config.segmentation
    assert config.remove_smiles
    assert config.colour.white_balance
    assert config.filters.roll == math.inf


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configurations_can_be_kept_as_json(name: str) -> None:
    record = to_record(read_config(name))

    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_every_rule_has_a_threshold() -> None:
    assert {rule.name for rule in RULES} < {field.name for field in fields(Filters)}


def test_values_on_top() -> None:
    config = read_config("paper", ["filters.yaw=8", "average=none", "filters.roll=inf", "colour.even_light=['x']"])

    assert (config.filters.yaw, config.average, config.filters.roll) == (8.0, "none", math.inf)
    assert config.filters.pitch == 5
    assert config.colour.even_light == ("x",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("avrage = 'none'", "has a key avrage that is not known; the nearest is average"),
        ("[filters]\nyawn = 3", "has a key filters.yawn that is not known; the nearest is filters.yaw"),
        ("average = 'mean'", "average = 'mean', but it is one of identity, none"),
        ("validation = 'some'", "validation = 'some', but it is a number"),
        ("segmentation = 1", "segmentation = 1, but it is true or false"),
        ("seed = 1.5", "seed = 1.5, but it is a whole number"),
        ("seed = true", "seed = True, but it is a whole number"),
        ("reference = 3", "reference = 3, but it is a text in quotes"),
        ("filters = 3", "filters = 3, but .filters. is a table"),
        ("colour.even_light = 'x'", "colour.even_light = 'x', but it is a list"),
        ("validation = 1.0", "validation = 1.0, but it is within 0..0.9"),
        ("validation = nan", "validation = nan, but it is within 0..0.9"),
        ("filters.yaw = -5.0", "filters.yaw = -5.0, but it is within 0..inf"),
        ("filters.photos_of_person = 0", "filters.photos_of_person = 0, but it is at least 1"),
        ("colour.white_balance = true", "white_balance without a reference"),
        ("remove_smiles = true", "remove_smiles, which learns from single photos"),
        ("average = none", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DatasetError, match=f"mine.toml .*{sentence}"):
        read_config(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [("filters.yawn=3", "filters.yawn that is not known"), ("yaw", "is not TOML"), ("seed=1.5", "a whole number")],
)
def test_wrong_values_on_top_are_named(change: str, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        read_config("paper", [change])


def test_a_missing_file_is_named_with_what_there_is() -> None:
    with pytest.raises(DatasetError, match=r"nowhere can.t be read .* It is a TOML file, or one of paper and default"):
        read_config("nowhere")
