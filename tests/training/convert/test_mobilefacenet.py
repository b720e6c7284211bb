from __future__ import annotations

import os
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
