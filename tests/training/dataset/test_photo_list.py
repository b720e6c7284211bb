"""Which photos a folder or a CSV names, and whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsynth_training.dataset.photo_list import Photo, by_folders, list_photos, with_identities
from fsynth_training.dataset.store import DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "anna/1.jpg",
        "anna/2.PNG",
        "bert/1.jpg",
        "set/carl/x.tiff",
        "alone.jpg",
        ".hidden/y.jpg",
        "notes.txt",
    ):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).touch()
    return tmp_path / "photos"


def test_folders_are_people(folder: Path) -> None:
    people = {photo.file: photo.identity for photo in list_photos(folder)}

    assert people == {
        "alone.jpg": "alone",
        "anna/1.jpg": "anna",
        "anna/2.PNG": "anna",
        "bert/1.jpg": "bert",
        "set/carl/x.tiff": "set/carl",
    }
    assert all(photo.path == folder / photo.file for photo in list_photos(folder))


def test_a_table_says_all_there_is_to_say(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text(
        "file,identity,set,expression,role,height\na/1.jpg,anna,studio,smiling,,5\n../b.jpg,,,,features,6\n", "utf-8"
    )

    assert list_photos(table) == [
        Photo(tmp_path / "a/1.jpg", "a/1.jpg", "anna", "studio", "smiling", "target"),
        Photo(tmp_path / "../b.jpg", "../b.jpg", "../b.jpg", "", "", "features"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name\nx.jpg\n", "has no column 'file'; its first line is 'name'"),
        ("file,role\nx.jpg,goal\n", "line 2: role is 'goal', but it is target or features"),
        ("file,expression\nx.jpg,neutral\ny.jpg,sad\n", "line 3: expression is 'sad', but it is neutral or smiling"),
        ("file,role\nx.jpg\n", "line 2, has not as many values as the first line"),
        ("file,role\nx.jpg,target,3\n", "line 2, has not as many values as the first line"),
        ("file,role\n,target\n", "line 2: file is empty"),
        ("file\n", "names no photo"),
        ("", "has no column 'file'"),
    ],
)
def test_a_wrong_table_is_named_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "list.csv").write_text(text, "utf-8")

    with pytest.raises(DatasetError, match=sentence):
        list_photos(tmp_path / "list.csv")


def test_a_table_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"file\n\xff\xfe\x00")

    with pytest.raises(DatasetError, match=r"list\.csv is not a CSV in UTF-8"):
        list_photos(tmp_path / "list.csv")


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="names no photo"):
        list_photos(tmp_path)


def test_identities_from_another_table(tmp_path: Path, folder: Path) -> None:
    photos = list_photos(folder)
    table = tmp_path / "who.csv"
    table.write_text("file,identity\n" + "".join(f"{p.file},{p.file[0]}\n" for p in photos), "utf-8")

    assert [photo.identity for photo in with_identities(photos, table)] == [photo.file[0] for photo in photos]

    table.write_text("file,identity\nanna/1.jpg,anna\n", "utf-8")
    with pytest.raises(DatasetError, match=r"gives no identity to alone\.jpg"):
        with_identities(photos, table)


def test_identities_from_the_folders_of_a_table(tmp_path: Path) -> None:
    photos = [Photo(tmp_path / "a/1.jpg", "a/1.jpg", "one"), Photo(tmp_path / "2.jpg", "2.jpg", "two")]

    assert [photo.identity for photo in by_folders(photos)] == ["a", "2"]
