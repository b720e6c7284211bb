from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason='needs pip install "fsynth[tensorflow]"')

from fsynth_training.convert.mobilefacenet import FACEPLUGIN, main
from fsynth_training.dataset.second_encoder import SecondEncoder


def test_the_network_in_the_package_is_a_recogniser(root: Path, tmp_path: Path) -> None:
    archive = Path(os.environ.get("FSYNTH_SOURCES") or root / "build" / "sources") / FACEPLUGIN.archive
    if not archive.is_file():
        pytest.skip(f"{archive} is missing: run tests/sdk/networks/reference/fetch.sh")

    assert main([str(archive), "-o", str(tmp_path / "mobilefacenet.onnx")]) == 0

    SecondEncoder((tmp_path / "mobilefacenet.onnx").read_bytes(), "mobilefacenet.onnx")


def test_another_archive_is_refused_with_the_line_that_fetches_the_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "models.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("package/model/fr_feature.onnx"), io.BytesIO())

    assert main([str(archive), "-o", str(tmp_path / "mobilefacenet.onnx")]) == 1
    assert "get it: npm pack faceplugin-face-recognition-js@0.0.1" in capsys.readouterr().err
    assert not (tmp_path / "mobilefacenet.onnx").exists()
