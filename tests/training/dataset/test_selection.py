"""Records of photos: who passes, who gives what, and what is said when nobody is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsynth_training.dataset.config import Filters, PrepareConfig
from fsynth_training.dataset.geometry import MIRROR_468
from fsynth_training.dataset.photo_list import Photo
from fsynth_training.dataset.photo_stage import StageSettings, look_at
from fsynth_training.dataset.selection import (
    NothingLeftError,
    Record,
    apply_rules,
    from_reference_pose,
    mean_geometry_of,
    read_record,
    with_texture_measures,
)
from fsynth_training.dataset.store import DatasetError

GOOD = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "lip_gap": 0.01, "mouth_width": 0.8, "sharpness": 100.0, "colour": 5.0}
CONFIG = PrepareConfig(filters=Filters(photos_of_person=1))


@pytest.fixture
def record(rng: np.random.Generator) -> Callable[..., Record]:
    """A photo that passes, but for what is said of it."""

    def make(name: str, *, failure: str = "", values: dict[str, float] | None = None, **about: str) -> Record:
        photo = Photo(Path(name), name, **({"identity": name} | about))  # type: ignore[arg-type]
        mesh = rng.uniform(40, 180, (468, 3)).astype(np.float32)
        empty = np.zeros(0, np.float32)
        measured = GOOD | {"interocular": 55.0} | (values or {})
        return Record(photo, Path(f"{name}.npz"), failure, mesh, empty, empty, empty, measured)

    return make


def test_a_photo_that_breaks_no_rule_becomes_a_target(record: Callable[..., Record]) -> None:
    (result,) = apply_rules([record("a")], CONFIG)

    assert (result.kept, result.broken) == ("target", {})
    row = result.row()
    assert (row["kept"], row["reason"], row["yaw"], row["glasses"]) == ("target", "", "0", "")


@pytest.mark.parametrize(("dropped", "kept"), [("nothing", "no"), ("features", "features")])
def test_one_that_breaks_rules_gives_what_the_configuration_says(
    record: Callable[..., Record], dropped: str, kept: str
) -> None:
    config = replace(CONFIG, filters=replace(CONFIG.filters, dropped=dropped))

    (result,) = apply_rules([record("a", values={"yaw": 17.2, "sharpness": 3.0})], config)

    assert result.kept == kept
    assert result.row()["reason"] == "yaw 17.2° > 5°; sharpness 3 < 40"


def test_features_only_photos_and_failures_meet_no_rule(record: Callable[..., Record]) -> None:
    wild, broken = apply_rules(
        [record("a", role="features", values={"yaw": 50.0}), record("b", failure="No face was found.")], CONFIG
    )

    assert (wild.kept, wild.broken) == ("features", {})
    assert (broken.kept, broken.row()["reason"]) == ("no", "No face was found.")


def test_who_is_said_to_smile_is_not_neutral(record: Callable[..., Record]) -> None:
    smiling = [record("a", expression="smiling")]

    assert apply_rules(smiling, CONFIG)[0].broken == {"neutral": "smiling, says the list"}
    tolerant = replace(CONFIG, filters=replace(CONFIG.filters, neutral=False))
    assert apply_rules(smiling, tolerant)[0].kept == "target"


def test_people_need_so_many_photos_that_pass(record: Callable[..., Record]) -> None:
    config = replace(CONFIG, filters=replace(CONFIG.filters, photos_of_person=2))
    records = [
        record("a1", identity="a"),
        record("a2", identity="a"),
        record("b1", identity="b"),
        record("b2", identity="b", values={"yaw": 9.0}),
    ]

    results = apply_rules(records, config)

    assert [result.kept for result in results] == ["target", "target", "no", "no"]
    assert results[2].broken == {"photos_of_person": "photos_of_person 1 < 2"}
    assert set(results[3].broken) == {"yaw"}


def test_the_reference_set_is_exempt_and_its_pose_is_the_zero(record: Callable[..., Record]) -> None:
    config = replace(CONFIG, reference="studio")
    records = [record(f"s{yaw}", set="studio", values={"yaw": float(yaw)}) for yaw in (2, 3, 40)]
    records += [record("x", values={"yaw": 7.0}), record("y", values={"yaw": -3.0})]

    results = apply_rules(from_reference_pose(records, "studio"), config)

    assert [result.values["yaw"] for result in results] == [-1, 0, 37, 4, -6]
    assert [result.kept for result in results] == ["target"] * 4 + ["no"]


def test_a_reference_set_that_is_not_there_is_named(record: Callable[..., Record]) -> None:
    with pytest.raises(DatasetError, match="reference set 'studio' has no photo with a face"):
        from_reference_pose([record("a"), record("b", set="studio", failure="No face was found.")], "studio")


def test_the_mean_geometry_is_symmetric_and_of_those_that_pass(record: Callable[..., Record]) -> None:
    records = [record("a"), record("b"), record("c", values={"pitch": 30.0})]

    mesh = mean_geometry_of(records, CONFIG).mesh

    np.testing.assert_array_equal(mesh[:, 0] + mesh[MIRROR_468, 0], 223)
    np.testing.assert_array_equal(mesh[:, 1], mesh[MIRROR_468, 1])
    mean = (records[0].mesh + records[1].mesh)[:, :2] / 2
    np.testing.assert_allclose(mesh[:, 1], (mean[:, 1] + mean[MIRROR_468, 1]) / 2, rtol=1e-6)


def test_the_reference_sets_neutral_faces_make_the_geometry(record: Callable[..., Record]) -> None:
    records = [record("a"), record("n", set="studio"), record("s", set="studio", expression="smiling")]

    mesh = mean_geometry_of(records, replace(CONFIG, reference="studio")).mesh

    expected = records[1].mesh
    np.testing.assert_allclose(mesh[:, 1], (expected[:, 1] + expected[MIRROR_468, 1]) / 2, rtol=1e-6)


def test_measures_of_textures_go_to_those_that_may_be_targets(record: Callable[..., Record]) -> None:
    records = [record("a", failure="No face was found."), record("b"), record("c", role="features"), record("d")]
    measured = [({"glasses": float(i)}, np.full(3, i)) for i in (1, 2)]

    results = with_texture_measures(records, measured)

    assert [result.values.get("glasses") for result in results] == [None, 1, None, 2]
    assert [result.lab is None for result in results] == [True, False, True, False]


def test_nothing_left_says_why(record: Callable[..., Record]) -> None:
    records = [
        record("a", failure="No face was found."),
        record("b", values={"yaw": 30.0}),
        record("c", values={"yaw": 30.0, "pitch": 20.0}),
        record("d", role="features"),
    ]

    with pytest.raises(NothingLeftError) as caught:
        mean_geometry_of(records, CONFIG)

    assert str(caught.value).startswith(
        "None of the 4 photos became a target: 1 can't be read or show no face, 2 by yaw, 1 by pitch, "
        "1 are there for their features only."
    )
    assert [r.photo.file for r in caught.value.records] == ["a", "b", "c", "d"]


def test_people_with_too_few_photos_have_their_own_advice(record: Callable[..., Record]) -> None:
    with pytest.raises(NothingLeftError, match=r"2 by photos_of_person\. .*--set filters\.photos_of_person=1"):
        mean_geometry_of([record("a"), record("b")], PrepareConfig())


def test_given_features_take_the_place_of_the_encoders(tmp_path: Path, astronaut: Path) -> None:
    photo = Photo(astronaut, "astronaut.jpg", "astronaut")
    file = look_at(photo, StageSettings("", 0, 0, None), tmp_path)
    given = np.arange(10, dtype=np.float32).reshape(2, 5)

    record = read_record(photo, file, given)

    np.testing.assert_array_equal(record.features, given)
    assert record.mirrored.tolist() == [False, True]
    assert record.values["interocular"] > 40
    given[1, 2] = np.nan
    assert read_record(photo, file, given).failure == "Its features are not finite numbers."
