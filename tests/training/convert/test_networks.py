from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason='needs pip install "fsynth[tensorflow]"')

from fsynth_training.convert import networks
from fsynth_training.convert.__main__ import main
from fsynth_training.convert.networks import SourceError, convert_all, extract
from fsynth_training.convert.sources import NETWORKS, Package


def test_converting_again_gives_the_shipped_bytes(archives: dict[Package, Path], tmp_path: Path) -> None:
    convert_all(archives, tmp_path / "data")
    shipped = resources.files("fsynth.networks") / "data"
    written = sorted((tmp_path / "data").iterdir())
    assert [path.name for path in written] == sorted(item.name for item in shipped.iterdir())
    for path in written:
        again, now = (
            hashlib.sha256(data).hexdigest() for data in (path.read_bytes(), (shipped / path.name).read_bytes())
        )
        assert again == now, path.name


def make_archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_other_archive_is_refused_and_nothing_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = make_archive(tmp_path / "human.tgz", {"package/models/faceres.json": b"{}"})
    arguments = ["--human", str(archive), "--dlib", str(archive), "-o", str(tmp_path / "data")]
    assert main(arguments) == 1
    message = capsys.readouterr().err
    assert "is not @vladmandic/human (npm) 3.3.6; get it: npm pack @vladmandic/human@3.3.6" in message
    assert not (tmp_path / "data").exists()


def test_missing_archive_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--human", str(tmp_path / "no.tgz"), "--dlib", "no", "-o", str(tmp_path)]) == 1
    assert "no.tgz" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "has no file package/models/blazeface.json"),
        ({"package/models/blazeface.json": b"{}"}, "not the file that"),
    ],
)
def test_archive_with_other_files_is_refused(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    archive = make_archive(tmp_path / "human.tgz", files)
    with pytest.raises(SourceError, match=message):
        extract(NETWORKS[0], archive, tmp_path)


def test_files_with_the_right_sha256_are_extracted(tmp_path: Path) -> None:
    files = {"package/a.json": b"{}", "package/a.bin": b"1234"}
    digests = tuple((name, hashlib.sha256(data).hexdigest()) for name, data in files.items())
    archive = make_archive(tmp_path / "human.tgz", {"package/other": b"", **files})
    paths = extract(replace(NETWORKS[0], files=digests), archive, tmp_path)
    assert [path.name for path in paths] == ["a.json", "a.bin"]
    assert [path.read_bytes() for path in paths] == [b"{}", b"1234"]


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"old")
    networks.write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
