"""Which photographs may be learned from: the rules on a made-up tree, and the lists of the real data folder."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from fsynth_training.dataset import open_sets
from fsynth_training.dataset.open_sets import OPEN_SETS, Photograph
from fsynth_training.dataset.photo_list import list_photos


def write(faces: Path, source: str, rows: list[dict[str, str]]) -> None:
    (faces / source).mkdir(parents=True)
    with (faces / source / f"{source}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8")).hexdigest()


LFW_PEOPLE = [f"Person_{number:03d}" for number in range(210)]


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """25 London people, 210 of LFW with four photos or more and one with three, one or a few of each other set."""
    london = [f"london_{number:03d}" for number in range(1, 26)]
    write(
        tmp_path,
        "london",
        [
            {"identity": name, "file": f"{kind}/{name}.jpg", "expression": kind}
            for kind in ("smiling", "neutral")
            for name in london
        ],
    )
    counts = {name: 4 + number % 4 for number, name in enumerate(LFW_PEOPLE)} | {"Rare_Visitor": 3}
    write(
        tmp_path,
        "lfw",
        [
            {"identity": name, "file": f"images/{name}_{number:04d}.jpg"}
            for name, count in counts.items()
            for number in range(count, 0, -1)
        ],
    )
    in_test = sorted(LFW_PEOPLE, key=digest)[0].replace("_", " ")
    out_of_test = sorted(LFW_PEOPLE, key=digest)[-1].replace("_", " ")
    write(
        tmp_path,
        "congress",
        [
            {"identity": "overlap", "file": "1.jpg", "name": "SOMEBODY", "exclude_lfw_overlap": "1"},
            {"identity": "free", "file": "2.jpg", "name": "SOMEBODY ELSE", "exclude_lfw_overlap": "0"},
        ],
    )
    first, last = in_test.split(" ")
    write(
        tmp_path,
        "gpo_congress",
        [
            {"identity": "same name", "file": "1.jpg", "name": in_test.upper(), "first": "", "last": ""},
            {"identity": "same parts", "file": "2.jpg", "name": "J. Q.", "first": first, "last": last.upper()},
            {"identity": "another", "file": "3.jpg", "name": out_of_test, "first": "", "last": ""},
        ],
    )
    for source in ("canada", "interfaces_cc0", "sfhq_t2i"):
        write(tmp_path, source, [{"identity": f"{source}_1", "file": "images/1.jpg"}])
    return tmp_path


def test_london_people_with_the_least_digests_are_held_out(faces: Path) -> None:
    everyone = [f"london_{number:03d}" for number in range(1, 26)]

    assert open_sets.held_out_london(faces) == set(sorted(everyone, key=digest)[:20])


def test_lfw_people_with_four_photos_and_the_least_digests_are_the_evaluation(faces: Path) -> None:
    evaluation = open_sets.lfw_evaluation(faces)

    assert list(evaluation) == sorted(LFW_PEOPLE, key=digest)[:200]


def test_their_first_five_photos_by_name_are_taken(faces: Path) -> None:
    evaluation = open_sets.lfw_evaluation(faces)

    for name, paths in evaluation.items():
        count = min(5, 4 + LFW_PEOPLE.index(name) % 4)
        assert paths == [faces / "lfw" / "images" / f"{name}_{number:04d}.jpg" for number in range(1, count + 1)]


def test_features_come_from_everyone_else_in_lfw(faces: Path) -> None:
    evaluation = open_sets.lfw_evaluation(faces)

    people = {photo.identity for photo in open_sets.lfw_features_only(faces)}

    assert people == {*LFW_PEOPLE, "Rare_Visitor"} - set(evaluation)
    assert len(people) == 11


def test_open_photographs_leave_out_held_out_people_and_overlaps(faces: Path) -> None:
    held_out = open_sets.held_out_london(faces)

    found = open_sets.open_photographs(faces)

    identities = {photo.identity for photo in found}
    assert {name for name in identities if name.startswith("london")} == {
        f"london_{number:03d}" for number in range(1, 26)
    } - held_out
    assert {name for name in identities if not name.startswith("london")} == {
        *("free", "another", "canada_1", "interfaces_cc0_1", "sfhq_t2i_1")
    }


def test_only_londons_smiling_photos_are_marked(faces: Path) -> None:
    found = open_sets.open_photographs(faces)

    smiling = {photo.path.relative_to(faces).parts[:2] for photo in found if photo.smiling}
    assert smiling == {("london", "smiling")}
    assert sum(photo.smiling for photo in found) == 5
    assert Photograph("canada", "canada_1", faces / "canada" / "images" / "1.jpg", False) in found


def test_london_pairs_join_neutral_and_smiling_photos_of_the_people_asked_for(faces: Path) -> None:
    pairs = open_sets.london_pairs(faces, {"london_007", "london_002"})

    assert pairs == [
        (name, faces / "london" / "neutral" / f"{name}.jpg", faces / "london" / "smiling" / f"{name}.jpg")
        for name in ("london_002", "london_007")
    ]


def test_the_list_for_preparing_names_each_photo_once_with_its_role(faces: Path, tmp_path: Path) -> None:
    output = tmp_path / "lists" / "photos.csv"

    result = CliRunner().invoke(open_sets.main, [str(faces), "-o", str(output)], catch_exceptions=False)

    listed = list_photos(output)
    targets = [photo for photo in listed if photo.role == "target"]
    expected = open_sets.open_photographs(faces)
    assert [(photo.set, photo.identity) for photo in targets] == [(photo.source, photo.identity) for photo in expected]
    assert [photo.path.resolve() for photo in targets] == [photo.path.resolve() for photo in expected]
    assert [photo.expression == "smiling" for photo in targets] == [photo.smiling for photo in expected]
    assert {photo.expression for photo in targets if photo.set != "london"} == {""}
    wild = [photo for photo in listed if photo.role == "features"]
    assert {photo.set for photo in wild} == {"lfw"}
    assert not {photo.identity for photo in wild} & set(open_sets.lfw_evaluation(faces))
    assert len(targets) + len(wild) == len(listed) == len({photo.file for photo in listed})
    assert f"{len(targets)} photos for targets, {len(wild)} for features only" in result.output


@pytest.fixture
def real(shared: Path) -> Path:
    return shared / "data" / "faces"


@pytest.mark.requires_shared
def test_held_out_people_number_20_and_200(real: Path) -> None:
    evaluation = open_sets.lfw_evaluation(real)

    assert len(open_sets.held_out_london(real)) == 20
    assert len(evaluation) == 200
    assert all(4 <= len(paths) <= 5 for paths in evaluation.values())


@pytest.mark.requires_shared
def test_no_held_out_person_is_in_a_training_list(real: Path) -> None:
    london, evaluation = open_sets.held_out_london(real), open_sets.lfw_evaluation(real)
    pixels, features = open_sets.open_photographs(real), open_sets.lfw_features_only(real)

    assert not {photo.identity for photo in (*pixels, *features)} & (london | set(evaluation))
    test_files = {path for paths in evaluation.values() for path in paths}
    assert not {photo.path for photo in (*pixels, *features)} & test_files


@pytest.mark.requires_shared
def test_only_open_sets_give_pixels(real: Path) -> None:
    found = open_sets.open_photographs(real)

    assert {photo.source for photo in found} == set(OPEN_SETS)
    assert all(photo.path.is_relative_to(real / photo.source) for photo in found)
    assert all(photo.path.is_file() for photo in found)


@pytest.mark.requires_shared
def test_no_politician_bears_the_name_of_an_evaluation_person(real: Path) -> None:
    names = {name.replace("_", " ").lower() for name in open_sets.lfw_evaluation(real)}
    training = {(photo.source, photo.identity) for photo in open_sets.open_photographs(real)}

    for source in ("congress", "gpo_congress"):
        with (real / source / f"{source}.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if (source, row["identity"]) not in training:
                    continue
                last, _, first = row["name"].lower().partition(", ")
                spellings = {row["name"].lower(), f"{first} {last}", f"{first.split(' ')[0]} {last}"}
                if source == "gpo_congress":
                    parts = {row[key].lower() for key in ("first", "nickname")}
                    spellings |= {f"{part} {row['last'].lower()}" for part in parts}
                assert not spellings & names
