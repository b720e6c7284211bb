from __future__ import annotations

from pathlib import Path

import pytest

from fsynth_cli.inputs import Input, find_inputs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos in two levels, with results, hidden files and other files among them."""
    names = ["b.JPG", "a.png", "a.jpg", "notes.txt", "._b.JPG", "a.normalized.png", "a.face2.texture.png", "RAW"]
    for name in [*names, "sub/a.jpg", ".hidden/c.jpg"]:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "photos"


def test_folder_stands_for_its_photos_in_order(folder: Path) -> None:
    found = find_inputs([folder], None, recursive=False)
    assert [item.photo.name for item in found] == ["a.jpg", "a.png", "b.JPG"]


def test_results_go_beside_the_photos_under_different_names(folder: Path) -> None:
    found = find_inputs([folder], None, recursive=False)
    assert [item.stem for item in found] == [folder / "a", folder / "a-2", folder / "b"]


def test_recursive_mirrors_subfolders_in_the_output(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = find_inputs([folder], out, recursive=True)
    assert found[-1] == Input(folder / "sub" / "a.jpg", out / "sub" / "a")
    assert all(".hidden" not in item.photo.parts for item in found)


def test_named_files_of_two_folders_are_told_apart(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = find_inputs([folder / "a.jpg", folder / "sub" / "a.jpg"], out, recursive=False)
    assert [item.stem for item in found] == [out / "a", out / "a-2"]


def test_stems_that_differ_in_case_only_are_told_apart(tmp_path: Path) -> None:
    found = find_inputs([tmp_path / "x" / "Ada.jpg", tmp_path / "y" / "ada.jpg"], tmp_path, recursive=False)
    assert [item.stem.name for item in found] == ["Ada", "ada-2"]


def test_a_number_that_is_taken_is_passed_over(tmp_path: Path) -> None:
    found = find_inputs([tmp_path / "a-2.jpg", tmp_path / "a.jpg", tmp_path / "a.png"], None, recursive=False)
    assert [item.stem.name for item in found] == ["a-2", "a", "a-3"]


def test_a_photo_named_twice_counts_once(folder: Path) -> None:
    found = find_inputs([folder / "a.jpg", folder, folder / "sub" / ".." / "a.jpg"], None, recursive=False)
    assert [item.photo for item in found] == [folder / "a.jpg", folder / "a.png", folder / "b.JPG"]


def test_a_named_file_is_taken_whatever_its_name(folder: Path) -> None:
    assert [item.photo.name for item in find_inputs([folder / "RAW"], None, recursive=False)] == ["RAW"]
