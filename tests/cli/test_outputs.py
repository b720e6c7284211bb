from __future__ import annotations

import os
from pathlib import Path

import pytest

from fsynth_cli.outputs import OutputError, Outputs


def write_half(outputs: Outputs, path: Path, error: type[BaseException]) -> None:
    with outputs.open(path) as stream:
        stream.write(b"half")
        raise error


def test_file_appears_whole_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    with Outputs(overwrite=False).open(path) as stream:
        stream.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_file_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        write_half(Outputs(overwrite=False), tmp_path / "a.txt", error)
    assert os.listdir(tmp_path) == []


def test_an_interrupted_file_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_half(Outputs(overwrite=True), path, KeyboardInterrupt)
    assert path.read_text() == "old"


def test_an_existing_file_is_replaced_only_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(OutputError, match=r"a\.txt exists already\. Add --overwrite"):
        Outputs(overwrite=False).check([path])
    with Outputs(overwrite=True).open(path) as stream:
        stream.write(b"new")
    assert path.read_text() == "new"


def test_a_file_of_this_run_is_never_replaced(tmp_path: Path) -> None:
    outputs = Outputs(overwrite=True)
    with outputs.open(tmp_path / "a.txt"):
        pass
    with pytest.raises(OutputError, match="just been written"):
        outputs.check([tmp_path / "a.txt"])


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OutputError, match=r"file.a\.txt can't be written \(.+\)\."),
        Outputs(overwrite=False).open(tmp_path / "file" / "a.txt"),
    ):
        pass


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with Outputs(overwrite=False).open(tmp_path / "a.txt"):
        pass
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode
