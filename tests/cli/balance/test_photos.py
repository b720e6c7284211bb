from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fsynth_cli.balance.photos import find_photos


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path, *, output_dir: Path | None = None, recursive: bool = True) -> list[str]:
    search = find_photos([folder], output_dir, recursive=recursive)
    assert search.problems == {}
    return [one.relative.as_posix() for one in search.photos]


def test_photos_by_name_folder_by_folder(tmp_path: Path) -> None:
    touch(tmp_path, "b.CR2", "a.jpg", "c.txt", ".hidden.jpg", "c.xmp", "deep/er/x.dng", "deep/y.heic", ".git/z.png")
    assert found(tmp_path) == ["a.jpg", "b.CR2", "deep/y.heic", "deep/er/x.dng"]
    assert found(tmp_path, recursive=False) == ["a.jpg", "b.CR2"]


def test_odd_names_are_names(tmp_path: Path) -> None:
    names = ["-rf.jpg", "Anna & Béla 1.jpg", "two  spaces.DNG", "\U0001f98a.png"]
    touch(tmp_path, *names)
    assert found(tmp_path) == sorted(names)


def test_results_are_not_photos(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "balanced/a.jpg", "day/b.jpg", "day/balanced/b.jpg", "out/c.jpg")
    assert found(tmp_path, output_dir=tmp_path / "day" / ".." / "out") == ["a.jpg", "day/b.jpg"]
    assert found(tmp_path / "balanced") == ["a.jpg"]  # named itself, it is what is wanted


def test_files_are_taken_whatever_their_name_and_each_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "scan")
    os.symlink(tmp_path / "a.jpg", tmp_path / "b.jpg")
    arguments = [tmp_path / "scan", tmp_path, tmp_path / "a.jpg"]
    search = find_photos(arguments, None, recursive=False)
    assert [one.photo.name for one in search.photos] == ["scan", "a.jpg"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    touch(tmp_path, "day/a.jpg")
    os.symlink(tmp_path, tmp_path / "day" / "up")
    os.symlink("self.jpg", tmp_path / "self.jpg")
    search = find_photos([tmp_path], None, recursive=True)
    assert [one.photo.name for one in search.photos] == ["self.jpg", "a.jpg"]  # reading the first will fail by name
    assert len(search.notes) == 1
    assert search.notes[0].startswith(f"{tmp_path / 'day' / 'up'} is a folder that was read already")


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_an_unreadable_folder_is_named_and_the_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "private/a.jpg", "public/b.jpg")
    scandir = os.scandir

    def refuse(path: os.PathLike[str]):  # type: ignore[no-untyped-def]  # root may read everything
        if Path(path).name == "private":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    search = find_photos([tmp_path], None, recursive=True)
    assert [one.photo.name for one in search.photos] == ["b.jpg"]
    assert search.problems == {tmp_path / "private": f"{tmp_path / 'private'} can't be read: Permission denied."}
